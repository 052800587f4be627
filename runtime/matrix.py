"""From columns of a frame to the numbers that models learn from; the same for training and for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import classes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from .schema import Schema

MICROSECONDS_A_DAY = 86_400_000_000
_SIGNS = np.array([[1.0], [-1.0]])
LARGEST = float(np.finfo(np.float32).max)  # trees and CatBoost compute in 32 bits, where more would be infinite


def numbers(values: pl.Series) -> NDArray[np.float64]:
    """A number, boolean, date or timestamp column as floats, shape (rows,); a missing value is nan.

    Booleans are 0 and 1; moments are days since 1970-01-01 UTC, with the time of day as the fraction.
    """
    return np.clip(_floats(values), -LARGEST, LARGEST)


def narrow_numbers(values: pl.Series) -> NDArray[np.float32]:
    """The same, rounded to 32 bits: most of the memory on the way there is saved."""
    import polars as pl

    # by the engine, whose allocator hands out memory that it had before: new pages cost more than the rounding
    narrow = _days(values).cast(pl.Float32).rechunk()
    found: NDArray[np.float32] = _filled(narrow).to_numpy()
    if narrow.is_infinite().any():  # or became so by rounding
        return np.clip(found, np.float32(-LARGEST), np.float32(LARGEST))
    return found


def _floats(values: pl.Series) -> NDArray[np.float64]:
    return _filled(_days(values)).to_numpy()


def _filled(floats: pl.Series) -> pl.Series:
    return floats.fill_null(float("nan")) if floats.null_count() else floats


def _days(values: pl.Series) -> pl.Series:
    """As 64-bit floats; null where a value is missing."""
    import polars as pl

    kind = values.dtype
    if isinstance(kind, pl.Datetime):
        values = values.cast(pl.Datetime("us", kind.time_zone))
    plain = values.to_physical() if isinstance(kind, pl.Datetime | pl.Date) else values
    floats = plain.cast(pl.Float64)
    if not isinstance(kind, pl.Datetime):
        return floats
    # Divided by numpy: polars multiplies several rows, but not one, by the reciprocal.
    return pl.Series(values.name, _filled(floats).to_numpy() / MICROSECONDS_A_DAY)


def codes(values: pl.Series, labels: list[int | str] | None) -> NDArray[np.int64]:
    """The place of each value in `labels`, shape (rows,); -1 where it is missing or none of them.

    values: integers, text, or pl.Enum, which is quickest where it is of these labels.
    """
    import polars as pl

    return _places(values, labels, pl.Int64()).fill_null(-1).to_numpy()


def narrow_codes(values: pl.Series, labels: list[int | str] | None) -> NDArray[np.int32]:
    """The same in 32 bits, counted from 1, so that 0 is what is missing or none of the labels."""
    import polars as pl

    return (_places(values, labels, pl.Int32()) + 1).fill_null(0).to_numpy()


def _places(values: pl.Series, labels: list[int | str] | None, dtype: pl.DataType) -> pl.Series:
    """The place of each value in `labels`, null where it is none of them."""
    import polars as pl

    if not labels:
        return pl.Series([None], dtype=dtype).new_from_index(0, values.len())
    if values.dtype == pl.String or isinstance(values.dtype, pl.Enum):
        known = pl.Enum([str(label) for label in labels])
        if isinstance(values.dtype, pl.Enum) and values.dtype != known:
            table = values.dtype.categories.cast(known, strict=False).to_physical().cast(dtype)
            return table.gather(values.to_physical())
        return values.cast(known, strict=False).to_physical().cast(dtype)
    numbered = pl.Series(labels, dtype=values.dtype)
    return values.replace_strict(numbered, np.arange(len(labels)), default=None, return_dtype=dtype)


def texts(values: pl.Series) -> list[str]:
    """A text column as strings; a missing one has no words."""
    return list(values.fill_null("").to_list())


def targets(frame: pl.DataFrame, schema: Schema) -> NDArray[np.float64]:
    """What to learn, shape (rows,): the value, or the number of the class in classes.scoring_order, so that 1 is positive."""
    import polars as pl

    if not schema.classification:
        return frame[schema.target].cast(pl.Float64).to_numpy()
    places = np.argsort(classes.scoring_order(schema)).astype(np.float64)
    return places[classes.numbers(frame[schema.target], schema.classes or [])]


def in_class_order(probabilities: NDArray[np.float64], schema: Schema) -> NDArray[np.float64]:
    """Probabilities (rows, classes) numbered as `targets` numbers them, put in the order of schema.classes."""
    return np.ascontiguousarray(probabilities[:, np.argsort(classes.scoring_order(schema))])


def probabilities(raw: NDArray[np.float64], schema: Schema) -> NDArray[np.float64]:
    """Probabilities (rows, classes) in the order of schema.classes, from what explanations add up to.

    raw: (rows, 1) log-odds of the positive class, or (rows, classes) scores in the order of schema.classes.
    Each row by itself: the same bits alone and among many.
    """
    if schema.task == "binary":
        both = np.exp(-np.logaddexp(0.0, _SIGNS * raw[:, 0]))
        return np.ascontiguousarray((both if classes.scoring_order(schema)[1] else both[::-1]).T)
    powers = [np.exp(np.ascontiguousarray(column)) for column in (raw - raw.max(axis=1, keepdims=True)).T]
    total = sum(powers[1:], powers[0])
    return np.stack([power / total for power in powers], axis=1)
