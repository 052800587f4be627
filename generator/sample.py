"""Rows made from a contract: a good one, and values that each break it in one way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from overture.runtime.data.column import (
    AnyColumn,
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    IntegerColumn,
    NumberColumn,
    TextColumn,
    TimestampColumn,
)
from overture.runtime.schema import Schema

_DAY = dt.date(2024, 1, 31)
_MOMENT = dt.datetime(2024, 1, 31, 12, tzinfo=dt.UTC)


def row(schema: Schema) -> dict[str, Any]:
    """A row that keeps the contract, as JSON values by column name."""
    return {name: value(column) for name, column in schema.features.items()}


def value(column: AnyColumn) -> Any:
    """A value that a column may hold, as JSON has it.

    assert value(IntegerColumn(type="integer", min=3)) == 3
    """
    match column:
        case CategoryColumn():
            return column.values[0] if column.values else "unknown"
        case IntegerColumn():
            return _within(1, column.min, column.max)
        case NumberColumn():
            return _within(1.5, column.min, column.max)
        case BooleanColumn():
            return True
        case DateColumn():
            return _within(_DAY, column.min, column.max).isoformat()
        case TimestampColumn():
            return _within(_MOMENT, _aware(column.min), _aware(column.max)).isoformat()
        case _:
            return "some words"


def broken(schema: Schema, most: int = 12) -> list[tuple[str, Any]]:
    """Pairs of a column and a value that it may not hold; the first of each sort, at most so many."""
    found: dict[str, tuple[str, Any]] = {}
    for name, column in schema.features.items():
        for sort, bad in _broken(column, schema):
            found.setdefault(sort, (name, bad))
    return list(found.values())[:most]


def unknown_column(schema: Schema) -> str:
    """A name that no column has."""
    name = "no_such_column"
    while name in schema.columns:
        name += "_"
    return name


def _broken(column: AnyColumn, schema: Schema) -> Iterator[tuple[str, Any]]:
    yield f"{column_type(column)}: type", True if isinstance(column, TextColumn | CategoryColumn) else ["a", "list"]
    if not column.nullable:
        yield "null", None
    match column:
        case IntegerColumn() | NumberColumn():
            yield f"{column_type(column)}: text", "twelve"
            if column.min is not None:
                yield "min", column.min - 1
            if column.max is not None:
                yield "max", column.max + 1
        case CategoryColumn(values=list()) if schema.unknown_category == "reject":
            yield "label", _other(column.values or [])
        case DateColumn() | TimestampColumn():
            yield "day", "yesterday"


def _other(labels: Sequence[int | str]) -> int | str:
    numbers = [label for label in labels if isinstance(label, int)]
    if numbers:
        return max(numbers) + 1
    text = f"not {labels[0]}"
    while text in labels:
        text = f"not {text}"
    return text


def column_type(column: AnyColumn) -> str:
    """The word in the contract, for example "integer"."""
    return str(getattr(column, "type", ""))


def _within(wanted: Any, low: Any, high: Any) -> Any:
    if low is not None and wanted < low:
        return low
    return high if high is not None and wanted > high else wanted


def _aware(moment: dt.datetime | None) -> dt.datetime | None:
    return moment.replace(tzinfo=dt.UTC) if moment is not None and moment.tzinfo is None else moment
