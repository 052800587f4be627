"""Fitting says what it does, and finds validation rows where a model needs some."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.data.rows import Rows
from overture.runtime.fitting import fit
from overture.runtime.model import MODELS, Model
from overture.runtime.parts import Parts, learned
from overture.runtime.progress import listening
from overture.runtime.schema import Schema


class Heard:
    """Keeps what steps say."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.rounds: list[tuple[str, str, int, int]] = []

    def advance(self, step: str, text: str, done: int, total: int) -> None:
        self.rounds.append((step, text, done, total))

    def finish(self, step: str, text: str, seconds: float | None) -> None:
        self.lines.append((step, text))


@pytest.fixture
def heard() -> Heard:
    return Heard()


def parts(train: int = 400, valid: int = 200) -> Parts:
    random = np.random.default_rng(0)
    a = random.normal(size=train + valid + 10)
    frame = pl.DataFrame({"a": a, "y": a + random.normal(0, 1, a.size) > 0})
    frame = frame.with_columns(pl.when(pl.int_range(pl.len()) > 0).then("y").otherwise(~pl.col("y").get(1)).alias("y"))
    target = {"target": "y", "target_column": column("boolean")}
    schema = Schema(task="binary", features={"a": column("number")}, **target)
    cut = [frame[:train], frame[train : train + valid], frame[train + valid :]]
    rows = Rows(frame, schema, "", frame.height, 0, (), {}, ())
    return Parts(*cut, learned(*cut[:2], schema), rows, "random", ())


def model(kind: str, **keys: Any) -> Model:
    return MODELS[kind].model_validate({"kind": kind, "seed": 1, "threads": 1, **keys})


CATBOOST = {"params": {"iterations": 1200, "learning_rate": 0.5, "depth": 2}, "early_stopping_rounds": 5}


def test_both_fits_of_catboost_say_how_many_trees(heard: Heard) -> None:
    with listening(heard):
        found = fit(model("catboost", **CATBOOST), parts())
    assert found.rounds is not None
    assert heard.lines == [
        ("fit", f"catboost {found.rounds} of 1,200 trees"),
        ("refit", f"{found.rounds} trees on train and valid"),
    ]
    assert heard.rounds[0] == ("fit", "catboost", 1, 1200)
    assert heard.rounds[-1][::2] == ("refit", found.rounds)


@pytest.mark.parametrize("refit", [True, False])
def test_validation_rows_are_carved_where_there_are_none(refit: bool, heard: Heard) -> None:
    with listening(heard):
        found = fit(model("catboost", refit=refit, **CATBOOST), parts(600, 0))
    assert 0 < (found.rounds or 0) < 1200
    assert [step for step, _ in heard.lines] == (["fit", "refit"] if refit else ["fit"])


def test_too_few_rows_to_carve_from_are_all_learned_from(heard: Heard) -> None:
    with listening(heard):
        found = fit(model("catboost", params={"iterations": 7}), parts(2, 0))
    assert heard.lines == [("fit", "catboost 7 trees")]
    assert found.rounds == 7


def test_a_model_without_early_stopping_learns_from_train_and_valid() -> None:
    chosen = model("sklearn", classifier="sklearn.linear_model.LogisticRegression")
    given = parts()
    apart, together = fit(chosen, given), fit(chosen, parts(600, 0))
    np.testing.assert_array_equal(apart.predict(given.test), together.predict(given.test))


def test_a_note_of_the_model_is_said(heard: Heard) -> None:
    chosen = model("sklearn", classifier="sklearn.linear_model.LogisticRegression", params={"max_iter": 1})
    with listening(heard):
        fit(chosen, parts())
    assert [step for step, _ in heard.lines] == ["fit", ""]
    assert heard.lines[0][1] == "logistic"
    assert "converge" in heard.lines[1][1]
