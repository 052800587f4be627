"""Why a model answers as it does, and where it is weak: what explanations.json holds, for people."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from ..figures import count, figure, interval, percent
from . import effects, marks
from .html import between, folded, number, panel, table
from .plots import Figure

if TYPE_CHECKING:
    from ..schema import Schema

INPUTS = 20
"""Inputs whose share is drawn where nothing was explained."""


def importance(facts: dict[str, Any], told: dict[str, Any], schema: Schema) -> Iterator[str]:
    """What each column is worth, and what each input added; where nothing was explained, the model's own shares."""
    ranked, shap = told.get("importance"), told.get("shap")
    drawn = []
    if ranked:
        repeats = told.get("shuffled", facts["explanations"])["repeats"]
        drawn.append(effects.importance(ranked, facts["objective"], repeats))
    if shap:
        drawn.append((effects.sizes if schema.task == "multiclass" else effects.swarm)(shap, unit(schema)))
    if drawn:
        yield f'<div class="grid">{"".join(map(panel, drawn))}</div>'
    if not ranked:
        yield from _shares(facts)
    if drawn:
        yield f'<p class="facts">{escape(_made(told, schema))}</p>'
        yield folded("All columns, in numbers", _numbers(told, schema))


def dependence(told: dict[str, Any], schema: Schema) -> Iterator[str]:
    """How the prediction moves with the columns that matter most."""
    if found := told.get("dependence"):
        yield f'<div class="grid">{"".join(map(panel, effects.dependence(found, schema)))}</div>'
        rows = found[0].get("of")
        of = f" Means are of {count(rows)} rows." if rows else ""
        yield (
            '<p class="facts">What the model says when a column is changed and all others stay (partial dependence, and single rows:'
            f" ICE).{of} It shows what the model does, not what the world would do; where columns move together, some of these rows could not be.</p>"
        )


def segments(told: dict[str, Any], facts: dict[str, Any]) -> Iterator[str]:
    """The groups of rows on which the model is weak."""
    found = told.get("segments")
    if found is None:
        return
    if not found:
        if told["rows"] >= 200 and facts["explanations"]["segments"]:
            yield f"<p>No group of rows was found on which it is clearly weaker than elsewhere, among {count(told['rows'])} held-out rows.</p>"
        return
    loss = "mean absolute error" if facts["task"] == "regression" else "log loss"
    labelled = found[0]["wrong"] is not None
    rows = []
    for one in found:
        words = " <small>and</small> ".join(
            f"{escape(part['column'])} is {_strong(part['is'])}" for part in one["where"]
        )
        cells = [words, count(one["rows"]), percent(one["share"])]
        if labelled:
            wrong = one["wrong"]
            cells += [f"{percent(wrong['value'])} <small>{_percents(wrong)}</small>", percent(wrong["elsewhere"])]
        rows.append(
            [*cells, f"{number(one['loss']['value'])} <small>{between(one['loss'])}</small>", number(one["elsewhere"])]
        )
    head = ["where", "rows", "share", *(["wrong", "elsewhere"] if labelled else []), loss, "elsewhere"]
    yield table(head, rows, numbers=range(1, len(head)))
    yield (
        f'<p class="facts">Found by a shallow tree on some of {count(told["rows"])} held-out rows and measured on others, with 95 % intervals;'
        " a group is told only where the error is clearly greater, with all groups that were looked at taken into account.</p>"
    )


def errors(told: dict[str, Any], schema: Schema) -> Iterator[str]:
    """The rows on which it errs most."""
    found = told.get("errors")
    if not found or not found["rows"]:
        return
    keyed = any(one["key"] is not None for one in found["rows"])
    rows = []
    for one in found["rows"]:
        cells = [
            count(one["row"]),
            *([_cell(one["key"])] if keyed else []),
            _cell(one["target"]),
            _cell(one["prediction"]),
        ]
        if schema.classification:
            cells.append("" if one["probability"] is None else figure(one["probability"]))
        else:
            cells.append(number(one["loss"]))
        rows.append([*cells, *map(_cell, one["values"])])
    error = "probability of what was true" if schema.classification else "off by"
    head = ["row", *([escape(str(found["key"]))] if keyed else []), "true", "predicted", error]
    yield table([*head, *map(escape, found["columns"])], rows, numbers=(0, 3 + keyed))
    hidden = f" Not shown, because they are personal: {', '.join(found['hidden'])}." if found["hidden"] else ""
    yield (
        f'<p class="facts">{escape(f"The test rows with the greatest errors, by their number in the data.{hidden}")}'
        " Wrong labels and broken measurements are often found here.</p>"
    )


def unit(schema: Schema) -> str:
    """What SHAP values are counted in."""
    if schema.task == "regression":
        return f"prediction of {schema.target}"
    return f'log-odds of "{schema.positive}"' if schema.task == "binary" else "scores of the classes"


def _shares(facts: dict[str, Any]) -> Iterator[str]:
    shares = {name: share for name, share in facts["importance"].items() if share is not None}
    if not shares:
        return
    first = dict(sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:INPUTS])
    drawn = marks.bars(first, "How much the model leans on each input", percent)
    rest = f" The other {len(shares) - len(first)} share the rest." if len(shares) > len(first) else ""
    reading = f"How much the model leans on each input: shares of 100 %.{rest} It says what the model uses, not what causes what."
    yield panel(Figure("", drawn, reading), titled=False)


def _made(told: dict[str, Any], schema: Schema) -> str:
    """How the explanations were made, and what they cannot say."""
    parts = [f"From {count(told['rows'])} of {count(told['of'])} held-out rows."]
    if (shuffled := told.get("shuffled")) and shuffled["rows"] < told["rows"]:
        parts.append(f"Columns were shuffled in {count(shuffled['rows'])} of them.")
    if shap := told.get("shap"):
        parts.append(
            f"{shap['method']}, of {count(shap['rows'])} rows; their sums meet the raw scores to within {shap['apart']:.1g}."
        )
    if schema.derived:
        parts.append(
            "Derived columns follow the columns they are made of when those are shuffled, and have SHAP values of their own."
        )
    parts += [f"{note[0].upper()}{note[1:]}." for note in told["notes"]]
    return " ".join(parts)


def _numbers(told: dict[str, Any], schema: Schema) -> str:
    worth = {one["column"]: one for one in told.get("importance") or ()}
    added = {one["input"]: one for one in (told.get("shap") or {"inputs": ()})["inputs"]}
    rows = []
    for name in dict.fromkeys([*worth, *added]):
        cells = [_measured(worth.get(name), "value"), _measured(added.get(name), "size")]
        rows.append([escape(name), "derived" if name in schema.derived else "", *cells])
    return table(["column", "", "worth", "mean size of what it added"], rows, numbers=(2, 3))


def _measured(one: dict[str, Any] | None, key: str) -> str:
    if one is None or one[key] is None or one["low"] is None:
        return ""
    return interval(one[key], one["low"], one["high"])


def _percents(wrong: dict[str, Any]) -> str:
    return f"[{percent(wrong['low'])}, {percent(wrong['high'])}]"


def _strong(words: str) -> str:
    return f"<b>{escape(words)}</b>"


def _cell(value: str | None) -> str:
    return '<span class="facts">missing</span>' if value is None else escape(value)
