"""The report of a run: one HTML file without scripts; for a manager at the top, for an engineer further down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from ..figures import count
from . import data, explained, judged, plots, watch, words
from .html import document, folded, panel, table

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema


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
    told = explanations or {}
    sections = [
        ("Scores", judged.scores(facts)),
        ("Cross-validation", judged.folds(facts)),
        (
            "Where it is right and wrong",
            judged.figures(schema, predictions, (facts.get("threshold") or {}).get("value")),
        ),
        ("What it looks at", explained.importance(facts, told, schema)),
        ("How it answers", explained.dependence(told, schema)),
        ("Where it is weak", explained.segments(told, facts)),
        ("On parts of the rows", judged.slices(facts)),
        ("Its greatest errors", explained.errors(told, schema)),
        ("What it learned from", data.learned_from(facts)),
        ("Data and contract", data.contract(facts, schema)),
        ("Configuration", [folded("config.yaml", f"<pre>{escape(_impersonal(config, schema))}</pre>")]),
        ("How to reproduce it", _reproduce(facts)),
    ]
    made = [(title, "".join(parts)) for title, parts in sections]
    shown = [(title, text) for title, text in made if text]
    top = _top(facts, watch.sentences(facts, schema, predictions, explanations), [title for title, _ in shown])
    body = [*top, *(f'<section id="{_anchor(title)}"><h2>{title}</h2>{text}</section>' for title, text in shown)]
    return document(f"{facts['name']} {facts['id']}", body)


def _top(facts: dict[str, Any], warnings: list[str], titles: list[str]) -> Iterator[str]:
    when = facts["created"].replace("T", " ").removesuffix("Z")[:16]
    told = [f"run <code>{facts['id']}</code>", escape(facts["model"]["label"]), facts["task"], f"{when} UTC"]
    yield f'<header><h1>{escape(facts["name"])}</h1><p class="lead">{escape(words.question(facts))}</p>'
    yield f'<p class="facts">{" · ".join(told)}</p></header>'
    colour, sentence = words.verdict(facts)
    said = "".join(f"<p>{escape(text)}</p>" for text in (words.plain(facts), words.certainty(facts)) if text)
    yield f'<div class="hero"><div><p class="verdict {colour}">{escape(sentence)}</p>{said}</div>'
    yield f"{panel(plots.baseline(facts), titled=False)}</div>"
    if warnings:
        watched = "".join(f"<li>{escape(text)}</li>" for text in warnings)
        yield f'<div class="watch"><h2>What to watch</h2><ul>{watched}</ul></div>'
    links = " ".join(f'<a href="#{_anchor(title)}">{title}</a>' for title in titles)
    yield f"<nav>{links}</nav>"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _impersonal(config: str, schema: Schema) -> str:
    """The configuration without the labels of personal columns."""
    hidden = [name for name, column in schema.columns.items() if column.personal and getattr(column, "values", None)]
    if not hidden:
        return config
    import yaml

    told = yaml.safe_load(config)
    for name in hidden:
        column = told.get("data", {}).get("columns", {}).get(name)
        if isinstance(column, dict) and "values" in column:
            column["values"] = "not shown: they are personal"
    return str(yaml.safe_dump(told, sort_keys=False, allow_unicode=True))


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
    yield f'<div class="stack">{table(["what went in", "SHA-256 or version"], rows)}</div>'


def _model(model: dict[str, Any]) -> str:
    rounds = f", {count(model['rounds'])} rounds" if model["rounds"] else ""
    return f"{model['label']} {json.dumps(model['params'], ensure_ascii=False)}{rounds}"
