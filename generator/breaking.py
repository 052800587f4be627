"""Values that each break a contract in one way, for the tests of a service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from overture.runtime.data.column import (
    AnyColumn,
    CategoryColumn,
    DateColumn,
    IntegerColumn,
    NumberColumn,
    TextColumn,
    TimestampColumn,
)
from overture.runtime.schema import Schema


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
        case CategoryColumn(pattern=str()) | TextColumn(pattern=str()):
            yield "pattern", f"{column.example}\n"
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
