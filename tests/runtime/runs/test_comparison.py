"""Runs are compared on the same rows, pair by pair, and the table says which difference is real."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from overture.runtime.runs.comparison import difference
from overture.runtime.runs.run import Run
from overture.runtime.runs.table import objects, rows

NOISE = ["model.params.iterations=1", "model.params.learning_rate=0.001"]


def losses(run: Run) -> np.ndarray:
    kept = pl.read_parquet(run.folder / "predictions.parquet")
    chance = np.where(kept["target"] == "yes", kept["probability: yes"], kept["probability: no"])
    return -np.log(chance)


def test_a_difference_is_that_of_the_objective_and_its_interval_that_of_the_pairs(
    run: Run, project: Path, train: Callable[..., Run]
) -> None:
    worse = train(project, *NOISE)

    found = difference(run, worse)

    assert found is not None
    pairs = losses(worse) - losses(run)
    assert math.isclose(found.value, pairs.mean(), rel_tol=1e-9)
    spread = pairs.std() / math.sqrt(pairs.size)
    assert found.low == np.clip(found.low, pairs.mean() - 3 * spread, pairs.mean() - spread)
    assert found.high == np.clip(found.high, pairs.mean() + spread, pairs.mean() + 3 * spread)
    assert found.low > 0
    backwards = difference(worse, run)
    assert backwards is not None
    assert backwards.value == -found.value
    assert math.isclose(backwards.high, -found.low, rel_tol=1e-9)


def test_a_run_beside_itself_differs_by_nothing(run: Run) -> None:
    found = difference(run, run)

    assert found is not None
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_runs_scored_on_other_rows_are_not_compared(run: Run, project: Path, train: Callable[..., Run]) -> None:
    assert difference(run, train(project, "seed=9")) is None


def test_a_run_whose_predictions_are_gone_is_not_compared(run: Run, project: Path, train: Callable[..., Run]) -> None:
    other = train(project, *NOISE)
    (other.folder / "predictions.parquet").unlink()

    assert difference(run, other) is None


def test_regression_and_several_classes_are_compared_too(
    make_project: Callable[..., Path], train: Callable[..., Run]
) -> None:
    root = make_project(model="catboost", rows=400)
    words = ["task=multiclass", "target=city", "positive=null"]
    better, worse = train(root, *words), train(root, *words, *NOISE)
    found = difference(better, worse)
    assert found is not None
    assert math.isclose(found.value, worse.objective - better.objective, rel_tol=1e-9)

    words = ["task=regression", "target=age", "positive=null"]
    better, worse = train(root, *words), train(root, *words, *NOISE)
    found = difference(better, worse)
    assert found is not None
    assert math.isclose(found.value, worse.objective - better.objective, rel_tol=1e-9)


def test_the_table_says_which_difference_is_real(run: Run, project: Path, train: Callable[..., Run]) -> None:
    train(project, *NOISE)
    train(project, "model.params.random_strength=0.9")

    lines, found = rows(project), objects(project)

    assert "behind the best by" in lines[0]
    assert found[0]["behind"] is None
    assert found[-1]["behind"]["low"] > 0
    assert found[1]["behind"]["low"] <= 0
    assert "not clear" in lines[2] or "nothing" in lines[2]
    assert "not clear" not in lines[3]
