"""Plain rows predicted by the trees of CatBoost, without a frame of polars or pandas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.column import BooleanColumn, CategoryColumn, IntegerColumn, NumberColumn, TextColumn
from ..matrix import LARGEST, probabilities
from ..quick import reader
from ._catboost_agreed import agreed
from ._catboost_lines import Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..quick import Quick
    from ..schema import Schema
    from ._catboost_tables import Tables

_FEW = 32  # rows up to which reading them one by one is faster


def quick(model: Any, schema: Schema, inputs: list[str]) -> Quick:
    """The quickest way for a catboost.CatBoost. Inputs: those the model uses, in its order."""
    tables = agreed(model, schema, inputs)
    return QuickTrees(model, schema, inputs) if tables is None else QuickTables(tables, schema, inputs)


class QuickTables:
    """Trees in tables that take tuples."""

    def __init__(self, tables: Tables, schema: Schema, inputs: list[str]) -> None:
        self._tables, self._schema = tables, schema
        self._lines = Lines(tables.inputs, inputs, schema)

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        """Probabilities or values."""
        raw = self._tables.raw(self._lines(rows)) if rows else np.empty((0, self._tables.outputs))
        return probabilities(raw, self._schema) if self._schema.classification else raw[:, 0]


class QuickTrees:
    """Trees of CatBoost itself that take tuples."""

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
        self._by_column = [_column_reader(name, schema) for name in inputs]
        self._outputs = len(schema.classes or []) if schema.task == "multiclass" else 1

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        """Probabilities or values."""
        raw = self._raw(rows)
        return probabilities(raw, self._schema) if self._schema.classification else raw[:, 0]

    def _raw(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        if not rows:
            return np.empty((0, self._outputs))
        pool = self._pool(
            self._table(rows)
            if len(rows) > _FEW
            else [[read(row[place]) for place, read in self._readers] for row in rows],
            cat_features=self._categories,
            text_features=self._texts,
            feature_names=self._inputs,
            thread_count=1,
        )
        # One thread: what a pool of threads costs is more than a few rows take.
        found = self._model.predict(pool, prediction_type="RawFormulaVal", thread_count=1)
        return np.asarray(found, dtype=np.float64).reshape(len(rows), self._outputs)

    def _table(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[Any]:
        """The same values as the readers give, column by column."""
        columns = list(zip(*rows, strict=True))
        found = np.empty((len(rows), len(self._readers)), dtype=object)
        for i, ((place, _), read) in enumerate(zip(self._readers, self._by_column, strict=True)):
            found[:, i] = read(columns[place])
        return found


def _column_reader(name: str, schema: Schema) -> Callable[[Sequence[Any]], Any]:
    """What `reader` reads of each value, for all values of a column at once."""
    column = schema.inputs[name]
    if isinstance(column, CategoryColumn):
        places: dict[Any, int] = {label: place for place, label in enumerate(schema.labels(name) or ())}
        return lambda values: list(map(places.get, values, repeat(-1)))
    if isinstance(column, IntegerColumn | NumberColumn | BooleanColumn):
        return lambda values: np.clip(np.array(values, dtype=np.float64), -LARGEST, LARGEST)
    read = reader(name, schema)
    return lambda values: list(map(read, values))
