"""What runs the jobs of a sweep on a Ray cluster. Hydra imports this file at every start, so it is light."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.plugins.launcher import Launcher

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class RayLauncher(Launcher):  # type: ignore[misc]
    """Jobs side by side on this machine or on the machines of a cluster."""

    def __init__(self, n_jobs: int = -1, init: Any = None, remote: Any = None) -> None:
        self.n_jobs, self.init, self.remote = n_jobs, init, remote

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Remember what Hydra hands over."""
        self.hydra_context, self.task, self.config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs and wait for them."""
        from overture.runtime.config.on_ray import launch

        return launch(self, job_overrides, initial_job_idx)


PLUGINS: Sequence[type[Launcher]] = (RayLauncher,)
