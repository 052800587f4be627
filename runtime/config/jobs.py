"""The jobs of a training's command line: one, or those of a sweep, where a job that fails does not end the others."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ..command_line import unexpected
from ..data.once import remembering
from ..errors import OvertureError
from ..terminal import narrated, say, tell

if TYPE_CHECKING:
    from omegaconf import DictConfig

Task = Callable[["DictConfig"], float]


class Jobs:
    """Runs the jobs of a command line and keeps what failed, so that one failure does not end a sweep.

    A launcher may run jobs in worker processes, on copies of this object; a failure there leaves a file with its exit code.
    """

    def __init__(self, task: Task, folder: Path, debug: bool) -> None:
        functools.update_wrapper(self, task)
        self.task, self.folder, self.debug = task, folder, debug
        self.failed: list[BaseException] = []
        self.many = False
        self.process = os.getpid()
        self.elsewhere: Path | None = None
        self.codes: list[int] = []

    def __call__(self, config: DictConfig) -> float:
        """Run one job and give its objective, not a number where it failed."""
        from hydra.core.hydra_config import HydraConfig

        settings = HydraConfig.get()
        self.many = settings.mode is not None and settings.mode.name == "MULTIRUN"
        words = " ".join(settings.overrides.task).replace("++", "")
        if self.process != os.getpid():
            _share_cores(config, settings.launcher)
        try:
            with narrated(), remembering() if self.many else nullcontext():
                if self.many:
                    say(f"\n{words or 'defaults'}")
                return self.task(config)
        except Exception as error:
            if isinstance(error, OvertureError):
                _locate(error, self.folder, settings.overrides.task)
            if self.many:
                self._tell(error, words)
            if self.process == os.getpid():
                self.failed.append(error)
            elif self.elsewhere is not None:
                Path(tempfile.mkstemp(dir=self.elsewhere)[1]).write_text(str(_code(error)))
            return float("nan")

    @contextmanager
    def gathered(self, sweep: bool) -> Iterator[None]:
        """Run the jobs within; of a sweep, say in the end how it went: which run is best, and how many jobs failed."""
        self.many = sweep
        with tempfile.TemporaryDirectory() as folder:
            self.elsewhere = Path(folder)
            yield
            self.codes = [*map(_code, self.failed), *(int(file.read_text()) for file in self.elsewhere.iterdir())]
        if self.many:
            self._close()

    def _tell(self, error: Exception, words: str) -> None:
        if isinstance(error, OvertureError) and not self.debug:
            tell(error, closing=f"This job failed: {words}")
        elif self.debug:
            import traceback

            traceback.print_exc()
        else:
            unexpected(error)

    def _close(self) -> None:
        from ..runs.table import rows

        say("", *rows(self.folder))
        if self.codes:
            count = len(self.codes)
            say(f"{count} {'job' if count == 1 else 'jobs'} failed; the reasons stand above.", file=sys.stderr)

    def exit_code(self) -> int:
        """What the command line says in the end; a single run gives its error on."""
        if self.failed and not self.many:
            raise self.failed[0]
        return max(self.codes, default=0)


def _code(error: BaseException) -> int:
    return error.exit_code if isinstance(error, OvertureError) else 2


def _share_cores(config: DictConfig, launcher: DictConfig) -> None:
    """Give each of the jobs that run side by side its part of the cores, unless the number of threads is chosen."""
    cores, jobs = os.cpu_count() or 1, launcher.get("n_jobs")
    if config.get("threads") is None and isinstance(jobs, int):
        config.threads = max(1, cores // (jobs if jobs > 0 else cores))


def _locate(error: OvertureError, folder: Path, words: Sequence[str]) -> None:
    """Give each problem that names a key its file and line, which the steps of a training do not know."""
    from .load import examine

    if any(problem.path and not problem.place for problem in error.problems):
        loaded, _ = examine(folder, words)
        if loaded is not None:
            error.problems = tuple(loaded.places.locate(problem) for problem in error.problems)
