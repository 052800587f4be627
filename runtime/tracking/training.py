"""The training under way: its project as soon as that is known, and the run that it leaves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..project import Project
    from ..runs.run import Run

Begun = Callable[["Training"], None]
"""Called once the project is known, before any work."""


@dataclass
class Training:
    """What is known of a training so far."""

    begun: Begun
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Of this attempt; a run that is trained twice has two."""
    project: Project | None = None
    """null: the configuration is not valid, so that nothing was begun."""
    run: Run | None = None
    """What it left, or found there already."""


_now: ContextVar[Training | None] = ContextVar("training", default=None)


@contextmanager
def training(begun: Begun) -> Iterator[Training]:
    """Follow the training of the block."""
    made = Training(begun)
    token = _now.set(made)
    try:
        yield made
    finally:
        _now.reset(token)


def begins(project: Project) -> None:
    """Tell whoever follows, if anybody does, which project is trained."""
    now = _now.get()
    if now is not None and now.project is None:
        now.project = project
        now.begun(now)


def leaves(run: Run) -> None:
    """Tell whoever follows which run the training left."""
    if (now := _now.get()) is not None:
        now.run = run
