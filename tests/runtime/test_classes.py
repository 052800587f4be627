"""The classes of a target and the one that is positive."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime import classes
from overture.runtime.data.column import column
from overture.runtime.schema import Class, Schema


def contract(known: list[Class], positive: Class | None = None) -> Schema:
    kind = "boolean" if isinstance(known[0], bool) else "integer" if isinstance(known[0], int) else "category"
    task = "binary" if positive is not None else "multiclass"
    one = {"features": {"x": column("integer")}, "target": "y", "target_column": column(kind)}
    return Schema.model_validate({"task": task, **one, "classes": known, "positive": positive})


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        (["b", "a", None, "b"], {"a": 1, "b": 2}),
        ([10, 9, 10], {9: 1, 10: 2}),
        ([True, False, True], {False: 1, True: 2}),
    ],
)
def test_classes_are_counted_in_their_own_order_and_type(values: list[Class | None], counts: dict[Class, int]) -> None:
    found = classes.count(pl.Series("y", values))
    assert list(found.items()) == list(counts.items())
    assert [type(label) for label in found] == [type(label) for label in counts]


@pytest.mark.parametrize(
    ("counts", "positive"),
    [
        ({"No": 9, "Yes": 20}, "Yes"),
        ({"NO": 9, " yes": 20}, " yes"),
        ({False: 1, True: 5}, True),
        ({"FALSE": 1, "TRUE": 5}, "TRUE"),
        ({0: 3, 1: 5}, 1),
        ({"0": 3, "1": 5}, "1"),
        ({"churned": 2, "stayed": 8}, "churned"),
        ({"churned": 8, "stayed": 2}, "stayed"),
        ({1: 6, 2: 5}, 1),
        ({2: 6, 3: 5}, 3),
        ({"a": 5, "b": 5}, "b"),
        ({"1": 6, "yes": 5}, "yes"),
    ],
)
def test_yes_is_positive_and_else_the_rarer_class(counts: dict[Class, int], positive: Class) -> None:
    found = classes.positive_class(counts)
    assert (type(found), found) == (type(positive), positive)


@pytest.mark.parametrize("known", [["a", "b"], [3, 5], [False, True]])
def test_rows_are_numbered_by_class(known: list[Class]) -> None:
    target = pl.Series("y", [known[1], known[0], known[1]])
    assert classes.numbers(target, known).tolist() == [1, 0, 1]


def test_a_class_that_is_not_known_has_no_number() -> None:
    assert classes.numbers(pl.Series("y", ["a", "z"]), ["a", "b"]).tolist() == [0, -1]
    assert classes.numbers(pl.Series("y", [], dtype=pl.String), ["a", "b"]).tolist() == []


@given(st.integers(2, 12), st.lists(st.none() | st.integers(0, 14), max_size=40), st.booleans())
def test_rows_are_numbered_alike_whether_classes_are_few_or_many(
    many: int, values: list[int | None], word: bool
) -> None:
    known: list[Any] = [f"c{it}" if word else it for it in range(many)]
    target = pl.Series(
        "y", [f"c{it}" if word and it is not None else it for it in values], pl.String if word else pl.Int64
    )
    expected = [-1 if it is None or it >= many else it for it in values]
    assert classes.numbers(target, known).tolist() == expected
    coded = target.cast(pl.Enum([f"c{it}" for it in range(15)])) if word else target.cast(pl.Int16)
    assert classes.numbers(coded, known).tolist() == expected


def test_metrics_take_the_positive_class_last() -> None:
    assert classes.scoring_order(contract(["churned", "stayed"], "churned")) == [1, 0]
    assert classes.scoring_order(contract(["No", "Yes"], "Yes")) == [0, 1]
    assert classes.scoring_order(contract(["c", "d", "e"])) == [0, 1, 2]


def test_a_tie_is_not_positive() -> None:
    tie = np.array([[0.5, 0.5], [0.6, 0.4], [0.4, 0.6]])
    assert classes.decide(tie, contract(["churned", "stayed"], "churned")).tolist() == [1, 0, 1]
    assert classes.decide(tie, contract(["No", "Yes"], "Yes")).tolist() == [0, 0, 1]
