"""Until when an answer is wanted; what takes long asks now and then, and stops when nobody waits any more."""

from __future__ import annotations

import time
from contextvars import ContextVar

DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)
"""By time.perf_counter; None: there is no hurry."""


def within(seconds: float) -> None:
    """From now on, here and in what is called from here."""
    DEADLINE.set(time.perf_counter() + seconds)


def check() -> None:
    """Raise TimeoutError when the deadline is over."""
    until = DEADLINE.get()
    if until is not None and time.perf_counter() > until:
        raise TimeoutError
