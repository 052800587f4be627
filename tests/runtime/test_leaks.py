"""What a split gives away is said, with counts, and what it does not give away is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.leaks import fold_leaks, leaks
from overture.runtime.schema import Schema

ROWS = 400


def schema(task: str = "binary", **keys: Any) -> Schema:
    target = column("number" if task == "regression" else "category")
    features = {"x": column("number", nullable=True), "colour": column("category"), "z": column("number")}
    declared = {"task": task, "features": features, "target": "y", "target_column": target, **keys}
    return Schema.model_validate(declared)


def table(**columns: Any) -> pl.DataFrame:
    random = np.random.default_rng(5)
    return pl.DataFrame(
        {
            "id": range(ROWS),
            "x": random.normal(size=ROWS),
            "colour": random.choice(["red", "blue"], ROWS),
            "z": random.normal(size=ROWS),
            "day": random.permutation(ROWS),
            "y": random.choice(["No", "Yes"], ROWS),
            **columns,
        }
    )


def found(frame: pl.DataFrame, kind: str = "random", test: pl.DataFrame | None = None, **keys: Any) -> list[str]:
    return list(leaks(frame[:300], frame[:0], frame[300:] if test is None else test, schema(**keys), kind))


KEY = {"key": "id", "key_column": column("integer")}
TIME = {"time": "day", "time_column": column("integer")}


def test_nothing_is_said_of_parts_that_give_nothing_away() -> None:
    assert found(table(), **KEY) == []


def test_keys_in_both_parts_are_counted() -> None:
    ids = [*range(300), *range(297, 397)]
    assert found(table(id=ids), **KEY) == [
        "3 of 100 test rows share their id with rows to learn from: scores may be too good"
    ]


def test_equal_rows_in_both_parts_are_counted_whatever_their_key() -> None:
    frame = table(x=[None, *np.random.default_rng(1).normal(size=ROWS - 1)])
    twice = pl.concat([frame[300:399], frame[:1].with_columns(id=pl.lit(9999, pl.Int64))])
    assert found(frame, test=twice, **KEY) == [
        "1 of 100 test rows has the very values of a row to learn from, id aside"
    ]


def test_rows_that_agree_in_their_numbers_alone_are_not_equal() -> None:
    frame = table()
    other = frame[:9].with_columns(
        id=pl.col("id") + ROWS,
        colour=pl.when(pl.col("colour") == "red").then(pl.lit("blue")).otherwise(pl.lit("red")),
    )
    assert found(frame, test=pl.concat([frame[300:], other]), **KEY) == []
    alike = frame[:2].with_columns(id=pl.col("id") + 2 * ROWS)
    assert found(frame, test=pl.concat([frame[300:], other, alike]), **KEY) == [
        "2 of 111 test rows have the very values of a row to learn from, id aside"
    ]


def test_rows_of_few_values_are_equal_by_themselves() -> None:
    assert found(table(x=[1.0] * ROWS, z=[2.0] * ROWS)) == []


def test_the_future_among_the_rows_to_learn_from_is_counted() -> None:
    frame = table(day=range(ROWS))
    assert found(frame, **TIME) == []
    mixed = frame.reverse()
    assert found(mixed, **TIME) == [
        "300 of 300 rows to learn from are later than the first test row; split=time learns from the past only"
    ]


def test_a_key_that_recurs_in_time_says_what_a_row_is_about() -> None:
    days, shops = [row // 4 for row in range(ROWS)], [row % 4 for row in range(ROWS)]
    frame = table(id=shops, day=days)
    assert found(frame, kind="time", **KEY, **TIME) == []
    assert found(frame, kind="predefined", **KEY, **TIME) == [
        "100 of 100 test rows share their id with rows to learn from: scores may be too good"
    ]
    once = table(id=[*range(300), *range(297, 397)], day=range(ROWS))
    assert found(once, kind="time", **KEY, **TIME) == [
        "3 of 100 test rows share their id with rows to learn from: scores may be too good"
    ]


def test_rows_that_stop_training_are_looked_at_too() -> None:
    frame = table()
    train, test = frame[:200], frame[300:]
    twice = pl.concat([frame[200:298], frame[:2].with_columns(id=pl.Series([9999, 3]))])
    assert list(leaks(train, twice, test, schema(**KEY), "predefined")) == [
        "1 of 100 validation rows shares its id with rows to learn from: training may stop too late",
        "2 of 100 validation rows have the very values of a row to learn from, id aside",
    ]
    assert list(leaks(train, frame[200:300], test, schema(**KEY), "random")) == []


def test_of_validation_rows_nothing_is_said_that_test_rows_say_already() -> None:
    frame = table()
    twice = pl.concat([frame[200:299], frame[:1]])
    told = list(leaks(frame[:200], twice, pl.concat([frame[300:], frame[:1]]), schema(**KEY), "predefined"))
    assert [line.split(" rows ")[0] for line in told] == ["1 of 101 test"] * 2


FOLD = pl.Series([None] * 80 + [0] * 20 + [1] * 100 + [2] * 100 + [3] * 100, dtype=pl.Int32)
"""No fold, always learned from, and three folds in the order of the rows."""


def across(frame: pl.DataFrame, kind: str = "predefined", **keys: Any) -> list[str]:
    return list(fold_leaks(frame, FOLD, schema(**keys), kind))


@pytest.mark.parametrize("kind", ["predefined", "time"])
def test_nothing_is_said_of_folds_that_give_nothing_away(kind: str) -> None:
    assert across(table(), kind, **KEY) == []


def test_keys_in_two_folds_are_counted_where_they_are_judged() -> None:
    ids = [*range(399), 150]  # a row of fold 1 and one of fold 3
    assert across(table(id=ids), **KEY) == [
        "2 of 300 rows in 3 folds share their id with rows to learn from: their scores may be too good"
    ]
    assert across(table(id=ids), "time", **KEY) == [
        "1 of 300 rows in 3 folds shares its id with rows to learn from: their scores may be too good"
    ]
    assert across(table(id=[*range(399), 90]), **KEY) == [  # a row that is always learned from
        "1 of 300 rows in 3 folds shares its id with rows to learn from: their scores may be too good"
    ]
    assert across(table(id=[*range(399), 10]), **KEY) == []  # a row of no fold
    assert across(table(id=[*range(399), 350]), **KEY) == []  # one fold


def test_equal_rows_in_two_folds_are_counted_where_they_are_judged() -> None:
    frame = table()
    twice = pl.concat([frame[:399], frame[150:151].with_columns(id=pl.lit(9999, pl.Int64))])
    assert across(twice, **KEY) == ["2 of 300 rows in 3 folds have the very values of a row to learn from, id aside"]
    assert across(twice, "time", **KEY) == [
        "1 of 300 rows in 3 folds has the very values of a row to learn from, id aside"
    ]
    assert across(table(x=[1.0] * ROWS, z=[2.0] * ROWS)) == []


def test_folds_that_learn_from_the_future_are_told() -> None:
    told = ["folds are judged by what was learned from later rows too; split=time learns from the past only"]
    assert across(table(), **TIME) == told
    assert across(table(day=range(ROWS)), **TIME) == told
    assert across(table(day=range(ROWS)), "time", **TIME) == []


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_column_that_names_the_class_is_told(wrong: int) -> None:
    y = table()["y"]
    flipped = [("red" if (label == "Yes") != (i < wrong) else "blue") for i, label in enumerate(y)]
    assert found(table(colour=flipped)) == ["colour all but says y: is it known when a prediction is asked for?"]


def test_a_column_that_often_goes_with_the_class_is_none() -> None:
    y = table()["y"]
    often = [("red" if (label == "Yes") != (i % 20 == 0) else "blue") for i, label in enumerate(y)]
    assert found(table(colour=often)) == []


def test_a_number_that_is_the_target_in_another_unit_is_told() -> None:
    z = table()["z"]
    assert found(table(y=z * 1.8 + 32), task="regression") == [
        "z all but says y: is it known when a prediction is asked for?"
    ]
    assert found(table(y=z + np.random.default_rng(2).normal(size=ROWS) * 0.1), task="regression") == []
