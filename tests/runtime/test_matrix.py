"""Columns become numbers the same way everywhere."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime.data.column import column
from overture.runtime.matrix import (
    codes,
    in_class_order,
    narrow_codes,
    narrow_numbers,
    numbers,
    probabilities,
    targets,
    texts,
)
from overture.runtime.schema import Schema


def classified(task: str, classes: list[str], positive: str | None = None) -> Schema:
    return Schema(
        task=task,
        features={"a": column("number")},
        target="y",
        target_column=column("category"),
        classes=classes,
        positive=positive,
    )


def test_days_since_1970_stand_for_moments() -> None:
    moments = [dt.datetime(1970, 1, 2, 12, tzinfo=dt.UTC), dt.datetime(1969, 12, 31, tzinfo=dt.UTC), None]
    np.testing.assert_array_equal(numbers(pl.Series(moments, dtype=pl.Datetime("us", "UTC"))), [1.5, -1, math.nan])
    np.testing.assert_array_equal(numbers(pl.Series([dt.date(1970, 1, 3), None])), [2, math.nan])


def test_booleans_and_whole_numbers_keep_their_value() -> None:
    np.testing.assert_array_equal(numbers(pl.Series([True, False, None])), [1, 0, math.nan])
    np.testing.assert_array_equal(numbers(pl.Series([3, None, -4])), [3, math.nan, -4])


def test_infinity_becomes_the_largest_number_that_trees_can_hold() -> None:
    found = numbers(pl.Series([math.inf, -math.inf, 1e300]))
    assert np.isfinite(found.astype(np.float32)).all()
    assert found[0] == found[2] == -found[1]


def test_32_bits_are_those_of_64_rounded_in_however_many_pieces_a_column_is() -> None:
    pieces = [pl.Series([0.1, None, 1e300]), pl.Series([-math.inf, 2.0**-150])]
    whole = pl.concat(pieces, rechunk=False)
    assert whole.n_chunks() == 2
    assert narrow_numbers(whole).tobytes() == numbers(whole).astype(np.float32).tobytes()


@given(st.lists(st.text(max_size=3), unique=True, max_size=6), st.lists(st.text(max_size=3) | st.none(), max_size=20))
def test_a_code_is_the_place_of_the_label(labels: list[str], values: list[str | None]) -> None:
    found = codes(pl.Series(values, dtype=pl.String), list(labels))
    assert found.tolist() == [labels.index(value) if value in labels else -1 for value in values]


@given(st.lists(st.integers(-9, 9), unique=True, max_size=6), st.lists(st.integers(-9, 9) | st.none(), max_size=20))
def test_whole_numbers_are_labels_too(labels: list[int], values: list[int | None]) -> None:
    found = codes(pl.Series(values, dtype=pl.Int64), list(labels))
    assert found.tolist() == [labels.index(value) if value in labels else -1 for value in values]


@pytest.mark.parametrize("labels", [["b", "a"], []])
def test_codes_in_32_bits_count_from_one(labels: list[int | str]) -> None:
    values = pl.Series(["a", None, "c", "b"])
    assert narrow_codes(values, labels).tolist() == [it + 1 for it in codes(values, labels).tolist()]


@pytest.mark.parametrize("known", [["a", "b", "c"], ["c", "a"], ["b"]])
def test_labels_that_were_looked_up_before_have_the_codes_of_their_text(known: list[str]) -> None:
    values = pl.Series(["c", None, "a", "b", "a"])
    encoded = values.cast(pl.Enum(["a", "b", "c"]))
    assert codes(encoded, list(known)).tolist() == codes(values, list(known)).tolist()


def test_missing_text_has_no_words() -> None:
    assert texts(pl.Series(["a b", None, ""])) == ["a b", "", ""]


@pytest.mark.parametrize("positive", ["No", "Yes"])
def test_the_positive_class_is_number_one(positive: str) -> None:
    schema = classified("binary", ["No", "Yes"], positive)
    found = targets(pl.DataFrame({"y": ["No", "Yes", "Yes"]}), schema)
    assert found.tolist() == [float(label == positive) for label in ("No", "Yes", "Yes")]


@pytest.mark.parametrize("positive", ["No", "Yes"])
def test_probabilities_stand_in_class_order(positive: str) -> None:
    schema = classified("binary", ["No", "Yes"], positive)
    given_odds = np.array([[0.0], [math.log(3)], [-800.0], [800.0]])
    found = probabilities(given_odds, schema)[:, ["No", "Yes"].index(positive)]
    np.testing.assert_allclose(found, [0.5, 0.75, 0, 1], atol=1e-15)
    np.testing.assert_array_equal(
        in_class_order(np.array([[0.25, 0.75]]), schema)[0, ["No", "Yes"].index(positive)], 0.75
    )


@given(st.integers(2, 9), st.integers(0, 2**31))
def test_scores_become_probabilities_the_same_way_alone_and_among_many(outputs: int, seed: int) -> None:
    schema = classified("multiclass", [str(i) for i in range(outputs)])
    raw = np.random.default_rng(seed).normal(0, 300, (37, outputs))
    found = probabilities(raw, schema)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(found.argmax(axis=1), raw.argmax(axis=1))
    np.testing.assert_array_equal(np.concatenate([probabilities(raw[i : i + 1], schema) for i in range(37)]), found)
