"""Rows as CatBoost takes them: numbers as 32-bit floats, categories as the code of their label, text as it is.

A code is the place of a label in its pinned order, written as digits, and -1 where the value is missing or was never
seen; so nothing a label says can collide, and a saved model holds no label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.column import CategoryColumn, TextColumn
from ..matrix import codes, narrow_codes, narrow_numbers, targets, texts
from ..threads import at_once

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ..schema import Schema

FEW = 512
"""Up to so many rows lists are quicker than a pandas frame, and pandas stays off the path of a request."""


def pool(frame: pl.DataFrame, schema: Schema, inputs: list[str], label: NDArray[np.float64] | None = None) -> Any:
    """A catboost.Pool of the inputs, in their order; `label` as matrix.targets numbers it."""
    from catboost import Pool

    categories = [i for i, name in enumerate(inputs) if isinstance(schema.inputs[name], CategoryColumn)]
    written = [i for i, name in enumerate(inputs) if isinstance(schema.inputs[name], TextColumn)]
    if not categories and not written:
        rows: Any = _numeric(frame, inputs)
    else:
        rows = (_listed if frame.height <= FEW else _framed)(frame, schema, inputs)
    return Pool(
        rows,
        label=label,
        cat_features=categories or None,
        text_features=written or None,
        feature_names=inputs,
    )


def weighted(frame: pl.DataFrame, schema: Schema, inputs: list[str], counts: NDArray[np.float64] | None) -> Any:
    """A catboost.Pool of rows to learn from, and how much each counts; None: all the same."""
    found = pool(frame, schema, inputs, targets(frame, schema))
    if counts is not None:
        found.set_weight(counts)
    return found


def _numeric(frame: pl.DataFrame, inputs: list[str]) -> NDArray[np.float32]:
    found = np.empty((frame.height, len(inputs)), dtype=np.float32, order="F")

    def fill(place: int) -> None:
        found[:, place] = narrow_numbers(frame[inputs[place]])

    at_once(fill, range(len(inputs)))
    return found


def _listed(frame: pl.DataFrame, schema: Schema, inputs: list[str]) -> list[list[Any]]:
    columns: list[list[Any]] = []
    for name in inputs:
        column, values = schema.inputs[name], frame[name]
        if isinstance(column, CategoryColumn):
            columns.append(codes(values, schema.labels(name)).tolist())
        elif isinstance(column, TextColumn):
            columns.append(texts(values))
        else:
            columns.append(narrow_numbers(values).tolist())
    return [list(row) for row in zip(*columns, strict=True)]


def _framed(frame: pl.DataFrame, schema: Schema, inputs: list[str]) -> Any:
    import pandas as pd

    def column(name: str) -> Any:
        described, values = schema.inputs[name], frame[name]
        if isinstance(described, CategoryColumn):
            labels = schema.labels(name) or []
            digits = [str(code) for code in range(-1, len(labels))]
            return pd.Categorical.from_codes(narrow_codes(values, labels), categories=digits, validate=False)
        return pd.Series(texts(values), dtype=object) if isinstance(described, TextColumn) else narrow_numbers(values)

    return pd.DataFrame(dict(zip(inputs, at_once(column, inputs), strict=True)), copy=False)
