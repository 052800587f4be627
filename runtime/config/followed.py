"""The task of a training's command line, followed by whoever the section `tracking` names."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OvertureError
from ..progress import step
from ..sweeps.job import Pruned
from ..terminal import say
from ..tracking import openlineage
from ..tracking.training import Training, training
from .load import load

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from ..runs.run import Run
    from ..sweeps.sweep import Sweep
    from ..tracking.settings import Tracking
    from .jobs import Task


class Followed:
    """A task that tells of its start and its end, in whichever process it runs. What goes wrong with that ends no training."""

    def __init__(self, task: Task) -> None:
        functools.update_wrapper(self, task)
        self.task = task
        self.tracking: Tracking | None = None
        self.name = ""
        self.runs: list[Run] = []

    def __call__(self, config: DictConfig) -> float:
        """Run it, and give its objective."""
        with training(self._begun) as now:
            try:
                value = self.task(config)
            except Pruned as error:
                self._event("ABORT", now, error)
                raise
            except Exception as error:
                self._event("FAIL", now, error)
                raise
            except BaseException as error:
                self._event("ABORT", now, error)
                raise
            self._event("COMPLETE", now)
            self.runs += [] if now.run is None else [now.run]
            return value

    def mirror(self, folder: Path, sweep: Sweep | None) -> None:
        """Bring what was trained in this process, or is of the sweep, into MLflow where that is asked for.

        What could not be brought there is counted and said once; it ends nothing.
        """
        if self.tracking is None and sweep is not None:  # its jobs ran in other processes, or before
            try:
                words = [word for word in sys.argv[1:] if word.lstrip("+").startswith("tracking.")]
                spec = load(folder, words).spec
            except OvertureError:
                return
            self.tracking, self.name = spec.tracking, spec.name
        if self.tracking is None or self.tracking.mlflow is None:
            return
        from ..tracking.mlflow import mirror, of_sweep

        runs = self.runs if sweep is None else of_sweep(sweep)
        if said := mirror(folder, self.name, self.tracking.mlflow, runs, sweep).said:
            say(f"warning: {said}", file=sys.stderr)

    def _begun(self, now: Training) -> None:
        if now.project is not None:
            self.tracking, self.name = now.project.spec.tracking, now.project.name
        self._event("START", now)

    def _event(self, type: openlineage.Type, now: Training, error: BaseException | None = None) -> None:
        if now.project is None or now.project.spec.tracking.openlineage is None:
            return
        try:
            openlineage.append(now.project, openlineage.event(type, now, error))
        except OSError as fault:
            with step("track") as said:
                file = now.project.spec.tracking.openlineage.file
                said.say(f"the event {type} cannot be written to {file}: {fault.strerror or fault}")
