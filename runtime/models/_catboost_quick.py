"""Plain rows predicted by CatBoost, without a frame of polars or pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.column import CategoryColumn, TextColumn
from ..matrix import probabilities
from ..quick import reader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..schema import Schema


class QuickTrees:
    """Trees of CatBoost that take tuples."""

    def __init__(self, model: Any, schema: Schema, inputs: list[str]) -> None:
        """Inputs: those the model uses, in its order."""
        from catboost import Pool

        places = {name: place for place, name in enumerate(schema.inputs)}
        self._model, self._schema, self._pool = model, schema, Pool
        self._readers = [(places[name], reader(name, schema)) for name in inputs]
        columns = [schema.inputs[name] for name in inputs]
        self._categories = [i for i, column in enumerate(columns) if isinstance(column, CategoryColumn)] or None
        self._texts = [i for i, column in enumerate(columns) if isinstance(column, TextColumn)] or None
        self._inputs = inputs
        self._outputs = len(schema.classes or []) if schema.task == "multiclass" else 1

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        """Probabilities or values."""
        raw = self._raw(rows)
        return probabilities(raw, self._schema) if self._schema.classification else raw[:, 0]

    def _raw(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        if not rows:
            return np.empty((0, self._outputs))
        pool = self._pool(
            [[read(row[place]) for place, read in self._readers] for row in rows],
            cat_features=self._categories,
            text_features=self._texts,
            feature_names=self._inputs,
        )
        # One thread: what a pool of threads costs is more than a few rows take.
        found = self._model.predict(pool, prediction_type="RawFormulaVal", thread_count=1)
        return np.asarray(found, dtype=np.float64).reshape(len(rows), self._outputs)
