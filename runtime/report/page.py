"""The report of a run: one HTML file without scripts; for a manager at the top, for an engineer further down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from .. import classes
from ..figures import count, figure, interval, percent
from . import marks, plots, words
from .html import document, folded, panel, table

if TYPE_CHECKING:
    import polars as pl

    from ..data.column import AnyColumn
    from ..schema import Schema

INPUTS = 20
"""Inputs whose importance is drawn."""


def page(
    facts: dict[str, Any],
    schema: Schema,
    predictions: pl.DataFrame,
    config: str,
    explanations: dict[str, Any] | None = None,
) -> str:
    """The HTML of a run's report; the same arguments give the same bytes.

    facts: run.json. schema: as learned. predictions: as in predictions.parquet. config: config.yaml.
    explanations: as in explanations.json.
    """
    sections = [
        ("What it learned from", _learned_from(facts)),
        ("What it looks at", _importance(facts)),
        ("Scores", _scores(facts)),
        ("Where it is right and wrong", _figures(schema, predictions)),
        ("On parts of the rows", _slices(facts)),
        ("Data and contract", _contract(facts, schema)),
        ("Configuration", [folded("config.yaml", f"<pre>{escape(config)}</pre>")]),
        ("How to reproduce it", _reproduce(facts)),
    ]
    body = [*_top(facts)]
    for title, parts in sections:
        if made := "".join(parts):
            body.append(f"<section><h2>{title}</h2>{made}</section>")
    return document(f"{facts['name']} {facts['id']}", body)


def _top(facts: dict[str, Any]) -> Iterator[str]:
    when = facts["created"].replace("T", " ").removesuffix("Z")[:16]
    told = [f"run <code>{facts['id']}</code>", escape(facts["model"]["label"]), facts["task"], f"{when} UTC"]
    yield f'<header><h1>{escape(facts["name"])}</h1><p class="lead">{escape(words.question(facts))}</p>'
    yield f'<p class="facts">{" · ".join(told)}</p></header>'
    colour, sentence = words.verdict(facts)
    said = "".join(f"<p>{escape(text)}</p>" for text in (words.plain(facts), words.certainty(facts)) if text)
    yield f'<div class="hero"><div><p class="verdict {colour}">{escape(sentence)}</p>{said}</div>'
    yield f"{panel(plots.baseline(facts), titled=False)}</div>"


def _learned_from(facts: dict[str, Any]) -> Iterator[str]:
    data, rows = facts["data"], facts["rows"]
    if data["description"]:
        yield f"<p>{escape(data['description'])}</p>"
    dropped = f"; {count(data['dropped'])} without {facts['target']} were left out" if data["dropped"] else ""
    yield f"<p>{count(data['read'])} rows from {escape(data['source'])}{escape(dropped)}.</p>"
    widths = "".join(f'<i class="{part}" style="flex: {number} 1 0"></i>' for part, number in rows.items() if number)
    stops = facts["model"]["rounds"] is not None
    does = {"train": "to learn from", "valid": "to stop in time" if stops else "to learn from, too"}
    does["test"] = "to judge by, never seen before"
    key = " &nbsp; ".join(
        f'<i class="key {part}"></i> {count(number)} {does[part]}' for part, number in rows.items() if number
    )
    ways = ", ".join(
        f"{name} {value}" for name, value in facts["split"].items() if name != "kind" and value is not None
    )
    kind = escape(str(facts["split"].get("kind", "")))
    yield f'<div class="share" role="img" aria-label="train, valid and test rows">{widths}</div><p class="facts">{key}</p>'
    yield f'<p class="facts">Split {kind}: {escape(ways)}; seed {facts["seeds"]["split"]}.</p>'
    if facts["notes"]:
        yield f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in facts['notes'])}</ul>"


def _importance(facts: dict[str, Any]) -> Iterator[str]:
    shares = {name: share for name, share in facts["importance"].items() if share is not None}
    if not shares:
        return
    first = dict(sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:INPUTS])
    drawn = marks.bars(first, "How much the model leans on each input", percent)
    rest = f" The other {len(shares) - len(first)} share the rest." if len(shares) > len(first) else ""
    reading = f"How much the model leans on each input: shares of 100 %.{rest} It says what the model uses, not what causes what."
    yield panel(plots.Figure("", drawn, reading), titled=False)


def _scores(facts: dict[str, Any]) -> Iterator[str]:
    rows = []
    for name, scored in facts["metrics"].items():
        base = facts["baseline"].get(name)
        rows.append([escape(name), _number(scored["value"]), _between(scored), _number(base)])
    head = ["metric", "model", "95 % interval", escape(f"baseline: {facts['baseline_label']}")]
    yield table(head, rows, numbers=(1, 2, 3), style="first-row")
    yield f'<p class="facts">On {count(facts["rows"]["test"])} test rows; intervals by bootstrap. Runs are compared by {escape(facts["objective"])}.</p>'


def _slices(facts: dict[str, Any]) -> Iterator[str]:
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
        shown = [_number(found["value"]), _between(found), f'<span class="{colour}">{said}</span>']
        rows.append([escape(part["column"]), escape(part["value"]), count(part["rows"]), *shown])
    head = ["column", "where it is", "test rows", escape(name), "95 % interval", "than on all rows"]
    yield table(head, rows, numbers=(2, 3, 4))
    yield f'<p class="facts">On all rows: {escape(name)} {_number(whole["value"])}. Weaker and better are said where the interval leaves that out.</p>'


def _figures(schema: Schema, predictions: pl.DataFrame) -> Iterator[str]:
    drawn = "".join(panel(found) for found in plots.figures(schema, predictions))
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


def _contract(facts: dict[str, Any], schema: Schema) -> Iterator[str]:
    data = facts["data"]
    roles = {
        schema.target: "target",
        schema.key: "key",
        schema.time: "time",
        schema.weight: "weight",
        schema.divider: "split",
    }
    rows = []
    roles |= dict.fromkeys(schema.outcomes, "outcome")
    for name, column in {**schema.columns, schema.target: schema.target_column, **schema.derived}.items():
        missing = data["missing"].get(name)
        gaps = count(missing) if missing else ""
        role = "derived" if name in schema.derived else roles.get(name, "")
        described = [escape(name), escape(getattr(column, "type", "")), role, escape(_allowed(column)), gaps]
        rows.append([*described, escape(column.description)])
    yield table(["column", "type", "role", "allowed", "missing", "meaning"], rows, numbers=(4,))
    if data.get("breaches"):
        told = [
            [escape(it["column"]), it["rule"], _ends(it), count(it["count"]), percent(it["share"]), escape(it["what"])]
            for it in data["breaches"]
        ]
        yield "<h3>Where the data breaks it</h3>"
        yield table(["column or check", "rule", "what became of it", "rows", "share", "what"], told, numbers=(3, 4))
    if data.get("aside"):
        yield f"<p>{count(data['aside'])} of {count(data['read'])} rows were set aside into quarantine.parquet.</p>"
    if data["unknown"]:
        counted = ", ".join(f"{name} {count(number)}" for name, number in data["unknown"].items())
        yield f"<p>Unknown labels treated as missing: {escape(counted)}.</p>"
    if data["extra"]:
        yield f"<p>Columns of the source that are neither described nor ignored: {escape(', '.join(data['extra']))}.</p>"


def _ends(breach: dict[str, Any]) -> str:
    return "set aside" if breach["severity"] == "quarantine" else "said only"


def _allowed(column: AnyColumn) -> str:
    values, low, high = (getattr(column, name, None) for name in ("values", "min", "max"))
    least, most = (f"{bound:.15g}" if isinstance(bound, float) else str(bound) for bound in (low, high))
    if values is not None:
        said = ", ".join(map(str, values[:12])) + (f" and {len(values) - 12} more" if len(values) > 12 else "")
    elif low is None:
        said = "any" if high is None else f"{most} or less"
    else:
        said = f"{least} or more" if high is None else f"{least} to {most}"
    return f"{said}, or missing" if column.nullable else said


def _reproduce(facts: dict[str, Any]) -> Iterator[str]:
    inputs, git = facts["inputs"], facts["git"]
    yield (
        "<p>The same data, configuration, code and packages give this run again, under the same id: <code>python train.py</code>"
        " with the configuration above.</p>"
    )
    rows = (
        [["commit", f"<code>{git['commit']}</code>{', and uncommitted changes' if git['dirty'] else ''}"]]
        if git
        else []
    )
    rows += [[escape(path), f"<code>{digest}</code>"] for path, digest in {**inputs["data"], **inputs["code"]}.items()]
    rows += [["configuration", f"<code>{inputs['config']}</code>"]]
    rows += [["packages", escape(", ".join(f"{name} {version}" for name, version in inputs["environment"].items()))]]
    rows += [["seeds", escape(", ".join(f"{name} {seed}" for name, seed in facts["seeds"].items()))]]
    rows += [["model", f"<code>{escape(_model(facts['model']))}</code>"]]
    rows += [["seconds", escape(", ".join(f"{name} {seconds:.1f}" for name, seconds in facts["durations"].items()))]]
    yield table(["what went in", "SHA-256 or version"], rows)


def _model(model: dict[str, Any]) -> str:
    rounds = f", {count(model['rounds'])} rounds" if model["rounds"] else ""
    return f"{model['label']} {json.dumps(model['params'], ensure_ascii=False)}{rounds}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else figure(value)


def _between(scored: dict[str, float | None]) -> str:
    value, low, high = scored["value"], scored["low"], scored["high"]
    return "undefined" if value is None or low is None or high is None else interval(value, low, high).split(" ", 1)[1]
