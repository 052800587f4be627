"""How good a model is, for its card: metrics beside the baseline, and the same on groups of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..figures import count, percent, spread
from . import words
from .html import number
from .markdown import plain, rows, shown


def described(facts: dict[str, Any]) -> Iterator[str]:
    """How it was tested."""
    yield f"On {count(facts['rows']['test'])} rows that it had not seen; 95 % intervals by bootstrap."


def metrics(facts: dict[str, Any]) -> Iterator[str]:
    """Every metric beside those of the baselines."""
    beside = words.baselines(facts)
    yield from rows(
        ["metric", "model, with its 95 % interval", *(f"baseline: {label}" for label in beside)],
        [
            [name, shown(scored), *(number(base.get(name)) for base in beside.values())]
            for name, scored in facts["metrics"].items()
        ],
    )


def folds(facts: dict[str, Any]) -> Iterator[str]:
    """Mean and spread of every metric by cross-validation, where there was one."""
    found = facts.get("folds")
    if not found:
        return
    yield f"\nCross-validation over {len(found['held'])} folds of the rows that are not test, mean and standard deviation:\n"
    for name, it in found["metrics"].items():
        mean, deviation = it["mean"], it["deviation"]
        yield f"- {plain(name)}: {number(mean) if mean is None or deviation is None else spread(mean, deviation)}"


def slices(facts: dict[str, Any]) -> Iterator[str]:
    """The objective on the parts of the rows that the configuration asks for."""
    found, name = facts.get("slices", []), facts["objective"]
    if not found:
        yield "No columns were chosen to be judged apart (evaluation.slices)."
        return
    table = []
    for part in found:
        scored = part["metrics"].get(name)
        said = "too few to say" if scored is None or scored["value"] is None else shown(scored)
        table.append([part["column"], part["value"], count(part["rows"]), said])
    yield from rows(["column", "where it is", "test rows", name], table)


def groups(told: dict[str, Any], facts: dict[str, Any]) -> Iterator[str]:
    """The weak groups that were found."""
    from ..explanations.explaining import where

    found = told.get("segments")
    if found is None:
        yield "Weak groups were not looked for."
        return
    if not found:
        yield "No group of rows was found on which it is clearly weaker than elsewhere."
        return
    loss = "mean absolute error" if facts["task"] == "regression" else "log loss"
    for one in found:
        wrong = one["wrong"]
        told_wrong = (
            f"wrong in {percent(wrong['value'])}, elsewhere in {percent(wrong['elsewhere'])}; " if wrong else ""
        )
        measured = f"{loss} {shown(one['loss'])}, elsewhere {number(one['elsewhere'])}"
        yield f"- weaker where {plain(where(one))} ({percent(one['share'])} of the rows): {plain(told_wrong + measured)}"
