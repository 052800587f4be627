"""How a sweep ends: the best run gets its report, the leaderboard becomes a page, and a person is told what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import OvertureError
from ..runs.completion import complete
from ..runs.run import REPORT, RUNS, Run
from . import leaderboard
from .page import command, kept
from .sweep import Sweep


def closed(sweep: Sweep) -> Iterator[str]:
    """Finish a sweep, and what to say of it, as lines."""
    best = _completed(sweep)
    yield from leaderboard.rows(sweep)
    yield ""
    if sweep.search and (found := sweep.best()) is not None:
        yield f"Trial {found['trial']} is the best. The same run again:  {command(found['overrides'])}"
    if best is not None:
        yield f"report       {RUNS}/{best.id}/{REPORT}"
    yield f"leaderboard  {kept(sweep)}   (overture runs --sweep {sweep.id})"


def _completed(sweep: Sweep) -> Run | None:
    """The best run with its report, card and explanations, which no other job of a sweep has."""
    found = leaderboard.runs(sweep)
    if not found:
        return None
    try:
        return complete(found[0])
    except OvertureError:  # somebody changed the run: told where it is used
        return None
