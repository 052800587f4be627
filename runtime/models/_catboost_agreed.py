"""Tables of a CatBoost model that predict as it does, bit for bit: they are made and compared before they are used."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.column import CategoryColumn, TextColumn
from ..matrix import LARGEST
from ._catboost_compile import compiled
from ._catboost_json import UnknownModel, symmetric
from ._catboost_lines import lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..schema import Schema
    from ._catboost_tables import Tables

_log = logging.getLogger("overture")
_ROWS = 1000
_MOST_ROWS = 5000
"""Rows that are compared: more than _ROWS where a column has more labels."""
_TOGETHER = (2, 3, 17, 40, 130)
"""So many rows are predicted at once, besides each alone and all together: tables go different ways for few and for many."""


def agreed(model: Any, schema: Schema, inputs: list[str]) -> Tables | None:
    """The tables of a catboost.CatBoost with these inputs; None where it cannot be made into some that predict alike."""
    columns = [schema.inputs[name] for name in inputs]
    if any(isinstance(column, TextColumn) for column in columns):
        return None
    labels = [
        len(schema.labels(name) or ()) if isinstance(column, CategoryColumn) else None
        for name, column in zip(inputs, columns, strict=True)
    ]
    try:
        tables = compiled(symmetric(model, _codes(labels, inputs)), [it for it in labels if it is not None])
        if _alike(model, tables, labels, inputs):
            return tables
    except (UnknownModel, MemoryError, OSError) as error:
        _log.debug("the trees of CatBoost are asked as they are: %r", error)
    except Exception as error:  # CatBoost writes its models otherwise than it did
        _log.warning("no tables can be made of CatBoost's trees, so those are asked as they are: %r", error)
    else:
        _log.warning(
            "the tables made of CatBoost's trees predict otherwise than the trees, so those are asked as they are"
        )
    return None


def _alike(model: Any, tables: Tables, labels: list[int | None], inputs: list[str]) -> bool:
    """Are drawn rows predicted to the same bits, alone and together?"""
    cells = _drawn(tables, labels)
    found = model.predict(_pool(cells, labels, inputs), prediction_type="RawFormulaVal", thread_count=1)
    expected = np.asarray(found, dtype=np.float64).reshape(len(cells), -1)
    known = lines(tables.inputs, cells)
    spans = [(0, len(cells)), *((row, row + 1) for row in range(40))]
    together = (*_TOGETHER, tables.step + 1)
    spans += [(start, start + rows) for rows in together for start in range(0, min(4 * rows, len(cells)), rows)]
    return all(tables.raw(known[:, start:end]).tobytes() == expected[start:end].tobytes() for start, end in spans)


def _drawn(tables: Tables, labels: list[int | None]) -> NDArray[Any]:
    """Rows of every label, and of numbers on both sides of every border, (rows, inputs)."""
    random = np.random.default_rng(0)
    rows = min(max(_ROWS, *(2 + it for it in labels if it is not None), 0), _MOST_ROWS)
    edges = {it.place: it.edges for it in tables.inputs}
    cells = np.empty((rows, len(labels)), dtype=object)
    for place, known in enumerate(labels):
        if known is not None:
            cells[:, place] = random.permutation(np.arange(rows) % (known + 1) - 1).tolist()
        else:
            cells[:, place] = _numbers(edges.get(place), rows, random).tolist()
    return cells


def _numbers(edges: NDArray[np.float64] | None, rows: int, random: np.random.Generator) -> NDArray[np.float64]:
    known = np.empty(0) if edges is None else edges
    found = np.concatenate([known, np.nextafter(known, np.inf), [np.nan, 0.0, -LARGEST, LARGEST]])
    return random.permutation(np.resize(random.permutation(np.clip(found, -LARGEST, LARGEST)), rows))


def _codes(labels: list[int | None], inputs: list[str]) -> Any:
    """A pool that holds every code of a label; None where there are no categories."""
    known = [it for it in labels if it is not None]
    if not known:
        return None
    rows = [[0.0 if it is None else code for it in labels] for code in range(-1, max(known))]
    return _pool(rows, labels, inputs)


def _pool(cells: Any, labels: list[int | None], inputs: list[str]) -> Any:
    from catboost import Pool

    categories = [place for place, it in enumerate(labels) if it is not None]
    return Pool(cells, cat_features=categories or None, feature_names=inputs, thread_count=1)
