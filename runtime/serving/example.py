"""One row that keeps the contract: for the API's documents, for tests, and to warm up."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from ..data.column import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    IntegerColumn,
    NumberColumn,
    TimestampColumn,
)
from ..schema import Schema

_MOMENT = dt.datetime(2024, 6, 30, 12, tzinfo=dt.UTC)


def example(schema: Schema) -> dict[str, Any]:
    """A row as JSON holds it: every feature under its own name, with an ordinary value, never null."""
    zone = ZoneInfo(schema.timezone or "UTC")
    return {name: _value(column, schema.labels(name), zone) for name, column in schema.features.items()}


def _value(column: Column, labels: list[int | str] | None, zone: ZoneInfo) -> Any:
    if isinstance(column, BooleanColumn):
        return False
    if isinstance(column, CategoryColumn):
        return labels[0] if labels else column.example or "a"
    if isinstance(column, IntegerColumn):
        return int(_middle(column.min, column.max, 1))
    if isinstance(column, NumberColumn):
        exact = _middle(column.min, column.max, 1.0)
        rounded = round(exact, 2)
        return rounded if _inside(rounded, column.min, column.max) == rounded else exact
    if isinstance(column, TimestampColumn):
        moment = _inside(_MOMENT, _aware(column.min, zone), _aware(column.max, zone))
        return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(column, DateColumn):
        return _inside(_MOMENT.date(), column.min, column.max).isoformat()
    return column.example or "some words"


def _middle(low: float | None, high: float | None, otherwise: float) -> float:
    if low is not None and high is not None:
        return low + (high - low) // 2 if isinstance(low, int) and isinstance(high, int) else low / 2 + high / 2
    return float(_inside(otherwise, low, high))


def _inside(value: Any, low: Any, high: Any) -> Any:
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value


def _aware(moment: dt.datetime | None, zone: ZoneInfo) -> dt.datetime | None:
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=zone)
