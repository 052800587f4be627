"""What the columns of a table hold: missing, different and far-out values, how they are spread, what goes with the target.

Rows, missing and different values, least, greatest and mean are counted over all rows. How values are spread, and what
goes with the target, is told from at most 100,000 rows, taken evenly from the whole table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .goes_with import Answer, Relation, relation

if TYPE_CHECKING:
    import polars as pl

    from .subject import Subject

BINS, LABELS = 24, 8
_FENCE = 3.0
"""Tukey's outer fence, in lengths of the middle half: values beyond it are far out (Exploratory Data Analysis, 1977)."""
_COUNTABLE = 2**50  # whole numbers beyond it lie too close for a float to tell their edges
_EDGE = 0.005  # the share of values at each end that a histogram leaves out


@dataclass(frozen=True)
class Bin:
    """How many rows of the sample lie from one number to another; days since 1970 where a column holds days or moments."""

    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Facts:
    """One column. What tells a value is empty where the column is personal."""

    name: str
    type: str
    personal: bool
    missing: int
    distinct: int
    low: float | str | None = None
    high: float | str | None = None
    mean: float | None = None
    median: float | None = None
    half: tuple[float, float] | None = None
    """The first and the third quartile: the middle half of the values lies between them."""
    far: int | None = None
    """Numbers more than three times the length of the middle half away from it."""
    bins: tuple[Bin, ...] = ()
    labels: tuple[tuple[str, int], ...] = ()
    """The most frequent values and their rows."""
    relation: Relation | None = None
    """How it goes with the target; None: there is no target, or too few rows to tell."""


def look(subject: Subject, sample: pl.DataFrame, positive: str | None) -> tuple[Facts, ...]:
    """Look at every column of a table.

    sample: some of its rows. positive: the class whose share is told by value.
    """
    frame = subject.frame
    answer = Answer.of(sample, subject.target, subject.task, positive) if subject.target and subject.task else None
    counted = _counted(frame)
    found = []
    for name in frame.columns:
        missing, distinct, low, high, mean = (counted[f"{fact} {name}"] for fact in _EACH)
        facts = Facts(name, subject.types[name], name in subject.personal, missing, distinct)
        if answer is not None and name != subject.target:
            facts = replace(facts, relation=relation(sample[name], answer, told=not facts.personal))
        if not facts.personal and missing < frame.height:
            facts = _valued(replace(facts, low=low, high=high, mean=mean), frame[name], sample[name])
        found.append(facts)
    return tuple(found)


_EACH = ("missing", "distinct", "low", "high", "mean")


def _counted(frame: pl.DataFrame) -> dict[str, Any]:
    """What is counted over all rows, of all columns at once."""
    import polars as pl

    def each(name: str, dtype: pl.DataType) -> list[pl.Expr]:
        column = pl.col(name)
        numeric, ordered = dtype.is_numeric(), dtype.is_numeric() or dtype.is_temporal()
        found = [
            column.null_count(),
            column.n_unique() - (column.null_count() > 0),
            column.min() if ordered else pl.lit(None),
            column.max() if ordered else pl.lit(None),
            column.mean() if numeric else pl.lit(None),
        ]
        return [it.alias(f"{fact} {name}") for fact, it in zip(_EACH, found, strict=True)]

    return frame.select(it for name, dtype in frame.schema.items() for it in each(name, dtype)).row(0, named=True)


def _valued(facts: Facts, whole: pl.Series, sample: pl.Series) -> Facts:
    """With what tells values."""
    import polars as pl

    if whole.dtype.is_numeric():
        return _amounts(facts, whole, sample)
    if whole.dtype.is_temporal():
        days = sample.drop_nulls().cast(pl.Datetime("us")).dt.epoch("us") / 86_400_000_000
        return replace(facts, low=_moment(facts.low), high=_moment(facts.high), bins=_bins(days))
    return _labels(facts, whole)


def _moment(value: object) -> str:
    return str(value).replace("+00:00", "Z")


def _amounts(facts: Facts, whole: pl.Series, sample: pl.Series) -> Facts:
    import polars as pl

    present = sample.drop_nulls().cast(pl.Float64)
    first, median, third = (present.quantile(at, "linear") or 0.0 for at in (0.25, 0.5, 0.75))
    reach = _FENCE * (third - first)
    far = int(((whole < first - reach) | (whole > third + reach)).sum()) if reach > 0 else None
    return replace(facts, median=median, half=(first, third), far=far, bins=_bins(present, whole.dtype.is_integer()))


def _labels(facts: Facts, whole: pl.Series) -> Facts:
    """The most frequent values, where values come again."""
    import polars as pl

    if facts.distinct * 2 > whole.len() - facts.missing and facts.distinct > LABELS:
        return facts
    counts = whole.cast(pl.String).drop_nulls().rename("label").value_counts()
    first = counts.sort(["count", "label"], descending=[True, False]).head(LABELS)
    return replace(facts, labels=tuple(first.iter_rows()))


def _bins(present: pl.Series, whole: bool = False) -> tuple[Bin, ...]:
    """Bins of equal width over all values but the most extreme; over all of them where they are few.

    whole: the values are whole numbers, so that every bin holds as many of them.
    """
    import numpy as np

    values = present.to_numpy()
    values = values[np.isfinite(values)]
    if not values.size:
        return ()
    several = np.unique(values[:1000]).size > BINS
    low, high = np.quantile(values, [_EDGE, 1 - _EDGE]) if several else (values.min(), values.max())
    if whole and max(abs(low), abs(high)) < _COUNTABLE:
        wide = max(1, -(-int(high - low + 1) // BINS)) if high - low >= 2 * BINS else 1
        edges = np.arange(np.floor(low) - 0.5, np.ceil(high) + wide, wide)
    else:
        low, high = (low, high) if high > low else (low - 0.5, low + 0.5)
        edges = np.linspace(low, high, BINS + 1)
    counts, _ = np.histogram(values[(values >= edges[0]) & (values <= edges[-1])], edges)
    each = zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    return tuple(Bin(left, right, rows) for left, right, rows in each)
