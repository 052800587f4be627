"""What `-m` and `sweep=…` run: a grid, or a search by Optuna. Hydra imports this file at every start, so it is light."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.plugins.sweeper import Sweeper

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class GridSweeper(Sweeper):  # type: ignore[misc]
    """Every combination of the values given, each a run."""

    def __init__(self, max_batch_size: int | None = None, params: Any = None) -> None:
        self.max_batch_size, self.params = max_batch_size, params

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Remember what Hydra hands over."""
        self.hydra_context, self.task, self.config = hydra_context, task_function, config
        self.launcher = _launcher(hydra_context, task_function, config)

    def sweep(self, arguments: list[str]) -> Any:
        """Run the jobs."""
        from overture.runtime.config.grid import grid

        own = [f"{key}={value}" for key, value in (self.params or {}).items()]
        return grid(self.task, self.launcher, self.hydra_context, self.config, [*own, *arguments], self.max_batch_size)


class OptunaSweeper(Sweeper):  # type: ignore[misc]
    """Trials that Optuna proposes, then a run with the best configuration."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Remember what Hydra hands over."""
        self.hydra_context, self.task, self.config = hydra_context, task_function, config
        self.launcher = _launcher(hydra_context, task_function, config)

    def sweep(self, arguments: list[str]) -> Any:
        """Run the trials."""
        from overture.runtime.config.searching import search

        return search(self.task, self.launcher, self.hydra_context, self.config, arguments)


def _launcher(context: HydraContext, task: TaskFunction, config: DictConfig) -> Launcher:
    from hydra.core.plugins import Plugins

    return Plugins.instance().instantiate_launcher(hydra_context=context, task_function=task, config=config)


PLUGINS: Sequence[type[Sweeper]] = (GridSweeper, OptunaSweeper)
