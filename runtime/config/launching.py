"""Give the jobs of a sweep to a launcher of Hydra, and know what became of each, whatever happens to its process."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cores import cores
from ..errors import OvertureError
from ..live import watched
from ..runs.inputs import Inputs
from ..sweeps.job import Job
from ..sweeps.sweep import Sweep
from .alike import Alike, alike
from .on_joblib import start

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher
    from hydra.types import HydraContext
    from omegaconf import DictConfig

    from .jobs import Jobs

MOST_TRIED = 5
"""Jobs among which one that is valid is looked for."""
MOST_KEPT = 500
"""Configurations that are kept from before the first job until their own."""


@dataclass(frozen=True)
class Launch:
    """What runs jobs: in this process, or in others."""

    task: Jobs
    launcher: Launcher
    context: HydraContext
    config: DictConfig

    @property
    def width(self) -> int:
        """How many jobs it runs side by side."""
        jobs = self.config.hydra.launcher.get("n_jobs")
        if not isinstance(jobs, int) or jobs == 0:
            return 1
        return jobs if jobs > 0 else max(1, cores() + 1 + jobs)

    def composed(self, jobs: Sequence[Sequence[str]]) -> None:
        """Put every configuration together before the first job runs; here it is then not done twice.

        Raises what Hydra raises for the first that cannot be.
        """
        from hydra._internal.core_plugins.basic_launcher import BasicLauncher

        loader: Any = self.context.config_loader
        load = loader.load_sweep_config
        made: dict[tuple[str, ...], DictConfig] = {}
        with alike(loader):
            for words in jobs:
                config = load(self.config, list(words))
                if len(made) < MOST_KEPT:
                    made[tuple(words)] = config
        if isinstance(self.launcher, BasicLauncher):
            loader.load_sweep_config = lambda config, job: made.pop(tuple(job), None) or load(config, job)

    def prepared(self) -> None:
        """Have other processes, where jobs run in some, start while this one does what comes before the first job."""
        from hydra._internal.core_plugins.basic_launcher import BasicLauncher
        from hydra.types import HydraContext

        if isinstance(self.launcher, BasicLauncher):
            return
        self.launcher.hydra_context = HydraContext(Alike(self.context.config_loader), self.context.callbacks)
        if self.width > 1:
            start(self.launcher, self.width)

    def run(self, sweep: Sweep, numbers: Sequence[int], jobs: Sequence[Sequence[str]]) -> None:
        """Run jobs. Where a process dies, those it may have died of are tried alone, and the rest goes on."""
        if not numbers:
            return
        self.task.numbers = list(numbers)
        try:
            self.launcher.launch([list(words) for words in jobs], initial_job_idx=0)
        except OvertureError:
            raise
        except Exception as error:
            known = {number: sweep.job(number) for number in numbers}
            begun = [number for number, job in known.items() if job is not None and _elsewhere(job)]
            if not begun:
                raise
            if len(numbers) == 1:
                self._dead(sweep, numbers[0], jobs[0], error)
                return
            words = dict(zip(numbers, jobs, strict=True))
            for number in begun:
                self.run(sweep, [number], [words[number]])
            rest = [number for number in numbers if number not in begun and known[number] is None]
            self.run(sweep, rest, [words[number] for number in rest])

    def _dead(self, sweep: Sweep, number: int, words: Sequence[str], error: Exception) -> None:
        what = f"its process ended before it did ({type(error).__name__})."
        batch = job.batch if (job := sweep.job(number)) is not None else 0
        sweep.keep(Job(number, list(words), "failed", errors=[what], exit_code=2, batch=batch))


def identity(root: Path, kind: str, jobs: Sequence[Sequence[str]], asked: Any = None) -> str:
    """Eight hex digits for what a sweep was asked, on which data, with which code and packages.

    jobs: the overrides of each; the first that is valid says which data and code.
    """
    inputs = next((found for words in jobs[:MOST_TRIED] if (found := _inputs(root, words)) is not None), None)
    text = json.dumps([kind, [list(words) for words in jobs], asked, inputs], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@contextmanager
def asked(task: Jobs, sweep_id: str, facts: dict[str, Any]) -> Iterator[Sweep]:
    """A sweep under way: its jobs leave what they know in its folder, and a person at the terminal sees how far it is."""
    sweep = Sweep.begin(task.folder, sweep_id, facts)
    task.sweep = sweep
    with watched(sweep) as task.watched:
        yield sweep


def _inputs(root: Path, words: Sequence[str]) -> dict[str, Any] | None:
    from .load import load

    try:
        spec = load(root, words).spec
        return asdict(Inputs.of(root, spec, spec.data.files(root)))
    except (OvertureError, OSError):
        return None


def _elsewhere(job: Job) -> bool:
    """Was it begun in another process, and did not end?"""
    return not job.over and job.process != os.getpid()
