"""A table at the terminal that says how far a sweep is: the best so far, what runs now, what failed, and the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .figures import figure

if TYPE_CHECKING:
    from .sweeps.job import Job
    from .sweeps.sweep import Sweep

LAST = 8
"""How many jobs that ended are shown."""


@contextmanager
def watched(sweep: Sweep) -> Iterator[bool]:
    """Show the table while the block runs, on standard error where that is a terminal; True: it is shown."""
    if not sys.stderr.isatty():
        yield False
        return
    from rich.console import Console
    from rich.live import Live

    view = _View(sweep)
    with Live(console=Console(stderr=True), get_renderable=view.drawn, refresh_per_second=2, transient=True):
        yield True


def remaining(seconds: float) -> str:
    """A time in words that count.

    assert [remaining(5), remaining(75), remaining(7300)] == ["5 s", "1 min 15 s", "2 h 1 min"]
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _View:
    def __init__(self, sweep: Sweep) -> None:
        self._sweep, self._start = sweep, time.monotonic()
        self._ended = 0
        self._best: list[str] = []
        self._before = sum(job.over for job in sweep.jobs())

    def drawn(self) -> Any:
        """The table as rich draws it."""
        from rich.table import Table
        from rich.text import Text

        from .sweeps.leaderboard import brief, named, varied

        jobs = self._sweep.jobs()
        over = [job for job in jobs if job.over]
        changes = varied(jobs)
        names = named([*dict.fromkeys(key for words in changes.values() for key in words)])
        words = {
            number: " ".join(f"{names[key]}={brief(value)}" for key, value in given.items())
            for number, given in changes.items()
        }
        table = Table.grid(padding=(0, 2))
        for row in self._head(jobs, over, words):
            table.add_row(*map(Text, row))
        for job in [*over[-LAST:], *(job for job in jobs if not job.over)]:
            style = {"failed": "red", "pruned": "dim", "running": "bold"}.get(job.state, "")
            table.add_row(*(Text(word, style=style) for word in _cells(job, self._sweep, words)))
        return table

    def _head(self, jobs: Sequence[Job], over: Sequence[Job], words: dict[int, str]) -> Iterator[list[str]]:
        from .sweeps.leaderboard import scored

        planned = max(self._sweep.planned, len(jobs))
        failed = sum(job.state == "failed" for job in jobs)
        said = f"{len(over)} of {planned} jobs" + (f", {failed} failed" if failed else "")
        done = len(over) - self._before
        left = (time.monotonic() - self._start) / done * (planned - len(over)) if done > 0 else None
        yield [
            "sweep",
            self._sweep.id,
            said,
            f"about {remaining(left)} left" if left is not None and planned > len(over) else "",
        ]
        if len(over) != self._ended:
            ranked = scored(self._sweep, jobs)
            self._best = ["best", *_cells(ranked[0][0], self._sweep, words)[1:]] if ranked else []
            self._ended = len(over)
        if self._best:
            yield self._best


def _cells(job: Job, sweep: Sweep, words: dict[int, str]) -> list[str]:
    from .sweeps.leaderboard import score

    value = score(sweep, job)
    said = figure(value) if value is not None else job.state
    return [str(job.number), said, words[job.number] or job.words, f"{job.seconds:.1f} s" if job.over else ""]
