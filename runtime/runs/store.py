"""The runs of a project: which there are, and which is meant."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from pathlib import Path

from ..errors import Mistake, Problem
from ..files import sweep
from ..ids import meant
from .run import RUNS, Run, runs_folder


def runs(root: Path, ids: Container[str] | None = None) -> list[Run]:
    """Every finished run, or those of some ids, best first.

    Runs are ranked together when they share objective and test rows; the rows scored last come first, because a score
    on other rows says nothing about which model is better. Within them: the better objective, then the older run.
    """
    found = [run for run in _opened(root, ids) if isinstance(run, Run)]
    newest: dict[tuple[str, str], str] = {}
    for run in found:
        newest[comparable(run)] = max(run.created, newest.get(comparable(run), ""))
    ranked = sorted(found, key=lambda run: (_badness(run), run.created, run.id))
    return sorted(ranked, key=lambda run: (newest[comparable(run)], comparable(run)), reverse=True)


def broken(root: Path) -> list[Problem]:
    """The folders in runs/ that hold no whole run; a training under way is none of them."""
    return [problem for item in _opened(root) if isinstance(item, Mistake) for problem in item.problems]


def find(root: Path, wanted: str) -> Run:
    """The run of an id, of the beginning of one, or the "best".

    Raises Mistake when there is none, or more than one.
    """
    known = runs(root)
    if not known:
        raise Mistake("there are no runs yet.", hint="Train one: python train.py")
    if wanted == "best":
        return known[0]

    def of_that_name() -> list[Problem]:
        return [problem for problem in broken(root) if f"{RUNS}/{wanted}" in problem.what][:1]

    return meant(wanted, known, "run", "overture runs lists them.", of_that_name)


def finished(root: Path, run_id: str) -> Run | None:
    """The whole run of these inputs, if there is one already. What killed trainings left behind is swept away.

    Raises Mistake when it is there and was changed.
    """
    folder = runs_folder(root) / run_id
    sweep(folder.parent)
    if not folder.exists():
        return None
    run = Run.open(folder)
    run.verify()
    return run


def comparable(run: Run) -> tuple[str, str]:
    """What two runs must share for their scores to be compared: the objective, and the test rows."""
    return str(run.facts["objective"]), str(run.facts["test_rows"])


def _badness(run: Run) -> float:
    value = run.objective
    if math.isnan(value):
        return math.inf
    return -value if run.facts["greater_is_better"] else value


def _opened(root: Path, ids: Container[str] | None = None) -> Iterator[Run | Mistake]:
    folder = root / RUNS
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not path.is_dir() or (ids is not None and path.name not in ids):
            continue
        try:
            yield Run.open(path)
        except Mistake as mistake:
            yield mistake
