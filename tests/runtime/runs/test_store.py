"""Which runs there are, which is best, and which is meant."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.errors import Mistake
from overture.runtime.files import TEMPORARY
from overture.runtime.runs.run import Run
from overture.runtime.runs.store import broken, find, finished, runs


def variant(run: Run, number: int, **facts: object) -> Run:
    """A copy of a run with another id and other facts."""
    name = f"{number:012x}"
    folder = run.folder.parent / name
    shutil.copytree(run.folder, folder)
    (folder / "run.json").write_text(json.dumps({**run.facts, "id": name, **facts}))
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "run": name}))
    return Run.open(folder)


def scored(value: float | None) -> dict[str, object]:
    return {"log_loss": {"value": value, "low": value, "high": value}}


def test_runs_of_the_same_test_rows_are_ranked_by_the_objective(run: Run, project: Path) -> None:
    for number, value in enumerate((0.9, 0.0, None, 5.0)):
        variant(run, number, metrics=scored(value))
    assert [int(other.id, 16) for other in runs(project) if other.id != run.id] == [1, 0, 3, 2]

    for number, value in enumerate((0.9, 0.0, None, 5.0)):
        variant(run, number + 10, metrics=scored(value), greater_is_better=True, test_rows="up", created="3000")
    assert [int(other.id, 16) - 10 for other in runs(project)[:4]] == [3, 0, 1, 2]


def test_a_score_on_other_rows_does_not_make_a_run_the_best(run: Run, project: Path) -> None:
    variant(run, 1, metrics=scored(0.0), test_rows="older", created="2000-01-01T00:00:00Z")

    assert find(project, "best") == run
    assert [other.id for other in runs(project)] == [run.id, f"{1:012x}"]


def test_training_another_model_keeps_the_test_rows_comparable(
    run: Run, project: Path, train: Callable[..., Run]
) -> None:
    other = train(project, "model.params.depth=2")

    assert other.id != run.id
    assert other.facts["test_rows"] == run.facts["test_rows"]
    assert train(project, "seed=1").facts["test_rows"] != run.facts["test_rows"]


def test_a_run_is_found_by_the_beginning_of_its_id(run: Run, project: Path) -> None:
    variant(run, 0xA1)
    variant(run, 0xA2)

    assert find(project, run.id[:5]) == run
    assert find(project, "0000000000a1").id == "0000000000a1"
    with pytest.raises(Mistake, match='2 runs begin with "0000000000a": 0000000000a1, 0000000000a2'):
        find(project, "0000000000a")
    with pytest.raises(Mistake, match=f'Did you mean "{run.id}"'):
        find(project, run.id[:-1] + ("0" if run.id[-1] != "0" else "1"))
    with pytest.raises(Mistake, match="overture runs lists them"):
        find(project, "zzz")


def test_without_runs_the_way_to_one_is_told(tmp_path: Path) -> None:
    assert runs(tmp_path) == []
    with pytest.raises(Mistake, match=r"python train\.py"):
        find(tmp_path, "best")


def test_what_is_no_whole_run_is_never_listed_but_told(run: Run, project: Path) -> None:
    folder = project / "runs"
    (folder / f"{TEMPORARY}half").mkdir()
    (folder / "notes.txt").write_text("not a run")
    (folder / "empty").mkdir()
    variant(run, 1)
    (folder / f"{1:012x}" / "run.json").write_text("{")
    variant(run, 2)
    (folder / f"{2:012x}" / "run.json").write_text(json.dumps({"id": f"{2:012x}"}))
    run.folder.joinpath("x").mkdir()
    shutil.copytree(run.folder, folder / "renamed")

    assert runs(project) == [run]
    assert [problem.what for problem in broken(project)] == [
        "runs/000000000001 holds no whole run.",
        "runs/000000000002 holds no whole run.",
        "runs/empty holds no whole run.",
        f"runs/renamed holds the run {run.id}.",
    ]
    with pytest.raises(Mistake, match="runs/empty holds no whole run"):
        find(project, "empty")


def test_what_a_killed_training_left_is_swept_away_after_a_day(run: Run, project: Path) -> None:
    fresh, stale = (project / "runs" / f"{TEMPORARY}{name}" for name in ("fresh", "stale"))
    for folder in (fresh, stale):
        folder.mkdir()
        (folder / "run.json").write_text("{}")
    yesterday = time.time() - 25 * 60 * 60
    os.utime(stale, (yesterday, yesterday))

    assert finished(project, run.id) == run
    assert fresh.exists()
    assert not stale.exists()
