"""What a model has to beat: the dummy always, and the last value where rows are split by time."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime.baselines import Baseline, baselines
from overture.runtime.data.column import column
from overture.runtime.schema import Schema
from overture.runtime.splits.random import Random
from overture.runtime.splits.time import Time
from overture.runtime.splitting import Split


def contract(task: str, **keys: Any) -> Schema:
    target = column("number") if task == "regression" else column("category")
    return Schema.model_validate(
        {
            "task": task,
            "features": {"shop": column("category", nullable=True)},
            "target": "y",
            "target_column": target,
            "time": "day",
            "time_column": column("integer"),
            **keys,
        }
    )


def found(known: pl.DataFrame, rows: pl.DataFrame, schema: Schema, by: Split | None = None) -> list[Baseline]:
    return list(baselines(known, rows, schema, by or Time(column="day")))


KNOWN = pl.DataFrame(
    {
        "id": [1, 2, 1, 2, 1, 2, 3],
        "shop": ["n", "s", "n", "s", "n", "n", None],
        "day": [1, 1, 2, 3, 3, 3, 2],
        "y": [1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0],
    }
)
ROWS = pl.DataFrame({"id": [2, 1, 9], "shop": ["s", "n", "w"], "day": [4, 5, 5], "y": [0.0, 0.0, 0.0]})


def test_only_splits_by_time_have_a_last_value() -> None:
    for by in (Random(), None):
        names = [base.name for base in baselines(KNOWN, ROWS, contract("regression"), by)]
        assert names == ["dummy"]
    dummy, last = found(KNOWN, ROWS, contract("regression"))
    assert (dummy.label, last.name) == ("always the mean, 4.429", "last value")


def test_the_last_value_of_all_is_the_mean_of_the_last_moment() -> None:
    _, last = found(KNOWN, ROWS, contract("regression"))
    assert last.label == "the last y known"
    assert last.predicted.tolist() == [pytest.approx(16 / 3)] * 3


def test_a_series_that_is_named_has_its_own_last_value_and_others_that_of_all() -> None:
    _, last = found(KNOWN, ROWS, contract("regression"), Time(column="day", series="shop"))
    assert last.label == "the last y of each shop"
    assert last.predicted.tolist() == [4.0, 6.0, pytest.approx(16 / 3)]


def test_a_key_that_occurs_again_is_a_series() -> None:
    keyed = contract("regression", key="id", key_column=column("integer"))
    _, last = found(KNOWN, ROWS, keyed)
    assert last.label == "the last y of each id"
    assert last.predicted.tolist() == [5.5, 5.0, pytest.approx(16 / 3)]
    _, once = found(KNOWN, ROWS.with_columns(id=pl.Series([7, 8, 9])), keyed)
    assert once.label == "the last y known"


def classes(steady: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two shops over 40 days: one answers a, the other b; or all of them change every day."""
    days = [day for day in range(40) for _ in range(2)]
    shops = ["n", "s"] * 40
    y = [{"n": "a", "s": "b"}[shop] if steady else "ab"[day % 2] for day, shop in zip(days, shops, strict=True)]
    return pl.DataFrame({"shop": shops, "day": days, "y": y}), pl.DataFrame(
        {"shop": ["n", "s"], "day": [50, 50], "y": y[:2]}
    )


def test_a_last_class_is_believed_as_far_as_it_held() -> None:
    by = Time(column="day", series="shop")
    schema = contract("binary", classes=["a", "b"], positive="b")
    _, steady = found(*classes(True), schema, by)
    np.testing.assert_allclose(steady.predicted, [[79 / 80, 1 / 80], [1 / 80, 79 / 80]])
    _, fickle = found(*classes(False), schema, by)
    np.testing.assert_allclose(fickle.predicted, [[79 / 80, 1 / 80]] * 2)


@given(
    st.lists(
        st.tuples(st.sampled_from(["n", "s", None]), st.integers(0, 6), st.sampled_from("abc")), min_size=3, max_size=30
    )
)
def test_last_classes_have_probabilities(rows: list[tuple[str | None, int, str]]) -> None:
    frame = pl.DataFrame(rows, schema={"shop": pl.String, "day": pl.Int64, "y": pl.String}, orient="row")
    schema = contract("multiclass", classes=sorted(set(frame["y"])))
    if len(schema.classes or []) < 2:
        return
    for by in (Time(column="day", series="shop"), Time(column="day")):
        for base in found(frame, frame, schema, by):
            assert base.predicted.shape == (frame.height, len(schema.classes or []))
            assert (base.predicted >= 0).all()
            np.testing.assert_allclose(base.predicted.sum(axis=1), 1)


@given(
    st.lists(st.tuples(st.sampled_from("ns"), st.integers(0, 9), st.integers(-5, 5)), min_size=1, max_size=30),
    st.lists(st.sampled_from("nsw"), min_size=1, max_size=5),
)
def test_the_last_number_is_that_of_a_slow_obvious_search(past: list[tuple[str, int, int]], asked: list[str]) -> None:
    known = pl.DataFrame(past, schema={"shop": pl.String, "day": pl.Int64, "y": pl.Float64}, orient="row")
    _, last = found(known, pl.DataFrame({"shop": asked}), contract("regression"), Time(column="day", series="shop"))
    for shop, said in zip(asked, last.predicted, strict=True):
        own = [row for row in past if row[0] == shop] or past
        latest = [y for _, day, y in own if day == max(day for _, day, _ in own)]
        assert said == pytest.approx(sum(latest) / len(latest))
