"""The model card of a run: Markdown with the front matter that Hugging Face reads (hf.co/docs/hub/model-cards)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..figures import count, figure, interval, percent, spread
from . import words

if TYPE_CHECKING:
    from ..schema import Schema


def card(facts: dict[str, Any], schema: Schema, explanations: dict[str, Any] | None = None) -> str:
    """The card of a run; the same arguments give the same bytes.

    facts: run.json. schema: as learned.
    """
    parts = [_front(facts), f"# {_text(facts['name'])}", _text(words.question(facts))]
    for title, lines in (
        ("Model", _model(facts)),
        ("Intended use", _use(facts, schema)),
        ("Data", _data(facts)),
        ("Evaluation", _evaluation(facts)),
        ("Limits", _limits(facts, schema)),
        ("How to reproduce it", _reproduce(facts)),
    ):
        parts.append(f"## {title}\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _front(facts: dict[str, Any]) -> str:
    import yaml

    kind = "tabular-regression" if facts["task"] == "regression" else "tabular-classification"
    metrics = [
        {"type": name, "name": name, "value": round(scored["value"], 6)}
        for name, scored in facts["metrics"].items()
        if scored["value"] is not None
    ]
    result = {
        "task": {"type": kind},
        "dataset": {"name": facts["data"]["source"], "type": "tabular", "split": "test"},
        "metrics": metrics,
    }
    front = {
        "library_name": "overture",
        "pipeline_tag": kind,
        "tags": ["tabular", facts["task"], facts["model"]["kind"]],
        "model-index": [{"name": f"{facts['name']}:{facts['id']}", "results": [result]}],
    }
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---"


def _model(facts: dict[str, Any]) -> Iterator[str]:
    model = facts["model"]
    rounds = f", {count(model['rounds'])} rounds" if model["rounds"] else ""
    yield f"- Version: {_text(facts['name'])}:{facts['id']}, trained {facts['created'][:10]}"
    yield f"- Family: {_text(model['label'])}{rounds}"
    yield from (f"- {_text(name)}: {_text(value)}" for name, value in model["params"].items())


def _use(facts: dict[str, Any], schema: Schema) -> Iterator[str]:
    answer = "a number" if facts["task"] == "regression" else "a label and the probability of each class"
    yield f"It takes {len(schema.features)} columns of one row and answers with {answer} for {_text(facts['target'])}."
    yield f"A row that breaks the contract in `schema.json` is refused{_unknown(schema)}."


def _unknown(schema: Schema) -> str:
    return "; unknown labels are treated as missing, and the answer says so" * (schema.unknown_category == "missing")


def _data(facts: dict[str, Any]) -> Iterator[str]:
    data, rows = facts["data"], facts["rows"]
    if data["description"]:
        yield f"{_text(data['description'])}\n"
    yield f"- {count(data['read'])} rows from {_text(data['source'])}; {count(data['dropped'])} without target left out"
    yield "- " + ", ".join(f"{name} {count(number)}" for name, number in rows.items())
    total = max(data["read"] - data["dropped"], 1)
    yield from (f"- {_text(name)}: {percent(number / total)} missing" for name, number in data["missing"].items())


def _evaluation(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{_text(words.verdict(facts)[1])} {_text(words.plain(facts))}\n"
    beside = words.baselines(facts)
    yield from _table(
        ["metric", "model, with its 95 % interval", *(f"baseline: {label}" for label in beside)],
        [
            [name, _shown(scored), *(_number(base.get(name)) for base in beside.values())]
            for name, scored in facts["metrics"].items()
        ],
    )
    if folds := facts.get("folds"):
        yield f"\nCross-validation over {len(folds['held'])} folds of the rows that are not test, mean and standard deviation:\n"
        found = folds["metrics"].items()
        yield from (f"- {_text(name)}: {_spread(it)}" for name, it in found)


def _limits(facts: dict[str, Any], schema: Schema) -> Iterator[str]:
    yield "- It was judged on rows of the same source as it learned from; on other rows it may do worse."
    if schema.time is None:
        yield "- No column orders the rows in time, so nothing here says how it ages."
    yield from (f"- {_text(note)}" for note in facts["notes"])


def _reproduce(facts: dict[str, Any]) -> Iterator[str]:
    inputs, git = facts["inputs"], facts["git"]
    if git:
        yield f"- commit `{git['commit']}`{' and uncommitted changes' if git['dirty'] else ''}"
    hashes = {**inputs["data"], **inputs["code"], "configuration": inputs["config"]}
    yield from (f"- {_text(path)}: SHA-256 `{digest}`" for path, digest in hashes.items())
    yield "- " + _text(", ".join(f"{name} {version}" for name, version in inputs["environment"].items()))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell if cell == "---" else _text(cell) for cell in row) + " |"


def _shown(scored: dict[str, float | None]) -> str:
    value, low, high = scored["value"], scored["low"], scored["high"]
    return _number(value) if value is None or low is None or high is None else interval(value, low, high)


def _spread(found: dict[str, Any]) -> str:
    mean, deviation = found["mean"], found["deviation"]
    return _number(mean) if mean is None or deviation is None else spread(mean, deviation)


def _number(value: float | None) -> str:
    return "undefined" if value is None else figure(value)


def _text(value: object) -> str:
    """Text that Markdown takes as nothing but text, on one line."""
    plain = " ".join(str(value).split()).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{c}" if c in "\\`*_[]|#" else c for c in plain)
