"""How sure a metric is: what it would have been on other rows drawn like these."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .scores import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MOST_ROWS = 50_000
"""Of more rows than this, a sample is weighed, and the interval narrowed to what all of them give."""
_CELLS = 1 << 21  # weights in memory at once
_SEED = 20_011  # fixed: the same rows weigh the same in every run, so that runs compare


def weights(replicates: int, rows: int) -> Iterator[Array]:
    """How often each row is drawn in each replicate, some replicates (n, rows) at a time.

    Counts are Poisson with mean 1, which is a bootstrap of rows whose number is not fixed (Chamandy, Muralidharan, Najmi,
    Naidu: Estimating uncertainty for massive data streams, 2012). The same counts for the same arguments.
    """
    random = np.random.default_rng(_SEED)
    at_once = max(1, _CELLS // rows)
    table = _counts()
    for start in range(0, replicates, at_once):
        drawn = random.integers(0, table.size, (min(at_once, replicates - start), rows), dtype=np.uint16)
        yield table[drawn]


def sample(rows: int) -> NDArray[np.int64] | slice:
    """Which rows to weigh: all of them, or MOST_ROWS of them, always the same."""
    if rows <= MOST_ROWS:
        return slice(None)
    return np.sort(np.random.default_rng(_SEED).choice(rows, MOST_ROWS, replace=False))


def interval(value: float, sampled: float, replicates: Array, rows: int) -> Interval:
    """The 95 % percentile interval around `value`.

    value: on all rows; sampled: on the rows weighed; replicates: on each weighting of those, nan where not defined.
    The spread of a metric falls with the root of the number of rows; by that the interval is narrowed after sampling.
    """
    defined = replicates[~np.isnan(replicates)]
    if math.isnan(value) or not defined.size:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(defined, (0.025, 0.975))
    if rows <= MOST_ROWS:
        return Interval(value, float(low), float(high))
    narrower = math.sqrt(MOST_ROWS / rows)
    return Interval(value, float(value + (low - sampled) * narrower), float(value + (high - sampled) * narrower))


def _counts() -> Array:
    """A table in which 16 random bits find a count: the quantiles of a Poisson distribution with mean 1."""
    probabilities = [math.exp(-1) / math.factorial(count) for count in range(16)]
    middles = (np.arange(1 << 16) + 0.5) / (1 << 16)
    return np.searchsorted(np.cumsum(probabilities), middles).astype(np.float64)
