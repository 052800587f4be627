"""The table of runs, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from overture.runtime.runs.promote import promote
from overture.runtime.runs.run import Run
from overture.runtime.runs.store import runs
from overture.runtime.runs.table import aligned, changed, objects, rows


def test_a_machine_reads_a_list_best_first(run: Run, project: Path, train: Callable[..., Run]) -> None:
    train(project, "model.params.depth=2")
    promote(project, [], run)

    found = json.loads(json.dumps(objects(project), allow_nan=False))

    assert [item["id"] for item in found] == [other.id for other in runs(project)]
    scores = [item["metrics"][item["objective"]]["value"] for item in found]
    assert scores == sorted(scores)
    for item in found:
        assert {"id", "created", "model", "status", "production", "metrics", "duration"} <= set(item)
        assert (item["status"], item["model"]) == ("finished", "catboost")
        assert set(item["metrics"]["roc_auc"]) == {"value", "low", "high"}
        assert item["production"] == (item["id"] == run.id)
        assert item["changed"] == {"model.params.depth": 6 if item["id"] == run.id else 2}


def test_a_person_reads_what_differed_and_what_cannot_be_compared(
    run: Run, project: Path, train: Callable[..., Run]
) -> None:
    train(project, "model.params.depth=2")
    last = train(project, "seed=9")
    promote(project, [], run)

    lines = rows(project)

    assert lines[0].split() == ["run", "model", "log_loss", "roc_auc", "time", "changed"]
    assert lines[1].startswith(f"{last.id}  catboost  ")
    assert "seed=9" in lines[1]
    assert lines[2] == ""
    (serving,) = [line for line in lines if line.endswith("in production")]
    assert serving.startswith(run.id)
    assert "cannot be compared" in lines[-1]


def test_a_run_with_folds_shows_their_mean_and_spread(project: Path, train: Callable[..., Run]) -> None:
    run = train(project, "split.folds=3")
    found = run.facts["folds"]["metrics"]["log_loss"]

    head, line = rows(project)[:2]

    assert head.index("over folds") == line.index(f"{found['mean']:.3f} ± ")
    assert objects(project)[0]["folds"] == run.facts["folds"]


def test_what_is_wrong_in_runs_is_told_below_the_table(run: Run, project: Path) -> None:
    (project / "runs" / "half").mkdir()
    promote(project, [], run)
    run.folder.rename(project / "gone")

    assert rows(project) == [
        "There are no runs yet.  Train one:  python train.py",
        "",
        "runs/half holds no whole run. Delete it, and train again if you need it.",
        f"{run.id} is in production, but runs/{run.id} is not here.",
    ]


def test_settings_of_different_models_are_not_differences() -> None:
    one = {"seed": 1, "model.kind": "a", "model.depth": 3}
    other = {"seed": 1, "model.kind": "b", "model.trees": 9}
    third = {"seed": 2, "model.kind": "b", "model.trees": 8}

    assert changed([one, other], ["a", "b"]) == [{}, {}]
    assert changed([one, other, third], ["a", "b", "b"]) == [
        {"seed": 1},
        {"seed": 1, "model.trees": 9},
        {"seed": 2, "model.trees": 8},
    ]


def test_columns_are_aligned_and_empty_ones_left_out() -> None:
    assert aligned([["run", "note", "time"], ["a", "", "1.0 s"], ["bcdef", "", "2.0 s"]]) == [
        "run    time",
        "a      1.0 s",
        "bcdef  2.0 s",
    ]
