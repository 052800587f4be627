"""How a column goes with the target: how much of it the column explains by itself, and what the target is by its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

STRETCHES, LABELS = 12, 8
_CLASSES = 20  # of the target; the rarer ones are not looked at
_FEW = 30  # rows below which every relation may be chance
_ALONE = 2  # rows a group must have on average to say anything


@dataclass(frozen=True)
class Group:
    """The rows with one value of a column, or with values close to each other."""

    value: str
    """The label; of numbers the middle one."""
    at: float | None
    """Where the middle is; days since 1970 for days and moments; None for labels."""
    rows: int
    target: float
    """The target's mean, or the share of the positive class."""


@dataclass(frozen=True)
class Relation:
    """How one column goes with the target."""

    explains: float
    """The share of what varies in the target that the column explains by itself, 0 to 1: the correlation ratio
    (eta squared), less what as many groups would explain by chance (epsilon squared, Kelley 1935). Numbers are taken in
    stretches of about as many rows each."""
    r: float | None = None
    """Pearson's correlation, of a number with a target of numbers."""
    groups: tuple[Group, ...] = ()
    """What the target is by value; empty with several classes, and where values are personal."""


@dataclass(frozen=True)
class Answer:
    """The target of some rows as numbers."""

    parts: NDArray[np.float64]
    """(rows, parts) itself, or one part a class; NaN where it is missing."""
    shown: NDArray[np.float64] | None
    """(rows,) what is shown by value: itself, or the positive class as 1; None with several classes."""
    amount: bool
    """Is it a number itself?"""

    @classmethod
    def of(cls, rows: pl.DataFrame, target: str, task: str, positive: str | None) -> Answer | None:
        """The target of a table; None where it says nothing."""
        import numpy as np
        import polars as pl

        values = rows[target]
        if task == "regression":
            amounts = values.cast(pl.Float64, strict=False).to_numpy()
            return cls(amounts.reshape(-1, 1), amounts, True)
        text = values.cast(pl.String).rename("label")
        labels = text.drop_nulls().value_counts().sort(["count", "label"], descending=[True, False])["label"].to_list()
        if len(labels) < 2:
            return None
        parts = [(text == label).cast(pl.Float64).to_numpy() for label in labels[:_CLASSES]]
        return cls(np.column_stack(parts), parts[labels.index(positive)] if positive in labels else None, False)


def relation(column: pl.Series, answer: Answer, *, told: bool) -> Relation | None:
    """How a column goes with the target; told: its values may be shown.

    None where rows are too few, or values too different, to say.
    """
    import numpy as np
    import polars as pl

    known = np.isfinite(answer.parts).all(axis=1)
    y, values = answer.parts[known], column.filter(pl.Series(known))
    spread = float(((y - y.mean(axis=0)) ** 2).sum()) if y.shape[0] >= _FEW else 0.0
    if not spread:
        return None
    ordered = values.dtype.is_numeric() or values.dtype.is_temporal()
    places = (_stretches(values) if ordered else values.cast(pl.String).rank("dense").fill_null(0)).to_numpy()
    places = places.astype(np.int64)
    rows = np.bincount(places)
    there = rows > 0
    groups, n = int(there.sum()), y.shape[0]
    if groups * _ALONE > n:
        return None
    sums = np.column_stack([np.bincount(places, part) for part in y.T])[there]
    between = float((sums**2 / rows[there, None]).sum() - (y.sum(axis=0) ** 2 / n).sum())
    chance = (groups - 1) / (n - 1)
    explains = min(1.0, max(0.0, (between / spread - chance) / (1 - chance)))
    r = _pearson(values, y[:, 0]) if answer.amount and values.dtype.is_numeric() else None
    if not told or answer.shown is None:
        return Relation(explains, r)
    return Relation(explains, r, _groups(values, places, answer.shown[known], ordered))


def _stretches(values: pl.Series) -> pl.Series:
    """Ordered values in stretches of about as many rows, from 1; 0 where one is missing; equal values are together."""
    present = max(values.len() - values.null_count(), 1)
    few = values.n_unique() <= STRETCHES
    ranked = values.rank("dense") if few else (values.rank("min") - 1) * STRETCHES // present + 1
    return ranked.fill_null(0)


def _pearson(values: pl.Series, y: NDArray[np.float64]) -> float | None:
    import numpy as np
    import polars as pl

    both = pl.DataFrame({"x": values.cast(pl.Float64), "y": y}).drop_nulls()
    r = both.select(pl.corr("x", "y")).item() if both.height else None
    return None if r is None or not np.isfinite(r) else float(r)


def _groups(
    values: pl.Series, places: NDArray[np.int64], shown: NDArray[np.float64], ordered: bool
) -> tuple[Group, ...]:
    """What the target is in each group that has values; of labels, in the most frequent ones."""
    import polars as pl

    table = pl.DataFrame({"place": places, "value": values.rename("value"), "y": shown}).filter(pl.col("place") > 0)
    if ordered:
        each = pl.col("value").cast(pl.Datetime("us")).dt.epoch("us") / 86_400_000_000
        middle = each if values.dtype.is_temporal() else pl.col("value").cast(pl.Float64)
        found = table.group_by("place").agg(middle.median().alias("at"), pl.len().alias("rows"), pl.col("y").mean())
        return tuple(
            Group(f"{row['at']:.6g}", row["at"], row["rows"], row["y"]) for row in found.sort("place").to_dicts()
        )
    found = table.group_by("place").agg(
        pl.col("value").cast(pl.String).first(), pl.len().alias("rows"), pl.col("y").mean()
    )
    first = found.sort(["rows", "value"], descending=[True, False]).head(LABELS)
    return tuple(Group(row["value"], None, row["rows"], row["y"]) for row in first.to_dicts())
