"""How good a model is on rows it has not seen: scores, figures, and the same on parts of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from .. import classes
from ..figures import count, percent
from . import plots, words
from .html import between, number, panel, table

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema

FOLDS = 10
"""Folds above which only the least and the greatest score is shown."""


def scores(facts: dict[str, Any]) -> Iterator[str]:
    """Each metric beside those of the baselines."""
    rows, beside = [], words.baselines(facts)
    for name, scored in facts["metrics"].items():
        others = [number(base.get(name)) for base in beside.values()]
        rows.append([escape(name), number(scored["value"]), between(scored), *others])
    head = ["metric", "model", "95 % interval", *(escape(f"baseline: {label}") for label in beside)]
    yield table(head, rows, numbers=range(1, len(head)), style="first-row")
    yield f'<p class="facts">On {count(facts["rows"]["test"])} test rows; intervals by bootstrap. Runs are compared by {escape(facts["objective"])}.</p>'


def folds(facts: dict[str, Any]) -> Iterator[str]:
    """Each metric by cross-validation; nothing where there were no folds."""
    if not (found := facts.get("folds")):
        return
    rows = []
    for name, scored in found["metrics"].items():
        mean = {"value": scored["mean"], "low": scored["low"], "high": scored["high"]}
        rows.append(
            [escape(name), number(scored["mean"]), number(scored["deviation"]), between(mean), _each(scored["folds"])]
        )
    head = ["metric", "mean over folds", "standard deviation", "95 % interval of the mean", "each fold"]
    yield table(head, rows, numbers=range(1, len(head)), style="first-row")
    yield (
        f'<p class="facts">{len(found["held"])} models, each judged on a fold of {_range(found["held"])} rows that it has not'
        f" learned from; they learned from {_range(found['learned'])} rows. The test rows are in no fold.</p>"
    )


def _each(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if len(values) <= FOLDS or len(known) < len(values):
        return " ".join(map(number, values[:FOLDS])) + (" …" if len(values) > FOLDS else "")
    return f"{number(min(known))} to {number(max(known))}"


def _range(sizes: list[int]) -> str:
    least, most = count(min(sizes)), count(max(sizes))
    return least if least == most else f"{least} to {most}"


def slices(facts: dict[str, Any]) -> Iterator[str]:
    """The objective on parts of the rows that the configuration asked for."""
    parts = facts.get("slices", [])
    if not parts:
        return
    name, better = facts["objective"], facts["greater_is_better"]
    whole, rows = facts["metrics"][name], []
    for part in parts:
        found = part["metrics"].get(name)
        if found is None or found["value"] is None:
            rows.append([escape(part["column"]), escape(part["value"]), count(part["rows"]), "", "", "too few to say"])
            continue
        low, high = found["low"], found["high"]
        below, above = (high is not None and high < whole["value"]), (low is not None and low > whole["value"])
        said = "" if not (below or above) else "better" if below is not better else "weaker"
        colour = {"weaker": "poor", "better": "good"}.get(said, "")
        shown = [number(found["value"]), between(found), f'<span class="{colour}">{said}</span>']
        rows.append([escape(part["column"]), escape(part["value"]), count(part["rows"]), *shown])
    head = ["column", "where it is", "test rows", escape(name), "95 % interval", "than on all rows"]
    yield table(head, rows, numbers=(2, 3, 4))
    yield f'<p class="facts">On all rows: {escape(name)} {number(whole["value"])}. Weaker and better are said where the interval leaves that out.</p>'


def figures(schema: Schema, predictions: pl.DataFrame, threshold: float | None) -> Iterator[str]:
    """The figures of the task; for several classes a table of them, too. threshold: of the run, where it has one."""
    drawn = "".join(panel(found) for found in plots.figures(schema, predictions, threshold))
    yield f'<div class="grid">{drawn}</div>'
    if schema.task == "multiclass":
        yield f"<h3>By class</h3>{_by_class(schema, predictions)}"


def _by_class(schema: Schema, predictions: pl.DataFrame) -> str:
    counts = plots.matrix(schema, predictions)
    right, true, said = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    rows = []
    for place, label in enumerate(schema.classes or []):
        hits, there, claimed = int(right[place]), int(true[place]), int(said[place])
        shares = [percent(hits / of) if of else "none" for of in (claimed, there)]
        rows.append([escape(classes.text(label)), count(there), *shares])
    head = ["class", "test rows", "right when predicted (precision)", "found (recall)"]
    return table(head, rows, numbers=(1, 2, 3))
