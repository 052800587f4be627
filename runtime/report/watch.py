"""What whoever decides about a model should know before, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .. import classes
from ..figures import count, counted, figure, percent
from . import curves

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema

FEW = 200
"""Test rows below which scores say little."""
LEANS = 0.6
"""The share of all that columns are worth above which a model leans on one."""
MOST = 6
"""Sentences that are told."""


def sentences(
    facts: dict[str, Any], schema: Schema, predictions: pl.DataFrame, explanations: dict[str, Any] | None
) -> list[str]:
    """What to watch, the gravest first; see `page` for the arguments."""
    told = explanations or {}
    found = [
        *_few(facts),
        *(_sentence(note) for note in facts["notes"]),
        *_trusted(schema, predictions),
        *_weak(told),
        *_leans(told),
        *_aged(facts, schema),
        *_broken(facts),
    ]
    return found[:MOST]


def _sentence(note: str) -> str:
    return f"{note[0].upper()}{note[1:]}{'' if note.endswith('.') else '.'}" if note else note


def _few(facts: dict[str, Any]) -> Iterator[str]:
    rows = facts["rows"]["test"]
    if rows < FEW:
        yield f"It was judged on {counted(rows, 'row')} only; with others the numbers may be quite different."


def _trusted(schema: Schema, predictions: pl.DataFrame) -> Iterator[str]:
    """Where the probabilities are furthest from what came true, when that is no chance."""
    if schema.task != "binary":
        return
    known = schema.classes or []
    place = classes.scoring_order(schema)[-1]
    number = classes.numbers(predictions["target"], known)
    name = classes.text(known[place])
    score = predictions[f"probability: {name}"].to_numpy()[number >= 0]
    if score.size < FEW:
        return
    bins = curves.calibration((number == place)[number >= 0], score)
    beyond = [
        (abs(said - true), said, true)
        for said, true, low, high in zip(
            *(column.tolist() for column in (bins.predicted, bins.middle, bins.low, bins.high)), strict=True
        )
        if not low <= said <= high and abs(said - true) > 0.05
    ]
    if len(beyond) >= 2:
        _, said, true = max(beyond)
        yield f'Its probabilities are not to be taken at their word: where it gives "{name}" {percent(said)}, {percent(true)} come true.'


def _weak(told: dict[str, Any]) -> Iterator[str]:
    from ..explanations.explaining import where

    for group in (told.get("segments") or ())[:1]:
        place = f"where {where(group)} ({percent(group['share'])} of the rows)"
        if wrong := group["wrong"]:
            yield f"It is weak {place}: wrong in {percent(wrong['value'])} of them, elsewhere in {percent(wrong['elsewhere'])}."
        else:
            loss, elsewhere = figure(group["loss"]["value"]), figure(group["elsewhere"])
            yield f"It is weak {place}: off by {loss} on average, elsewhere by {elsewhere}."


def _leans(told: dict[str, Any]) -> Iterator[str]:
    worth = {one["column"]: max(0.0, one["value"] or 0) for one in told.get("importance") or ()}
    total = sum(worth.values())
    first = next(iter(worth), "")
    if len(worth) > 1 and total > 0 and worth[first] > LEANS * total:
        yield f"It leans on {first} above all: when that is wrong or comes late, so are its answers. Could it be known only afterwards?"


def _aged(facts: dict[str, Any], schema: Schema) -> Iterator[str]:
    if schema.time is not None and facts["split"].get("kind") not in ("time", "predefined"):
        yield f"Rows are ordered by {schema.time}, but those that judged it were not the last ones: on later rows it may do worse."


def _broken(facts: dict[str, Any]) -> Iterator[str]:
    data = facts["data"]
    if data.get("aside"):
        yield f"{count(data['aside'])} of {counted(data['read'], 'row')} broke the contract and were set aside: it neither learned from them nor was judged on them."
    if data["dropped"]:
        share = data["dropped"] / max(1, data["read"])
        if share > 0.05:
            yield f"{percent(share)} of the rows had no {facts['target']} and were left out."
