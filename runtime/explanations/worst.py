"""The held-out rows on which a model errs most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import classes
from .subject import Subject, rounded

if TYPE_CHECKING:
    import polars as pl

COLUMNS = 8
"""Columns whose values are shown."""
LONG = 60
"""Letters of a value that are kept."""


def worst(subject: Subject, names: list[str]) -> dict[str, Any]:
    """The rows with the greatest errors, the greatest first.

    names: the columns, the most important first. {columns, hidden (personal ones among them), rows: [{row, key, target, prediction,
    probability (given to what was true), loss, values (one a column)}]}. Personal values are not in it: they are null.
    """
    held, schema = subject.held, subject.schema
    shown = [name for name in names if name in subject.shown][:COLUMNS]
    hidden = [name for name in names[:COLUMNS] if name not in shown]
    rows, predictions = held.frame[held.worst], held.predictions[held.worst]
    told = []
    for place in range(rows.height):
        row = rows.row(place, named=True)
        told.append({"row": int(row["_row"]), "key": _key(subject, row), **_error(subject, predictions, place)})
        told[-1]["loss"] = rounded(float(held.losses[held.worst[place]]))
        told[-1]["values"] = [_said(row[name]) for name in shown]
    return {"columns": shown, "hidden": hidden, "key": schema.key, "rows": told}


def _key(subject: Subject, row: dict[str, Any]) -> str | None:
    column = subject.schema.key_column
    return None if column is None or column.personal else _said(row[str(subject.schema.key)])


def _error(subject: Subject, predictions: pl.DataFrame, place: int) -> dict[str, Any]:
    """What was true and what was said of it."""
    schema, row = subject.schema, predictions.row(place, named=True)
    if schema.target_column.personal:
        return {"target": None, "prediction": None, "probability": None}
    told: dict[str, Any] = {"target": _said(row["target"]), "prediction": _said(row["prediction"]), "probability": None}
    if schema.classification:
        told["probability"] = rounded(float(row[f"probability: {classes.text(row['target'])}"]))
    return told


def _said(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"
