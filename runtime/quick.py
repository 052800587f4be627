"""Predictions of plain rows without a frame: what the service asks on its hot path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .data.column import CategoryColumn, DateColumn, TextColumn, TimestampColumn
from .matrix import LARGEST, MICROSECONDS_A_DAY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .data.column import AnyColumn
    from .schema import Schema

_NAN = float("nan")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_DAY = _EPOCH.toordinal()


class Quick(Protocol):
    """Predicts rows that are tuples."""

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        """The bits that Fitted.predict gives for a frame of the same rows.

        rows: plain Python values in the order of schema.inputs: bool, int, float, str, date or datetime, which has its
        time zone or is in UTC; None is missing. A label that was never seen counts as missing.
        """
        ...


def completing(quick: Quick, schema: Schema) -> Quick:
    """Predicts tuples of schema.features, which lack what `derive` computes. quick: predicts tuples of schema.inputs."""
    return _Completing(quick, schema) if schema.derived else quick


class _Completing:
    """Computes the derived columns of rows that are tuples, from those columns alone that the expressions read."""

    def __init__(self, quick: Quick, schema: Schema) -> None:
        from .data.derive import names

        read = {name for sql in schema.expressions.values() for name in names(sql)}
        self._used = [(place, it) for place, it in enumerate(schema.features) if it in read or place == 0]
        self._schema = schema.model_copy(update={"features": {it: schema.features[it] for _, it in self._used}})
        self._quick = quick

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        """What is predicted for the rows with their derived columns."""
        import polars as pl

        from .data.features import completed

        if not rows:
            return self._quick.predict(rows)
        given = rows if len(rows) > 1 else [rows[0], rows[0]]  # as derive.several, for less
        features = self._schema.features
        frame = pl.DataFrame(
            [pl.Series(name, [row[place] for row in given], features[name].dtype) for place, name in self._used]
        )
        made = completed(frame, self._schema, None, learned=True).frame.select(*self._schema.derived)
        return self._quick.predict([row + more for row, more in zip(rows, made.iter_rows(), strict=False)])


def reader(name: str, schema: Schema) -> Callable[[Any], Any]:
    """How one value of an input is read: to what matrix.codes, matrix.texts or matrix.numbers makes of it."""
    column: AnyColumn = schema.inputs[name]
    if isinstance(column, CategoryColumn):
        places: dict[Any, int] = {label: place for place, label in enumerate(schema.labels(name) or ())}
        return lambda value: places.get(value, -1)
    if isinstance(column, TextColumn):
        return lambda value: value or ""
    if isinstance(column, TimestampColumn):
        return _moment
    return _day if isinstance(column, DateColumn) else _number


def _number(value: Any) -> float:
    if value is None:
        return _NAN
    found = float(value)
    if -LARGEST <= found <= LARGEST or found != found:
        return found
    return LARGEST if found > 0 else -LARGEST


def _day(value: dt.date | None) -> float:
    return _NAN if value is None else float(value.toordinal() - _EPOCH_DAY)


def _moment(value: dt.datetime | None) -> float:
    if value is None:
        return _NAN
    since = (value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)) - _EPOCH
    return float((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) / MICROSECONDS_A_DAY
