"""The task of a training's command line, followed by whoever the section `tracking` names."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ..progress import step
from ..tracking import openlineage
from ..tracking.training import Training, training

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from .jobs import Task


class Followed:
    """A task that tells of its start and its end, in whichever process it runs. What goes wrong with that ends no training."""

    def __init__(self, task: Task) -> None:
        functools.update_wrapper(self, task)
        self.task = task

    def __call__(self, config: DictConfig) -> float:
        """Run it, and give its objective."""
        with training(lambda now: self._event("START", now)) as now:
            try:
                value = self.task(config)
            except Exception as error:
                self._event("FAIL", now, error)
                raise
            except BaseException as error:
                self._event("ABORT", now, error)
                raise
            self._event("COMPLETE", now)
            return value

    def _event(self, type: openlineage.Type, now: Training, error: BaseException | None = None) -> None:
        if now.project is None or now.project.spec.tracking.openlineage is None:
            return
        try:
            openlineage.append(now.project, openlineage.event(type, now, error))
        except OSError as fault:
            with step("track") as said:
                file = now.project.spec.tracking.openlineage.file
                said.say(f"the event {type} cannot be written to {file}: {fault.strerror or fault}")
