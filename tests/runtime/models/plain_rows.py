"""Rows of every type of column, with missing values and labels that no model has seen."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from overture.runtime.data.column import Column, column
from overture.runtime.model import Fitted, Model
from overture.runtime.parts import learned
from overture.runtime.schema import Schema, Task

COLUMNS: dict[str, Column] = {
    "whole": column("integer", nullable=True),
    "number": column("number", nullable=True),
    "flag": column("boolean", nullable=True),
    "city": column("category", nullable=True),
    "code": column("category", nullable=True, values=[1, 2, 30]),
    "day": column("date", nullable=True),
    "moment": column("timestamp", nullable=True),
    "steady": column("number"),
}
TEXT = {"words": column("text", nullable=True)}
_START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.floats(-3, 3),
    "flag": st.booleans(),
    "city": st.sampled_from(["x", "y", "z", "", "-1", "elsewhere"]),
    "code": st.sampled_from([1, 2, 30, 31]),
    "day": st.dates(dt.date(1900, 1, 1)),
    "moment": st.datetimes(dt.datetime(1900, 1, 1), timezones=st.just(dt.UTC)),
    "words": st.text(max_size=20) | st.sampled_from(["good", "bad fair", "good bad"]),
}


def rows(names: list[str]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Some rows of these columns; "steady" has no missing value."""
    found = [st.floats(-3, 3) if name == "steady" else st.none() | _VALUES[name] for name in names]
    return st.lists(st.tuples(*found), min_size=1, max_size=12)


def frame(found: list[tuple[Any, ...]], schema: Schema) -> pl.DataFrame:
    """The same rows as a frame."""
    columns = zip(schema.inputs.items(), zip(*found, strict=True), strict=True)
    return pl.DataFrame([pl.Series(name, values, it.dtype) for (name, it), values in columns])


def training(task: Task, *, text: bool = False, missing: bool = True, count: int = 400) -> tuple[pl.DataFrame, Schema]:
    """Rows to learn from, and what was learned of them."""
    random = np.random.default_rng(0)
    number, city = random.normal(size=count), random.choice(["x", "y", "z", "-1"], count)
    made: dict[str, Any] = {
        "whole": random.integers(-9, 9, count),
        "number": number,
        "flag": random.random(count) > 0.5,
        "city": city,
        "code": random.choice([1, 2, 30], count),
        "day": [_START.date() + dt.timedelta(days=int(it)) for it in random.integers(0, 900, count)],
        "moment": [_START + dt.timedelta(seconds=float(it)) for it in random.uniform(0, 1e8, count)],
        "steady": random.normal(size=count),
        "words": [" ".join(random.choice(["good", "bad", "fair"], 3)) for _ in range(count)],
    }
    columns = {**COLUMNS, **(TEXT if text else {})}
    found = pl.DataFrame([pl.Series(name, made[name], it.dtype) for name, it in columns.items()])
    if missing:
        keep = {name: pl.Series(random.random(count) > 0.1) for name in columns if name != "steady"}
        found = found.with_columns(pl.when(mask).then(pl.col(name)).alias(name) for name, mask in keep.items())
    score = number + (city == "y") + made["flag"] + random.normal(0, 0.3, count)
    target: Any = score if task == "regression" else np.digitize(score, [0, 1])
    if task == "binary":
        target = np.where(score > 0.5, "yes", "no")
    found = found.with_columns(pl.Series("target", target))
    kind = {"binary": column("category"), "multiclass": column("integer"), "regression": column("number")}[task]
    declared = Schema(task=task, features=columns, target="target", target_column=kind)
    return found, learned(found, found.clear(), declared)


def same_bits(fitted: Fitted, found: list[tuple[Any, ...]]) -> None:
    """Plain rows are predicted as a frame of them is, alone and together."""
    quick = fitted.quick()
    assert quick is not None
    expected = fitted.predict(frame(found, fitted.schema))
    np.testing.assert_array_equal(quick.predict(found), expected)
    alone = np.concatenate([quick.predict([row]) for row in found])
    np.testing.assert_array_equal(alone, expected)


def fit(model: Model, task: Task, **keys: Any) -> Fitted:
    """What a model learns of the training rows."""
    found, schema = training(task, **keys)
    return model.fit(found, None, schema, lambda done, most: None)
