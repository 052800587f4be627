"""Values that a column may hold, ordinary ones and odd ones, to try an expression on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from .column import (
    AnyColumn,
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    IntegerColumn,
    NumberColumn,
    TimestampColumn,
)

_DAYS = [dt.date(1970, 1, 1), dt.date(1999, 12, 31), dt.date(2024, 2, 29), dt.date(2038, 1, 19)]
_TEXT = ["", " ", "a", "7", "1.5", "-3", "x y", "Zürich", "2024-02-29", "true", "12345678901234"]


def values(column: AnyColumn) -> Sequence[Any]:
    """At most 16 values, not missing, that keep the contract of the column."""
    match column:
        case BooleanColumn():
            return [True, False]
        case CategoryColumn(values=list() as labels):
            return labels[:16]
        case IntegerColumn():
            return _within([0, 1, -1, 2, 3, 7, 10, 100, -50, 2013, 5_000_000_000, -5_000_000_000], column)
        case NumberColumn():
            return _within([0.0, 1.0, -1.0, 0.1, 2.5, -7.25, 100.0, 1e-9, 1e12, -1e12], column)
        case DateColumn():
            return _within(_DAYS, column)
        case TimestampColumn():
            return [dt.datetime(day.year, day.month, day.day, 13, 7, 5, tzinfo=dt.UTC) for day in _DAYS]
        case _:
            return _TEXT


def _within(wanted: list[Any], column: IntegerColumn | NumberColumn | DateColumn) -> list[Any]:
    """The bounds and the wanted values between them."""
    low, high = column.min, column.max
    inside = [it for it in wanted if (low is None or it >= low) and (high is None or it <= high)]
    return list(dict.fromkeys([*inside, *(it for it in (low, high) if it is not None)]))
