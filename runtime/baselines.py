"""What a model has to beat: predictions that look at no column but the target, and for splits by time its last known value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import classes, figures

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .schema import Schema
    from .splitting import Split

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """What one way of predicting without a model says of rows."""

    name: str
    """dummy or last value."""
    label: str
    """What it says, for people: always "No"."""
    predicted: Array
    """As Fitted.predict gives it."""


def baselines(
    known: pl.DataFrame, rows: pl.DataFrame, schema: Schema, by: Split | None, threshold: float | None = None
) -> Iterator[Baseline]:
    """The dummy, and the last known value where rows were split by time.

    known: the rows of train and valid. rows: those to predict. by: how they were told apart.
    threshold: from which probability on the positive class is predicted.
    """
    yield _dummy(known[schema.target], rows.height, schema, threshold)
    if by is not None and by.kind == "time" and schema.time in known.columns:
        yield _last(known, rows, schema, getattr(by, "series", None) or _series(known, rows, schema))


def _dummy(target: pl.Series, rows: int, schema: Schema, threshold: float | None) -> Baseline:
    import numpy as np
    import polars as pl

    if not schema.classification:
        mean = float(target.cast(pl.Float64).to_numpy().mean())
        return Baseline("dummy", f"always the mean, {figures.figure(mean)}", np.full(rows, mean))
    from .predicted import written

    known, shares = schema.classes or [], _shares(target, schema)
    often = known[classes.decide(shares[None, :], schema, threshold)[0]]
    return Baseline("dummy", f"always {written(often)}", np.broadcast_to(shares, (rows, len(known))))


def _shares(target: pl.Series, schema: Schema) -> Array:
    """The share of each class. Shape (classes,)."""
    import numpy as np

    known = schema.classes or []
    shares: Array = np.bincount(classes.numbers(target, known), minlength=len(known)) / target.len()
    return shares


def _series(known: pl.DataFrame, rows: pl.DataFrame, schema: Schema) -> str | None:
    """The key, where those of the rows were seen before: then it says what a row is about and not which row it is."""
    if schema.key is None or schema.key not in known.columns:
        return None
    return schema.key if rows[schema.key].drop_nulls().is_in(known[schema.key].implode()).any() else None


def _last(known: pl.DataFrame, rows: pl.DataFrame, schema: Schema, series: str | None) -> Baseline:
    """The value at the last moment to learn from, in the series of the row or, where that is unknown, in all rows.

    Several rows of one moment: their mean, or their most frequent class.
    """
    import polars as pl

    line = pl.col(series) if series else pl.lit(0)
    past = known.select(line.alias("series"), pl.col(str(schema.time)).alias("time"), value=schema.target)
    value = pl.col("value").mode().sort().first() if schema.classification else pl.col("value").cast(pl.Float64).mean()
    latest = pl.col("time") == pl.col("time").max()
    overall = past.filter(latest).select(value)["value"][0]
    each = past.filter(pl.col("time") == pl.col("time").max().over("series")).group_by("series").agg(value)
    found = (
        rows.with_columns(line.alias("series"))
        .select("series")
        .join(each, on="series", how="left", maintain_order="left")["value"]
    )
    label = f"the last {schema.target} of each {series}" if series else f"the last {schema.target} known"
    last = found.fill_null(overall)
    return Baseline(
        "last value", label, _believed(last, past, value, schema) if schema.classification else last.to_numpy()
    )


def _believed(last: pl.Series, past: pl.DataFrame, usual: pl.Expr, schema: Schema) -> Array:
    """Probabilities of classes: the last one is given as often as the one before was right in the past, the others share the rest."""
    import numpy as np
    import polars as pl

    moments = past.group_by("series", "time").agg(usual.alias("usual")).sort("time")
    before = moments.with_columns(before=pl.col("usual").shift(1).over("series")).drop("usual")
    held = past.join(before, on=["series", "time"]).select(pl.col("value") == pl.col("before"))["value"].drop_nulls()
    right = (int(held.sum()) + 1) / (held.len() + 2)
    shares = _shares(past["value"], schema)
    given = np.eye(shares.size)[classes.numbers(last, schema.classes or [])]
    others = (1 - given) * shares
    found: Array = right * given + (1 - right) * others / others.sum(axis=1, keepdims=True)
    return found
