"""Plain rows to the lines of their values, by which tables of trees are asked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.column import BooleanColumn, CategoryColumn, IntegerColumn, NumberColumn
from ..quick import reader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..schema import Schema
    from ._catboost_tables import Input

    Array = NDArray[np.float64]

_FEW = 7
"""Rows up to which reading them value by value is faster."""


class Lines:
    """Reads rows that are tuples of schema.inputs."""

    def __init__(self, inputs: list[Input], names: list[str], schema: Schema) -> None:
        """Names: those of the model's inputs, in its order."""
        places = {name: place for place, name in enumerate(schema.inputs)}
        self._numbers = Numbers([it for it in inputs if it.edges is not None])
        self._reads: list[tuple[int, Callable[[Any], Any] | None]] = []
        self._labels: list[tuple[int, Callable[[Any, int], int], int]] = []
        self._readers: list[tuple[int, Callable[[Any], int]]] = []
        for it in inputs:
            name = names[it.place]
            place, column = places[name], schema.inputs[name]
            if isinstance(column, CategoryColumn):
                get = {label: it.start + code for code, label in enumerate(schema.labels(name) or ())}.get
                self._labels.append((place, get, it.missing))
                self._readers.append((place, _label(get, it.missing)))
                continue
            plain = isinstance(column, IntegerColumn | NumberColumn | BooleanColumn)
            read = None if plain else reader(name, schema)
            self._reads.append((place, read))
            self._readers.append((place, _number(it, read or _as_it_is)))

    def __call__(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.intp]:
        """(inputs, rows)"""
        if len(rows) == 1:
            row = rows[0]
            return np.array([line(row[place]) for place, line in self._readers], dtype=np.intp)[:, None]
        columns = list(zip(*rows, strict=True))
        if len(rows) <= _FEW:
            return np.array([[*map(line, columns[place])] for place, line in self._readers], dtype=np.intp)
        found = np.empty((len(self._readers), len(rows)), dtype=np.intp)
        if self._reads:
            values = [columns[place] if read is None else [*map(read, columns[place])] for place, read in self._reads]
            self._numbers.lines(np.array(values, dtype=np.float64), found)
        if self._labels:
            read = chain.from_iterable(map(get, columns[place], repeat(last)) for place, get, last in self._labels)
            found[len(self._reads) :] = np.fromiter(read, np.intp).reshape(-1, len(rows))
        return found


class Numbers:
    """Reads the columns of numbers."""

    def __init__(self, inputs: list[Input]) -> None:
        self._edges = [it.edges for it in inputs if it.edges is not None]
        # A missing value is below all edges, or above as nan is.
        self._low = np.array([-np.inf if it.missing == it.start else np.nan for it in inputs])[:, None]
        self._starts = np.array([it.start for it in inputs], dtype=np.intp)[:, None]

    def lines(self, values: Array, out: NDArray[np.intp]) -> None:
        """Values: (numbers, rows), which are changed; out: its first rows get their lines."""
        np.fmax(values, self._low, out=values)
        for i, edges in enumerate(self._edges):
            out[i] = edges.searchsorted(values[i])
        out[: len(values)] += self._starts


def lines(inputs: list[Input], cells: NDArray[Any]) -> NDArray[np.intp]:
    """(inputs, rows) of rows as CatBoost takes them: numbers, and codes of labels; (rows, inputs of the model)."""
    numbers = [it for it in inputs if it.edges is not None]
    found = np.empty((len(inputs), len(cells)), dtype=np.intp)
    Numbers(numbers).lines(cells[:, [it.place for it in numbers]].T.astype(np.float64), found)
    for i, it in enumerate(inputs[len(numbers) :], len(numbers)):
        codes = cells[:, it.place].astype(np.intp)
        found[i] = np.where(codes < 0, it.missing, it.start + codes)
    return found


def _label(get: Callable[[Any, int], int], missing: int) -> Callable[[Any], int]:
    return lambda value: get(value, missing)


def _number(it: Input, read: Callable[[Any], Any]) -> Callable[[Any], int]:
    edges, start, missing = ([] if it.edges is None else it.edges.tolist()), it.start, it.missing
    if read is not _as_it_is:
        line = _number(it, _as_it_is)
        return lambda value: line(read(value))
    return lambda value: missing if value is None or value != value else start + bisect_left(edges, float(value))


def _as_it_is(value: Any) -> Any:
    return value


def thresholds(borders: NDArray[np.float32]) -> NDArray[np.float64]:
    """The largest 64-bit numbers that are not above these borders when they are rounded to 32 bits, (borders,)."""
    with np.errstate(over="ignore"):
        after = np.nextafter(borders, np.float32(np.inf)).astype(np.float64)
        middle = (borders.astype(np.float64) + after) / 2  # exact; it is rounded to the border or to the next
        found = np.where(middle.astype(np.float32) > borders, np.nextafter(middle, -np.inf), middle)
    return np.where(np.isinf(after), np.inf, found)
