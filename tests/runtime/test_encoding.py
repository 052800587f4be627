"""Inputs become columns that an estimator can learn from, whatever comes later."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from overture.runtime.data.column import Column, column
from overture.runtime.encoders import Words, as_state
from overture.runtime.encoding import MOST_NATIVE, Encoding, Need
from overture.runtime.preprocessing import Treatment
from overture.runtime.preprocessing import Words as TextTreatment
from overture.runtime.schema import Schema

MOST_LABELS = Treatment().labels


def schema(columns: dict[str, Column], categories: dict[str, list[str]] | None = None) -> Schema:
    known = {"target": "y", "target_column": column("number"), "categories": categories or {}}
    return Schema(task="regression", features=columns, **known)


def learned(frame: pl.DataFrame, known: Schema, need: Need, takes_missing: bool = False) -> Encoding:
    return Encoding.learn(frame, known, need, takes_missing=takes_missing, seed=1)


NUMBER = schema({"a": column("number")})


def test_a_missing_number_becomes_the_median_and_says_so() -> None:
    rows = pl.DataFrame({"a": [1.0, 2.0, 9.0, None]})
    assert learned(rows, NUMBER, "ordered").apply(rows, NUMBER).tolist() == [[1, 0], [2, 0], [9, 0], [2, 1]]


def test_scaled_numbers_have_mean_0_and_spread_1() -> None:
    rows = pl.DataFrame({"a": [1.0, 2.0, 9.0, None]})
    found = learned(rows, NUMBER, "scaled").apply(rows, NUMBER)[:, 0]
    np.testing.assert_allclose([found.mean(), found.std()], [0, 1], atol=1e-12)


def test_missing_numbers_stay_where_the_estimator_takes_them() -> None:
    rows = pl.DataFrame({"a": [1.0, None]})
    np.testing.assert_array_equal(learned(rows, NUMBER, "native", True).apply(rows, NUMBER), [[1], [math.nan]])


@pytest.mark.parametrize("value", [0.1, 1e9 + 0.1])
def test_a_constant_column_does_not_blow_up_later(value: float) -> None:
    found = learned(pl.DataFrame({"a": [value] * 7}), NUMBER, "scaled")
    assert abs(found.apply(pl.DataFrame({"a": [value + 1]}), NUMBER)[0, 0]) <= abs(value) + 1


@pytest.mark.parametrize("need", ["native", "ordered", "scaled"])
def test_a_column_that_was_always_missing_says_nothing_later(need: Need) -> None:
    known = schema({"a": column("number"), "b": column("category")}, {"b": []})
    empty = pl.DataFrame({"a": [None, None], "b": [None, None]}, schema={"a": pl.Float64, "b": pl.String})
    encoding = learned(empty, known, need, need == "native")
    found = encoding.apply(pl.DataFrame({"a": [7.0], "b": ["x"]}), known)
    np.testing.assert_array_equal(found, encoding.apply(empty, known)[:1])
    assert np.isfinite(found).all()


def test_each_label_has_a_column_and_an_unseen_one_is_as_missing() -> None:
    known = schema({"b": column("category")}, {"b": ["x", "y", "never"]})
    encoding = learned(pl.DataFrame({"b": ["x", "y", "x", None]}), known, "scaled")
    found = encoding.apply(pl.DataFrame({"b": ["x", "y", None, "z", "never"]}), known)
    assert found.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_rare_labels_share_a_column() -> None:
    labels = [f"{i:04}" for i in range(MOST_LABELS + 30)]
    known = schema({"b": column("category")}, {"b": labels})
    rows = pl.DataFrame({"b": labels + labels[:MOST_LABELS]})
    found = learned(rows, known, "scaled").apply(rows, known)
    assert found.shape[1] == MOST_LABELS + 1
    assert (found.sum(axis=1) == 1).all()
    assert found[:, -1].sum() == 30


@pytest.mark.parametrize(("count", "native"), [(MOST_NATIVE, [0]), (MOST_NATIVE + 1, [])])
def test_only_so_many_labels_are_categories_to_the_estimator(count: int, native: list[int]) -> None:
    labels = [f"{i:04}" for i in range(count)]
    known = schema({"b": column("category")}, {"b": labels})
    encoding = learned(pl.DataFrame({"b": [*labels, labels[7]]}), known, "native", True)
    assert encoding.categories == native
    found = encoding.apply(pl.DataFrame({"b": [labels[7], labels[0], None]}), known)[:, 0]
    np.testing.assert_array_equal(found, [7, 0, math.nan] if native else [0, 1, math.nan])


def test_words_become_directions_and_no_words_become_nothing() -> None:
    known = schema({"t": column("text"), "u": column("text")})
    rows = pl.DataFrame({"t": ["good day", "bad day", None, "good"], "u": ["", None, "!", "?"]})
    encoding = learned(rows, known, "scaled")
    found = encoding.apply(rows, known)
    assert set(encoding.groups) == {0}
    np.testing.assert_allclose(found[2], 0)
    assert found[0] @ found[3] > found[1] @ found[3]


def test_what_is_kept_of_texts_holds_no_address_in_memory() -> None:
    texts = pl.Series("t", ["one two", "two three", "three one"])
    part = Words.learn(texts, TextTreatment(columns=2), 0)
    before = part.columns(texts, None)

    kept = as_state(part)["weights"]
    assert not [name for name in vars(kept) if name.endswith("_id")]
    np.testing.assert_array_equal(part.columns(texts, None), before)
