"""What a step says while it works. Nothing is printed here: whoever runs the steps listens, and silence is the default."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Listener(Protocol):
    """Someone who wants to know how far the work is."""

    def advance(self, step: str, text: str, done: int, total: int) -> None:
        """A step is under way: `done` of `total` rounds."""

    def finish(self, step: str, text: str, seconds: float | None) -> None:
        """A step has ended; a second line of the same step comes without seconds."""


class Silence:
    """Nobody listens."""

    def advance(self, step: str, text: str, done: int, total: int) -> None:
        """Pass over it."""

    def finish(self, step: str, text: str, seconds: float | None) -> None:
        """Pass over it."""


_listener: ContextVar[Listener] = ContextVar("listener", default=Silence())  # noqa: B039 - it has no state


_clock: ContextVar[dict[str, float]] = ContextVar("clock")


def start_clock() -> dict[str, float]:
    """A new record of how many seconds each step takes from here on."""
    clock: dict[str, float] = {}
    _clock.set(clock)
    return clock


class Step:
    """One step under way: it advances, and in the end says what it did.

    with step("fit") as now:
        now.advance(1, 10)
        now.say("10 trees")
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []
        self.doing = ""
        self.seconds = 0.0

    def advance(self, done: int, total: int) -> None:
        """Tell how many rounds are done, of how many at most."""
        _listener.get().advance(self.name, self.doing, done, total)

    def say(self, text: str) -> None:
        """Say what was done; the line is shown when the step ends."""
        self.lines.append(text)


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Run one step; what it said and how long it took reach the listener when it ends well."""
    now, start = Step(name), time.perf_counter()
    yield now
    now.seconds = time.perf_counter() - start
    clock = _clock.get({})
    clock[name] = clock.get(name, 0.0) + now.seconds
    for position, line in enumerate(now.lines):
        _listener.get().finish(name if position == 0 else "", line, now.seconds if position == 0 else None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have a listener hear every step of the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
