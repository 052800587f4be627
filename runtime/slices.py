"""Metrics on parts of the test rows, one part a label or a range of a column: where a model is weaker than on the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .scores import Interval

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .metric import Metric
    from .schema import Schema

LEAST_ROWS = 20
"""A part with fewer rows is named, but not scored: its metrics would be noise."""
MOST_PARTS = 20
"""Labels of a column that are told apart, the most frequent ones; the others are one part together."""
FEW = 10
"""Whole numbers with so many values at most are labels; others, like every number and moment, are cut into quarters."""
MISSING, OTHERS = "missing", "all others"


@dataclass(frozen=True)
class Slice:
    """A part of the test rows, and how good the model is on it."""

    column: str
    value: str
    """The label or range, for people."""
    rows: int
    metrics: dict[str, Interval]
    """Empty where the rows are fewer than LEAST_ROWS, or none of them can be scored."""


def slices(
    names: list[str],
    test: pl.DataFrame,
    predicted: NDArray[np.float64],
    schema: Schema,
    metrics: dict[str, Metric],
    replicates: int,
) -> list[Slice]:
    """The parts of the test rows by each column of `names`, in the order of labels or ranges.

    test: the rows; predicted: (rows, classes) or (rows,), as Fitted.predict gives it. Each metric with its 95 % interval.
    """
    from .measuring import Judged, intervals, scoreable

    found = []
    for name in names:
        for value, chosen in _parts(test[name]):
            rows = int(chosen.sum())
            scored: dict[str, Interval] = {}
            if rows >= LEAST_ROWS:
                truth, model = scoreable(test[schema.target].filter(chosen), predicted[chosen.to_numpy()], schema)
                if truth.size >= LEAST_ROWS:
                    scored, _ = intervals(Judged(truth, model, model), metrics, replicates)
            found.append(Slice(name, value, rows, scored))
    return found


def _parts(values: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """What each part is called, and which rows are in it."""
    dtype = values.dtype
    if (dtype.is_float() or dtype.is_temporal() or dtype.is_integer()) and values.n_unique() > FEW:
        yield from _quarters(values)
    else:
        yield from _labels(values)
    if values.null_count():
        yield MISSING, values.is_null()


def _labels(values: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    counts = values.drop_nulls().value_counts().sort(["count", values.name], descending=[True, False])
    told = counts[values.name].head(MOST_PARTS).sort()
    for label in told:
        yield _said(label), (values == label).fill_null(False)
    rest = values.is_not_null() & ~values.is_in(told.implode()).fill_null(False)
    if rest.any():
        yield OTHERS, rest


def _quarters(values: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """Up to each quartile, those that are equal taken once; every range holds its upper end."""
    ends = values.drop_nulls().sort()
    cuts = ends.gather(sorted({(ends.len() - 1) * part // 4 for part in (1, 2, 3, 4)})).unique().sort().to_list()
    low = None
    for high in cuts:
        inside = (values <= high).fill_null(False)
        if low is not None:
            inside &= (values > low).fill_null(False)
        yield f"up to {_said(high)}" if low is None else f"above {_said(low)}, up to {_said(high)}", inside
        low = high


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)
