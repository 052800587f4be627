"""What each input added to a score, for any model: Shapley values from sampled orders of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .deadline import check

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BACKGROUND = 50
"""Rows that stand for what is usual."""
PAIRS = 3
"""Orders of the inputs that are tried, each forwards and backwards."""
_CELLS = 1 << 22  # numbers in memory at once
_SEED = 20_011  # fixed: the same row is explained the same way, alone and among many


@dataclass(frozen=True)
class Effort:
    """How much is sampled for each row."""

    pairs: int = PAIRS
    usual: int = BACKGROUND

    def predictions(self, inputs: int) -> int:
        """How many predictions a row takes."""
        return 2 * self.pairs * self.usual * inputs


FULL = Effort()
_effort: ContextVar[Effort] = ContextVar("effort", default=FULL)


@contextmanager
def sampling(effort: Effort) -> Iterator[None]:
    """Have the explanations of the block sample so much."""
    token = _effort.set(effort)
    try:
        yield
    finally:
        _effort.reset(token)


def usual(background: Array) -> Array:
    """The rows of a background that the effort allows, spread evenly over it."""
    few = min(_effort.get().usual, len(background))
    return background[np.linspace(0, len(background) - 1, few).round().astype(np.int64)]


def contributions(
    score: Callable[[Array], Array], rows: Array, background: Array, groups: NDArray[np.int64], inputs: int
) -> Array:
    """(rows, inputs, outputs): how the score moves when an input takes the row's value instead of a usual row's.

    score: a matrix (n, width) to (n, outputs). rows: (rows, width); background: (usual rows, width);
    groups: which of the inputs each column comes from, (width,).
    Averaged over sampled orders and their reverses (antithetic: Mitchell, Cooper, Frank, Holmes: Sampling permutations
    for Shapley value estimation, 2022) and over the background. The sum over inputs is the row's score less
    the background's mean score exactly, but for rounding; how it is shared among inputs is an estimate.
    Raises TimeoutError when the deadline is over.
    """
    orders = _orders(inputs)
    before = score(background)
    found = np.zeros((len(rows), inputs, before.shape[1]))
    if not groups.size:  # no input became a column
        return found
    for row, into in zip(rows, found, strict=True):
        check()
        into[:] = _row(score, row, background, before, groups, orders)
    return found


def _orders(inputs: int) -> list[NDArray[np.int64]]:
    random = np.random.default_rng(_SEED)
    forwards = [random.permutation(inputs) for _ in range(_effort.get().pairs)]
    return [order for one in forwards for order in (one, one[::-1])]


def _row(
    score: Callable[[Array], Array],
    row: Array,
    background: Array,
    usual: Array,
    groups: NDArray[np.int64],
    orders: list[NDArray[np.int64]],
) -> Array:
    """(inputs, outputs) for one row."""
    found = np.zeros((len(orders[0]), usual.shape[1]))
    own = score(row[None, :])[0]
    at_once = max(1, _CELLS // max(1, background.size))
    for order in orders:
        ranks = np.argsort(order)[groups]  # after how many inputs each column has turned
        before = usual
        for start in range(1, len(order), at_once):
            steps = np.arange(start, min(start + at_once, len(order)))
            turned = ranks[None, None, :] < steps[:, None, None]
            states = np.where(turned, row, background[None]).reshape(-1, row.size)
            scores = score(states).reshape(len(steps), len(background), -1)
            for step, after in zip(steps, scores, strict=True):
                found[order[step - 1]] += (after - before).mean(axis=0)
                before = after
        found[order[-1]] += (own - before).mean(axis=0)
    found /= len(orders)
    return found
