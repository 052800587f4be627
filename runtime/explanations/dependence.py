"""How the prediction moves with a column: partial dependence (Friedman 2001) and single rows beside it (ICE: Goldstein and others 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import classes
from .subject import Subject, rounded

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROWS, FEWEST = 200, 10
"""Rows that the mean is taken of, and the fewest where a prediction is dear; then fewer columns are drawn instead."""
SINGLE = 25
"""Rows that are drawn by themselves."""
POINTS, LABELS = 15, 10
"""Values that are tried of numbers and moments, and of labels."""
CLASSES = 4
"""Classes that are drawn where there are several, the most frequent ones."""


def dependence(subject: Subject, names: list[str]) -> list[dict[str, Any]]:
    """For each column the values tried, and what is predicted for rows that are given each of them.

    names: the columns, the most important first; where a prediction is dear, fewer of them are drawn.
    {column, kind (number, moment or label), at (numbers, seconds since 1970, or labels), rows (how many have about this value), of (how
    many rows the mean is taken of), curves: [{name, mean (one a value), missing}], single: [[…], …], middle: [[low, high], …]}. Binary: the probability of the positive
    class; several classes: a curve each, and no single rows. `middle` is where 80 % of the rows lie.
    """
    most = int(subject.allowed("dependence") / subject.model.cost.prediction) // (POINTS + 1)
    drawn = names[: max(1, min(len(names), most // FEWEST))]
    rows = subject.rows.head(min(ROWS, max(FEWEST, most // max(1, len(drawn)))))
    return [_column(subject, name, rows) for name in drawn]


def candidates(subject: Subject, names: list[str]) -> list[str]:
    """The columns that can be drawn: no text, nothing personal, more than one value."""
    drawable = {name for name in subject.shown if subject.schema.features[name].type != "text"}
    return [name for name in names if name in drawable and subject.rows[name].drop_nulls().n_unique() > 1]


def _column(subject: Subject, name: str, rows: pl.DataFrame) -> dict[str, Any]:
    import numpy as np

    values = subject.rows[name]
    tried, kind = _tried(values)
    frames = [_given(rows, name, value) for value in [*tried, *([None] if values.null_count() else [])]]
    answers = subject.predict_each(frames)  # (values, rows) or (values, rows, classes)
    curves, single = _outputs(subject, answers)
    found = [
        {"name": label, "mean": _list(one[: len(tried)].mean(axis=1)), "missing": _missing(one, len(tried))}
        for label, one in curves
    ]
    told: dict[str, Any] = {"column": name, "kind": kind, "at": _at(tried, kind), "rows": _rows(values, tried, kind)}
    told |= {"of": rows.height, "curves": found, "single": [], "middle": []}
    if single is not None:
        held = single[: len(tried)]
        told["single"] = [_list(line) for line in held[:, :SINGLE].T]
        told["middle"] = [_list(ends) for ends in np.quantile(held, (0.1, 0.9), axis=1).T]
    return told


def _given(rows: pl.DataFrame, name: str, value: Any) -> pl.DataFrame:
    import polars as pl

    return rows.with_columns(pl.lit(value, dtype=rows.schema[name]).alias(name))


def _tried(values: pl.Series) -> tuple[list[Any], str]:
    """The values to try, and what kind they are."""
    held = values.drop_nulls()
    if values.dtype.is_numeric() or values.dtype.is_temporal():
        ends = held.sort()
        steps = [round((ends.len() - 1) * (0.02 + 0.96 * step / (POINTS - 1))) for step in range(POINTS)]
        found = held.unique().sort() if held.n_unique() <= POINTS else ends.gather(steps).unique().sort()
        return found.to_list(), "moment" if values.dtype.is_temporal() else "number"
    counts = held.value_counts().sort(["count", values.name], descending=[True, False])
    return counts[values.name].head(LABELS).sort().to_list(), "label"


def _at(tried: list[Any], kind: str) -> list[Any]:
    if kind == "label":
        return [classes.text(value) for value in tried]
    if kind == "number":
        return [rounded(float(value)) for value in tried]
    import polars as pl

    return (pl.Series(tried).cast(pl.Datetime("us")).dt.epoch("us") / 1e6).to_list()


def _rows(values: pl.Series, tried: list[Any], kind: str) -> list[int]:
    """How many of the rows are nearest to each value."""
    import numpy as np
    import polars as pl

    if kind == "label":
        counts = dict(values.drop_nulls().value_counts().iter_rows())
        return [counts[value] for value in tried]
    numbers = values.drop_nulls().to_physical().cast(pl.Float64).to_numpy()
    places = pl.Series(tried, dtype=values.dtype).to_physical().cast(pl.Float64).to_numpy()
    nearest = np.searchsorted((places[1:] + places[:-1]) / 2, numbers)
    counted: list[int] = np.bincount(nearest, minlength=len(tried)).tolist()
    return counted


def _outputs(subject: Subject, answers: Array) -> tuple[list[tuple[str, Array]], Array | None]:
    """What is drawn, each by its name; and what single rows are drawn of."""
    schema, known = subject.schema, subject.schema.classes or []
    if not schema.classification:
        return [("", answers)], answers
    if schema.task == "binary":
        place = classes.scoring_order(schema)[-1]
        return [(classes.text(known[place]), answers[..., place])], answers[..., place]
    counts = classes.count(subject.rows[schema.target])
    often = sorted(range(len(known)), key=lambda place: (-counts.get(known[place], 0), place))[:CLASSES]
    return [(classes.text(known[place]), answers[..., place]) for place in sorted(often)], None


def _missing(one: Array, tried: int) -> float | None:
    return rounded(float(one[tried].mean())) if len(one) > tried else None


def _list(numbers: Array) -> list[float | None]:
    return [rounded(float(number)) for number in numbers]
