"""The jobs of a training's command line: one, or those of a sweep, where a job that fails does not end the others."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ..command_line import sentence, unexpected
from ..cores import cores
from ..data.once import remembering
from ..errors import Mistake, OvertureError
from ..runs.completion import put_off
from ..sweeps.job import Job, Pruned, UnderWay, running
from ..terminal import narrated, say, tell

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from ..sweeps.sweep import Sweep

Task = Callable[["DictConfig"], float]
Begin = Callable[[Job], UnderWay]
"""What a job is to know before it runs."""


class Jobs:
    """Runs the jobs of a command line and keeps what failed, so that one failure does not end a sweep.

    A launcher may run jobs in worker processes, on copies of this object; what became of each is kept in the sweep's folder.
    """

    def __init__(self, task: Task, folder: Path, debug: bool) -> None:
        functools.update_wrapper(self, task)
        self.task, self.folder, self.debug = task, folder, debug
        self.failed: list[BaseException] = []
        self.many = False
        self.process = os.getpid()
        self.sweep: Sweep | None = None
        self.numbers: list[int] = []
        """The number in the sweep of each job that is launched now."""
        self.begin: Begin = functools.partial(UnderWay, plain=True)
        self.alone = False
        """Does a single job run now, which may have all the cores?"""
        self.watched = False
        """Does a table at the terminal show how far the jobs are, in place of their steps?"""

    def __call__(self, config: DictConfig) -> float:
        """Run one job and give its objective, not a number where it failed."""
        from hydra.core.hydra_config import HydraConfig

        settings = HydraConfig.get()
        self.many = settings.mode is not None and settings.mode.name == "MULTIRUN"
        words = list(settings.overrides.task)
        if self.process != os.getpid() and not self.alone:
            _share_cores(config, settings.launcher)
        if self.sweep is not None:
            job = Job(self.numbers[settings.job.num], words)
            return self._of_sweep(config, self.begin(job), self.sweep)
        try:
            with narrated(), remembering() if self.many else nullcontext():
                return self.task(config)
        except Exception as error:
            self._located(error, words)
            if self.many:  # of a sweeper that is not ours
                self._tell(error, " ".join(words))
            self.failed.append(error)
            return float("nan")

    def _of_sweep(self, config: DictConfig, now: UnderWay, sweep: Sweep) -> float:
        job, start = now.job, time.perf_counter()
        sweep.keep(job)
        value = float("nan")
        try:
            plain, told = put_off() if now.plain else nullcontext(), nullcontext() if self.watched else narrated()
            with running(now), remembering(), plain, told:
                if not self.watched:
                    say(f"\n{job.words or 'defaults'}")
                value = self.task(config)
                if now.trial and not job.scores:
                    raise Mistake("train.py judged no trial.", hint="overture generate brings the step that validates.")
            job.state = "finished"
        except Pruned:
            job.state = "pruned"
        except Exception as error:
            self._located(error, job.overrides)
            job.state, job.exit_code, job.errors = "failed", _code(error), _told(error)
            if not self.watched:
                self._tell(error, job.words)
        job.seconds = round(time.perf_counter() - start, 3)
        sweep.keep(job)
        return value

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Run the jobs within; of a sweep, say in the end how it went: which is best, and how many jobs failed."""
        try:
            yield
        except KeyboardInterrupt:
            if self.sweep is None:
                raise
            say("Stopped. What was recorded is kept; the same command goes on from there.", file=sys.stderr)
            raise SystemExit(130) from None
        if self.sweep is not None:
            self._close(self.sweep)
        elif self.many:
            from ..runs.table import rows

            say("", *rows(self.folder))
            self._count(len(self.failed))

    def _close(self, sweep: Sweep) -> None:
        from ..sweeps.closing import closed

        say("", *closed(sweep))
        failed = [job for job in sweep.jobs() if job.state == "failed"]
        if self.watched:
            say(*(f"{job.words}: {' '.join(job.errors)}" for job in failed), file=sys.stderr)
        self._count(len(failed))

    def _count(self, failed: int) -> None:
        if failed:
            say(f"{failed} {'job' if failed == 1 else 'jobs'} failed; the reasons stand above.", file=sys.stderr)

    def _located(self, error: Exception, words: Sequence[str]) -> None:
        if isinstance(error, OvertureError):
            _locate(error, self.folder, words)

    def _tell(self, error: Exception, words: str) -> None:
        if isinstance(error, OvertureError) and not self.debug:
            tell(error, closing=f"This job failed: {words}")
        elif self.debug:
            import traceback

            traceback.print_exc()
        else:
            unexpected(error)

    def exit_code(self) -> int:
        """What the command line says in the end; a single run gives its error on, a search that found something is done."""
        if self.failed and not self.many:
            raise self.failed[0]
        if self.sweep is None:
            return max(map(_code, self.failed), default=0)
        if self.sweep.search and self.sweep.best() is not None:
            return 0
        return max((job.exit_code for job in self.sweep.jobs()), default=0)


def _code(error: BaseException) -> int:
    return error.exit_code if isinstance(error, OvertureError) else 2


def _told(error: Exception) -> list[str]:
    return [str(it) for it in error.problems] if isinstance(error, OvertureError) else [sentence(error)]


def _share_cores(config: DictConfig, launcher: DictConfig) -> None:
    """Give each of the jobs that run side by side its part of the cores, unless the number of threads is chosen."""
    many, jobs = cores(), launcher.get("n_jobs")
    if config.get("threads") is None and isinstance(jobs, int):
        config.threads = max(1, many // (jobs if jobs > 0 else many))


def _locate(error: OvertureError, folder: Path, words: Sequence[str]) -> None:
    """Give each problem that names a key its file and line, which the steps of a training do not know."""
    from .load import examine

    if any(problem.path and not problem.place for problem in error.problems):
        loaded, _ = examine(folder, words)
        if loaded is not None:
            error.problems = tuple(loaded.places.locate(problem) for problem in error.problems)
