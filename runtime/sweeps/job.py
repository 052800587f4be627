"""One job of a sweep: a training, or a trial that is judged on rows held out from it, never on test rows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

State = Literal["running", "finished", "pruned", "failed"]
FOLD = 10_000_000
"""What the number of a fold is multiplied by, so that it comes after every number of trees."""
Prune = Callable[[dict[int, float]], bool]
"""Given the scores of a trial on its way, by step: is it hopeless?"""


@dataclass
class Job:
    """What is known of a job; its file in the sweep's folder is its JSON."""

    number: int
    overrides: list[str]
    state: State = "running"
    run: str | None = None
    """The id of the run it left, or of the one that was there."""
    scores: dict[str, float] = field(default_factory=dict)
    """Of a trial, what is made better, by metric, on rows held out: the mean over folds where there are some."""
    settled: list[str] = field(default_factory=list)
    """Of a trial that was judged by folds, overrides of as many rounds as they found best, in place of early stopping."""
    reports: dict[int, float] = field(default_factory=dict)
    """Of a trial, its scores on the way: by number of trees in its first fold, and by `FOLD` times the number of the fold."""
    errors: list[str] = field(default_factory=list)
    exit_code: int = 0
    seconds: float = 0.0
    process: int = field(default_factory=os.getpid)
    batch: int = 0
    """Of a trial, how many trials were known when it was proposed."""

    @property
    def over(self) -> bool:
        """Has it ended, well or not?"""
        return self.state != "running"

    @property
    def words(self) -> str:
        """Its overrides as they are typed."""
        return " ".join(self.overrides).replace("++", "")

    def text(self) -> str:
        """Its JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, file: Path) -> Job | None:
        """The job of a file; None when nobody can read it, which a job that has ended always can be."""
        try:
            found = json.loads(file.read_bytes())
            reports = {int(step): float(score) for step, score in found.pop("reports").items()}
            return cls(**found, reports=reports)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


@dataclass
class UnderWay:
    """The job that this process runs now, and what it may leave out."""

    job: Job
    trial: bool = False
    """Is it judged on rows held out, and leaves no run?"""
    plain: bool = False
    """Does its run leave report, card and explanations for later? They are made for the best of a sweep only."""
    metric: str = ""
    """Of a trial, the metric that it is judged by first."""
    rounds: bool = False
    """Are the scores of its rounds wanted on the way? Those of its first fold are."""
    prune: Prune | None = None


class Pruned(Exception):
    """A trial was stopped, because its scores on the way are poor."""


_under_way: ContextVar[UnderWay | None] = ContextVar("under_way", default=None)


def under_way() -> UnderWay | None:
    """The job of a sweep that runs in this process; None: none does."""
    return _under_way.get()


@contextmanager
def running(now: UnderWay) -> Iterator[None]:
    """Have the trainings of the block know that they are a job."""
    token = _under_way.set(now)
    try:
        yield
    finally:
        _under_way.reset(token)


def left(run: str) -> None:
    """Tell the job under way, if there is one, which run it leaves."""
    if (now := _under_way.get()) is not None:
        now.job.run = run


def hopeless(step: int, score: float) -> bool:
    """Keep a score of the trial under way, and say whether it should end here."""
    now = _under_way.get()
    if now is None or now.prune is None:
        return False
    now.job.reports[step] = score
    return now.prune(now.job.reports)


def watched() -> str:
    """The metric whose value after some rounds is wanted from a model that learns in rounds; empty: none is."""
    now = _under_way.get()
    return now.metric if now is not None and now.prune is not None and now.rounds else ""


@contextmanager
def unwatched() -> Iterator[None]:
    """Fit a part of the trial's model, whose own scores say nothing about the trial."""
    now = _under_way.get()
    rounds = now is not None and now.rounds
    if now is not None:
        now.rounds = False
    try:
        yield
    finally:
        if now is not None:
            now.rounds = rounds


def as_json(job: Job) -> dict[str, Any]:
    """A job for a machine to read."""
    found = asdict(job)
    for key in ("process", "batch", "reports", "exit_code"):
        del found[key]
    return {**found, "overrides": [word.lstrip("+") for word in job.overrides]}
