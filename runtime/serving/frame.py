"""From the rows of a request to the frame that a model reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..data.column import CategoryColumn
from .invalid import shown

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema
    from .request import Row


@dataclass(frozen=True)
class Asked:
    """Rows of a request: the features in their dtypes, and what each answer repeats or warns of."""

    frame: pl.DataFrame
    ids: list[Any] = field(default_factory=list)
    """The key of each row, or None."""
    warnings: dict[int, list[str]] = field(default_factory=dict)
    """By the position of the row."""


def asked(schema: Schema, rows: Sequence[Row]) -> Asked:
    """The rows as a frame of schema.features; a label that the model has not learned becomes null, with a warning."""
    import polars as pl

    columns = _columns(schema, rows)
    warnings: dict[int, list[str]] = {}
    for name, labels in _labels(schema).items():
        for position, value in enumerate(columns[name]):
            if value is not None and value not in labels:
                columns[name][position] = None
                warnings.setdefault(position, []).append(unknown(name, value, schema.features[name].personal))
    series = [pl.Series(name, columns[name], column.dtype) for name, column in schema.features.items()]
    ids = columns[schema.key] if schema.key is not None else [None] * len(rows)
    return Asked(pl.DataFrame(series), ids, warnings)


def _columns(schema: Schema, rows: Sequence[Row]) -> dict[str, list[Any]]:
    fields = {field.alias or name: name for name, field in type(rows[0]).model_fields.items()}
    wanted = [*schema.features, *([schema.key] if schema.key is not None else [])]
    return {name: [getattr(row, fields[name]) for row in rows] for name in wanted}


def _labels(schema: Schema) -> Mapping[str, frozenset[Any]]:
    found = {}
    for name, column in schema.features.items():
        labels = schema.labels(name) if isinstance(column, CategoryColumn) else None
        if labels is not None:
            found[name] = frozenset(labels)
    return found


def unknown(name: str, value: Any, personal: bool) -> str:
    """What is said of a label that the model has not learned; one of a personal column is not repeated."""
    if personal:
        return f"{name}: a label that was never seen; treated as missing"
    text = f"'{shown(value)[1:-1]}'" if isinstance(value, str) else shown(value)
    return f"{name}: {text} was never seen; treated as missing"
