"""Exact SHAP values of trees: what each column adds to their sum, when a column that is not known goes both ways by the weight
of the training rows (Lundberg, Erion, Lee: Consistent individualized feature attribution for tree ensembles, 2018, Algorithm 2).

A path of a tree is a product: each column on it contributes its share of the training rows when it is not known, and 0 or 1 when it
is. Shapley's weight of a set of k of m columns, k! (m-1-k)! / m!, is the integral of x^k (1-x)^(m-1-k) from 0 to 1; so the
sum over all sets is the integral of the product of (1-x) share + x known, a polynomial, which Gauss-Legendre
quadrature gives exactly. Products of a path begin like those of its parent's, and leaves are added up from below, so that
a row costs one step a node (the order of Yu, Xu, Bifet, Read: Linear TreeShap, 2022).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..deadline import check
from ._trees import Nodes, levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._trees import Ensemble

    Array = NDArray[np.float64]

_AT_ONCE = 32_768  # nodes whose numbers stay close to the processor
_KEPT = 4_000_000  # nodes whose places are kept from one call to the next, for a hundred bytes each


class TreeShapley:
    """What each column of the matrix adds to the sums of an ensemble."""

    def __init__(self, trees: Ensemble, outputs: list[int]) -> None:
        """Outputs: the sums that are wanted.

        Raises ValueError when a node was reached by no weight of training rows.
        """
        if any((nodes.cover <= 0).any() for nodes in trees.trees):
            raise ValueError
        self._ensemble, self.outputs = trees, outputs
        self._share = 1.0 if trees.boosted else 1 / len(trees.trees)
        self.nodes = sum(len(nodes.left) for nodes in trees.trees)
        """That a row is followed through."""
        self._kept = [*self._parts()] if self.nodes <= _KEPT else None
        expected = np.stack([part.expected for part in self._kept or self._parts()]).sum(axis=0)
        self.base: Array = (trees.start + expected * self._share)[outputs]
        """What the sums are when no column is known, (outputs,)."""

    def contributions(self, matrix: Array) -> Array:
        """(rows, width, outputs): with the base they add up to the sums.

        Raises TimeoutError when the deadline is over.
        """
        found = np.zeros((*matrix.shape, len(self.outputs)))
        if not self._ensemble.boosted:  # forests look at 32 bits of a value
            matrix = matrix.astype(np.float32).astype(np.float64)
        for part in self._kept or self._parts():
            for row, into in zip(matrix, found, strict=True):
                check()
                part.add(row, self.outputs, into)
        return found * self._share

    def _parts(self) -> Iterator[_Part]:
        group, size = [], 0
        for number, nodes in enumerate(self._ensemble.trees):
            group.append((number, nodes))
            size += len(nodes.left)
            if size > _AT_ONCE or number == len(self._ensemble.trees) - 1:
                yield _Part(group, self._ensemble)
                group, size = [], 0


class _Part:
    """Some trees, their nodes level by level, the children of a node side by side.

    An edge is named by the node below it; a root has none, and stands for an edge that changes nothing: its factor is 1.
    """

    def __init__(self, group: list[tuple[int, Nodes]], trees: Ensemble) -> None:
        """Group: the trees with their numbers."""
        joined, roots = Nodes.together([nodes for _, nodes in group])
        by_level = levels(joined, roots)
        nodes = self._nodes = joined.taken(np.concatenate(by_level))
        self._boosted, self._inner = trees.boosted, np.flatnonzero(nodes.left >= 0)
        self._parent = np.concatenate([np.full(len(roots), -1), np.repeat(self._inner, 2)])
        self._column = np.where(self._parent >= 0, nodes.column[self._parent], -1)
        self._above = _above(self._parent, self._column)
        ends = np.cumsum([len(it) for it in by_level]).tolist()
        self._levels = [slice(start, end) for start, end in pairwise(ends)]
        self._output = np.zeros(len(self._parent), dtype=np.int64)
        self._output[: len(roots)] = [number % trees.outputs for number, _ in group]
        self._share = np.where(self._parent >= 0, nodes.cover / nodes.cover[self._parent], 1.0)
        reached, asked = self._share.copy(), np.zeros(len(self._parent), dtype=np.int64)
        for here in self._levels:
            parent, above = self._parent[here], self._above[here]
            self._share[here] *= self._share[above]
            self._output[here] = self._output[parent]
            reached[here] *= reached[parent]
            asked[here] = asked[parent] + (above < len(roots))
        points, weights = np.polynomial.legendre.leggauss(max(1, -(-int(asked.max()) // 2)))
        self._points, self._weights = (points + 1) / 2, weights / 2
        self.expected = self._summed(nodes.value * (reached * (nodes.left < 0))[:, None], trees.outputs)

    def _summed(self, values: Array, outputs: int) -> Array:
        """Values (nodes, 1 or outputs) by output."""
        if not self._boosted:
            return np.asarray(values.sum(axis=0))
        return np.bincount(self._output, values[:, 0], outputs).astype(np.float64)

    def add(self, row: Array, outputs: list[int], into: Array) -> None:
        """Into: (width, outputs)."""
        slopes, products = self._slopes_and_products(row)
        column, chosen = np.maximum(self._column, 0), slice(None)
        for place, output in enumerate(outputs):
            if self._boosted and len(outputs) > 1:
                chosen = self._output == output
            values = self._nodes.value[:, 0 if self._boosted else output]
            moved = (self._below(products * values) * slopes).sum(axis=0)
            into[:, place] += np.bincount(column[chosen], moved[chosen], len(into))

    def _slopes_and_products(self, row: Array) -> tuple[Array, Array]:
        """Both (points, nodes): what the edge to a node changes, in shares of the product of all factors from the root, by the
        weights of the points; and this product."""
        left = self._nodes.goes_left(self._inner, row[self._nodes.column[self._inner]])
        known = np.ones(len(self._parent), dtype=bool)
        known[len(known) - 2 * len(left) :] = np.stack([left, ~left], axis=1).ravel()
        for here in self._levels:
            known[here] &= known[self._above[here]]
        factor = np.multiply.outer(1 - self._points, self._share)
        factor += np.multiply.outer(self._points, known)
        products = factor / factor.take(self._above, axis=1)
        for here in self._levels:
            products[:, here] *= products.take(self._parent[here], axis=1)
        slopes = (known - self._share) / factor
        slopes -= slopes.take(self._above, axis=1)
        slopes *= self._weights[:, None]
        return slopes, products

    def _below(self, products: Array) -> Array:
        """The sums over the leaves below each node, in place."""
        products[:, self._inner] = 0.0
        for here in reversed(self._levels):
            sums = products[:, here]
            products[:, self._parent[here][::2]] = sums[:, ::2] + sums[:, 1::2]
        return products


def _above(parent: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each node, the nearest node above whose edge asks for the same column; a root where there is none."""
    found = np.maximum(parent, 0)
    while len(wrong := np.flatnonzero((parent[found] >= 0) & (column[found] != column))):
        found[wrong] = parent[found[wrong]]
    return found
