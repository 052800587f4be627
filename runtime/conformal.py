"""Intervals about predicted values that hold a promised share of the true ones, by split conformal prediction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .errors import Mistake, Problem
from .prediction import BOUNDS

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def margin(misses: Array, level: float) -> float:
    """How far the bounds must move out so that a further value lies within with probability `level` at least.

    misses: by how much each validation value lies outside of its bounds, negative where it lies within, (rows,).
    Raises Mistake when the rows are too few for the level.
    """
    rank = _up((len(misses) + 1) * level)
    if rank > len(misses):
        needed = _up(level / (1 - level))
        what = f"an interval of level {level:g} needs {needed:,} validation rows; there are {len(misses):,}."
        raise Mistake(Problem(what, ("model", "interval", "level"), hint="Set more rows aside, or lower the level."))
    return float(np.sort(misses)[rank - 1])


def _up(number: float) -> int:
    """The next whole number, 9.000000001 being 9: levels are decimal."""
    return math.ceil(round(number, 9))


def about(values: Array, low: Array, high: Array, margin: float) -> Array:
    """Bounds (rows, 2) moved out by the margin, and never beyond the predicted value."""
    return np.stack([np.minimum(low - margin, values), np.maximum(high + margin, values)], axis=1)


def covered(predictions: pl.DataFrame) -> tuple[float, float] | None:
    """The share of true values within their bounds, and the mean width; None where predictions have no bounds."""
    if not {*BOUNDS} <= {*predictions.columns} or predictions.is_empty():
        return None
    truth, low, high = (predictions[name].cast(float).to_numpy() for name in ("target", *BOUNDS))
    return float(((truth >= low) & (truth <= high)).mean()), float((high - low).mean())
