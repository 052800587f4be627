"""Plain rows predicted by hist_gradient_boosting, without going down its trees.

Each leaf of a tree is a bit. Which leaves a value of one input allows is looked up for all trees at once; the one leaf that all
inputs allow is where the row ends (after Lucchese and others: QuickScorer, 2015; here every lookup is made beforehand, which
the few thresholds of a binned column permit).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..encoding import Label, Number
from ..quick import reader
from ._trees import leaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..encoding import Encoding
    from ..schema import Schema
    from ._trees import Ensemble, Nodes

    Array = NDArray[np.float64]

LARGEST = 96 << 20
"""Bytes that the lookups may take."""
_AT_ONCE = 2 << 20  # bytes that are looked up in one go
_WORDS = [np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)]


class QuickBoosting:
    """Boosted trees that take tuples."""

    def __init__(self, encoding: Encoding, schema: Schema, trees: Ensemble, outputs: Callable[[Array], Array]) -> None:
        """Outputs: from raw scores (rows, outputs) to probabilities or values. The encoding is of numbers and labels.

        Raises MemoryError when the lookups would be too large.
        """
        self._outputs, self._start = outputs, trees.start
        grown = [_Tree(nodes) for nodes in trees.trees]
        most = max(len(tree.values) for tree in grown)
        self._word = next((it for it in _WORDS if it.itemsize * 8 >= most), _WORDS[-1])
        self._words = -(-most // (self._word.itemsize * 8))
        self._values = np.concatenate([np.pad(tree.values, (0, most - len(tree.values))) for tree in grown])
        self._firsts = np.arange(len(grown)) * most
        inputs = [*_inputs(encoding, schema, trees.trees)]
        self._bits = self._lookups(grown, inputs)
        starts = np.cumsum([0, *(len(it.cells) for it in inputs)]).tolist()
        self._inputs = [(it.place, it.line, start) for it, start in zip(inputs, starts, strict=False)]

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        """Probabilities or values."""
        inputs = self._inputs
        lines = np.array([[line(row[at]) + start for at, line, start in inputs] for row in rows], dtype=np.intp)
        lines = lines.reshape(len(rows), len(inputs))
        step = max(1, _AT_ONCE // (self._bits[0].nbytes * len(inputs)))
        sums = [self._sums(lines[start : start + step]) for start in range(0, max(1, len(rows)), step)]
        return self._outputs(sums[0] if len(sums) == 1 else np.concatenate(sums))

    def _sums(self, lines: NDArray[np.intp]) -> Array:
        """(rows, outputs): added tree by tree, as the estimator does."""
        rows, trees, outputs = len(lines), len(self._firsts), len(self._start)
        leaf = np.bitwise_and.reduce(self._bits.take(lines, axis=0), axis=1)  # one bit a tree
        below = np.bitwise_count(leaf - leaf.dtype.type(1))
        if self._words > 1:
            there = leaf.reshape(rows, trees, self._words) != 0
            below = ((below.reshape(there.shape) + np.arange(self._words) * 64) * there).sum(axis=2)
        added = np.empty((rows, trees // outputs + 1, outputs))
        added[:, 0] = self._start
        added[:, 1:] = self._values.take(below + self._firsts).reshape(rows, trees // outputs, outputs)
        return np.add.accumulate(added, axis=1, out=added)[:, -1]

    def _lookups(self, grown: list[_Tree], inputs: list[_Input]) -> NDArray[Any]:
        """For each line of each input, the leaves of every tree that it allows: (lines, trees * words)."""
        lines = sum(len(it.cells) for it in inputs)
        size = lines * len(grown) * self._words * self._word.itemsize
        if size > LARGEST:
            raise MemoryError
        bits = np.zeros((lines, len(grown), self._words * self._word.itemsize), dtype=np.uint8)
        for number, tree in enumerate(grown):
            allowed = np.concatenate([tree.allowed(it.column, it.cells) for it in inputs])
            packed = np.packbits(allowed, axis=1, bitorder="little")
            bits[:, number, : packed.shape[1]] = packed
        return bits.reshape(len(bits), -1).view(self._word)


@dataclass(frozen=True)
class _Input:
    """How one input is looked up."""

    place: int
    """Where it stands in a row."""
    column: int
    """Its first column of the matrix."""
    cells: Array
    """What its columns may hold, as far as the trees can tell: (lines, columns)."""
    line: Callable[[Any], int]
    """Which line a plain value is."""


def _inputs(encoding: Encoding, schema: Schema, trees: list[Nodes]) -> Iterator[_Input]:
    """The inputs that a tree splits on; one at least."""
    splits: dict[int, list[Array]] = {}
    for nodes in trees:
        for column in np.unique(nodes.column[nodes.left >= 0]):
            splits.setdefault(int(column), []).append(nodes.threshold[(nodes.left >= 0) & (nodes.column == column)])
    found, column = False, 0
    for place, (name, part) in enumerate(encoding.parts.items()):
        columns = range(column, column + part.width)
        last = place == len(encoding.parts) - 1
        if any(it in splits for it in columns) or (last and not found):
            found, read = True, reader(name, schema)
            if isinstance(part, Number):
                thresholds = np.unique(np.concatenate(splits.get(column, [np.empty(0)])))
                yield _Input(place, column, *_number(part, thresholds, read))
            elif isinstance(part, Label):
                yield _Input(place, column, part.table, _label(read, len(part.table) - 1))
        column += part.width


def _label(read: Callable[[Any], int], last: int) -> Callable[[Any], int]:
    return lambda value: last if (code := read(value)) < 0 else code


def _number(part: Number, thresholds: Array, read: Callable[[Any], float]) -> tuple[Array, Callable[[Any], int]]:
    """A line for what lies up to each threshold, one for what lies beyond, and one for a missing value."""
    fill, shift, scale = (float(it) for it in (part.fill, part.shift, part.scale))
    cells = np.zeros((len(thresholds) + 2, part.width))
    cells[:, 0] = [*thresholds, np.inf, (fill - shift) / scale]
    cells[-1, 1:] = 1.0  # the indicator
    edges, missing, plain = thresholds.tolist(), len(thresholds) + 1, (shift, scale) == (0.0, 1.0)

    def line(value: Any) -> int:
        found = read(value)
        return missing if found != found else bisect_left(edges, found if plain else (found - shift) / scale)

    return cells, line


class _Tree:
    """One tree, by its leaves from left to right."""

    def __init__(self, nodes: Nodes) -> None:
        order, self._spans = leaves(nodes)
        self.values: Array = nodes.value[order, 0]
        self._nodes = nodes
        self._splits = np.flatnonzero(nodes.left >= 0)

    def allowed(self, column: int, cells: Array) -> NDArray[np.bool_]:
        """(lines, leaves): may a row end there whose columns from this one on hold such cells?"""
        found = np.ones((len(cells), len(self.values)), dtype=bool)
        nodes, width = self._nodes, cells.shape[1]
        here = self._splits[(nodes.column[self._splits] >= column) & (nodes.column[self._splits] < column + width)]
        left = nodes.goes_left(here, cells[:, nodes.column[here] - column])
        for node, goes in zip(here, left.T, strict=True):
            first, end = self._spans[nodes.left[node]]
            found[:, first:end] &= goes[:, None]
            first, end = self._spans[nodes.right[node]]
            found[:, first:end] &= ~goes[:, None]
        return found
