"""The model card of a run: Markdown with the front matter that Hugging Face reads, under the headings of Annex IV of the EU AI Act.

What can be known from the run is filled in from it; the rest is what conf/card.yaml states; what nobody states is called not stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..figures import count, percent
from ..stated import Stated
from . import words
from .data import allowed
from .markdown import items, plain, rows, shown
from .measures import described, folds, groups, metrics, slices

if TYPE_CHECKING:
    from ..schema import Schema

UNSTATED = "*Not stated.*"
HEADINGS = "Headings 1 to 9 are those of Annex IV of Regulation (EU) 2024/1689; that they are filled in proves no conformity with it."


def card(facts: dict[str, Any], schema: Schema, explanations: dict[str, Any] | None = None) -> str:
    """The card of a run; the same arguments give the same bytes.

    facts: run.json. schema: as learned. explanations: as in explanations.json.
    """
    said = Stated.model_validate(facts.get("card", {}))
    told = explanations or {}
    parts = [_front(facts, said), f"# {plain(facts['name'])}", plain(words.question(facts)), _summary(facts), HEADINGS]
    for title, sections in (
        ("1. General description", _general(facts, schema, said)),
        ("2. How it was developed", _development(facts, schema, said)),
        ("3. Monitoring, functioning and control", _control(facts, schema, said, told)),
        ("4. Why these metrics", _metrics(facts, said)),
        ("5. Risk management", [("", _text(said.risk_management))]),
        ("6. Changes over its life", [("", _list(said.changes))]),
        ("7. Standards", [("", _list(said.standards))]),
        ("8. EU declaration of conformity", [("", _text(said.declaration))]),
        ("9. Monitoring in use", [("", _text(said.monitoring))]),
        ("How to reproduce it", [("", _reproduce(facts))]),
        ("What is not stated", [("", _missing(said))]),
    ):
        parts.append(f"## {title}")
        for heading, lines in sections:
            parts.append("\n".join([*([f"### {heading}", ""] if heading else []), *lines]))
    return "\n\n".join(parts) + "\n"


Sections = Iterable[tuple[str, Iterable[str]]]


def _front(facts: dict[str, Any], said: Stated) -> str:
    import yaml

    kind = "tabular-regression" if facts["task"] == "regression" else "tabular-classification"
    measured = [
        {"type": name, "name": name, "value": round(scored["value"], 6)}
        for name, scored in facts["metrics"].items()
        if scored["value"] is not None
    ]
    result = {
        "task": {"type": kind},
        "dataset": {"name": facts["data"]["source"], "type": "tabular", "split": "test"},
        "metrics": measured,
    }
    front = {
        **({"license": said.license} if said.license else {}),
        "library_name": "overture",
        "pipeline_tag": kind,
        "tags": list(dict.fromkeys(["tabular", facts["task"], facts["model"]["kind"], *said.tags])),
        "model-index": [{"name": f"{facts['name']}:{facts['id']}", "results": [result]}],
    }
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---"


def _summary(facts: dict[str, Any]) -> str:
    return plain(
        " ".join(text for text in (words.verdict(facts)[1], words.plain(facts), words.certainty(facts)) if text)
    )


def _general(facts: dict[str, Any], schema: Schema, said: Stated) -> Sections:
    answer = "a number" if facts["task"] == "regression" else "a label and the probability of each class"
    asked = (
        f"It takes {len(schema.features)} columns of one row and answers with {answer} for {plain(facts['target'])}."
    )
    version = f"{plain(facts['name'])}:{facts['id']}, trained {facts['created'][:10]}"
    yield "Intended purpose", _text(said.intended_use)
    yield "Not to be used for", _list(said.out_of_scope)
    yield "Provider", _text(said.provider)
    yield "Version", [version]
    yield "What it takes and answers", [asked]
    yield "The system it works in", _text(said.system)
    yield "Software", [plain(", ".join(f"{name} {it}" for name, it in facts["inputs"]["environment"].items()))]
    yield "Instructions for use", _text(said.instructions)


def _development(facts: dict[str, Any], schema: Schema, said: Stated) -> Sections:
    yield "Method", _model(facts)
    yield "Design choices", _text(said.design)
    yield "Data", _data(facts)
    yield "Where the data comes from", _text(said.provenance)
    yield "Labelling, cleaning and choice of the data", [*_text(said.preparation), "", *_handled(facts, schema)]
    yield "Validation and testing", [*described(facts), "", *metrics(facts), *folds(facts)]
    yield "Time it took", [plain(", ".join(f"{name} {it:.1f} s" for name, it in facts["durations"].items()))]
    yield "Human oversight", _text(said.human_oversight)
    yield "Changes planned beforehand", _text(said.planned_changes)
    yield "Security", _text(said.security)


def _control(facts: dict[str, Any], schema: Schema, said: Stated, told: dict[str, Any]) -> Sections:
    yield "Limits", [*items(said.limits), *_limits(facts, schema)]
    yield "Groups on which it does better or worse", [*groups(told, facts), "", *slices(facts)]
    yield "What could go wrong", _list(said.risks)
    yield "What it leans on", _leans(facts, told)
    yield "Input data", _inputs(schema)


def _metrics(facts: dict[str, Any], said: Stated) -> Sections:
    way = "more is better" if facts["greater_is_better"] else "less is better"
    yield "", [f"Models are compared by {plain(facts['objective'])}; {way}.", "", *_text(said.metrics)]


def _model(facts: dict[str, Any]) -> Iterator[str]:
    model = facts["model"]
    rounds = f", {count(model['rounds'])} rounds" if model["rounds"] else ""
    yield f"- Family: {plain(model['label'])}{rounds}"
    yield from (f"- {plain(name)}: {plain(value)}" for name, value in model["params"].items())
    for name in ("calibration", "threshold", "interval"):
        if adjusted := facts.get(name):
            parts = adjusted.items() if isinstance(adjusted, dict) else [("", adjusted)]
            yield f"- {name}: {plain(', '.join(f'{key} {value}'.strip() for key, value in parts))}"


def _data(facts: dict[str, Any]) -> Iterator[str]:
    data, parts = facts["data"], facts["rows"]
    if data["description"]:
        yield f"{plain(data['description'])}\n"
    yield f"- {count(data['read'])} rows from {plain(data['source'])}"
    yield "- " + ", ".join(f"{name} {count(number)}" for name, number in parts.items() if isinstance(number, int))
    yield f"- split: {plain(', '.join(f'{name} {value}' for name, value in facts['split'].items() if value is not None))}"


def _handled(facts: dict[str, Any], schema: Schema) -> Iterator[str]:
    """What became of rows and values on the way."""
    data = facts["data"]
    yield f"- {count(data['dropped'])} rows without target were left out"
    yield f"- {count(data.get('aside') or 0)} rows that break the contract were set aside"
    total = max(data["read"] - data["dropped"], 1)
    yield from (f"- {plain(name)}: {percent(number / total)} missing" for name, number in data["missing"].items())
    yield from (
        f"- {plain(name)}: {count(number)} unknown labels, taken for missing"
        for name, number in data["unknown"].items()
    )
    yield from (f"- computed from other columns: {plain(name)}" for name in schema.derived)


def _limits(facts: dict[str, Any], schema: Schema) -> Iterator[str]:
    yield "- It was judged on rows of the same source as it learned from; on other rows it may do worse."
    if schema.time is None:
        yield "- No column orders the rows in time, so nothing here says how it ages."
    yield from (f"- {plain(note)}" for note in facts["notes"])


def _leans(facts: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    if ranked := told.get("importance"):
        yield f"By how much {plain(facts['objective'])} gets worse when a column of the held-out rows is shuffled:\n"
        yield from rows(
            ["column", "worse by, with its 95 % interval"], [[one["column"], shown(one)] for one in ranked[:10]]
        )
        return
    shares = {name: share for name, share in facts["importance"].items() if share is not None}
    first = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:10]
    yield from rows(["input", "share"], [[name, percent(share)] for name, share in first]) if first else [UNSTATED]


def _inputs(schema: Schema) -> Iterator[str]:
    policy = "; unknown labels are treated as missing, and the answer says so" * (schema.unknown_category == "missing")
    yield f"A row that breaks this contract is refused{policy}.\n"
    listed = [
        [name, getattr(column, "type", ""), allowed(column), column.description]
        for name, column in schema.features.items()
    ]
    yield from rows(["column", "type", "allowed", "meaning"], listed)


def _reproduce(facts: dict[str, Any]) -> Iterator[str]:
    inputs, git = facts["inputs"], facts["git"]
    yield f"`overture reproduce {facts['id']}`, with:\n"
    if git:
        yield f"- commit `{git['commit']}`{' and uncommitted changes' if git['dirty'] else ''}"
    hashes = {**inputs["data"], **inputs["code"], "configuration": inputs["config"]}
    yield from (f"- {plain(path)}: SHA-256 `{digest}`" for path, digest in hashes.items())
    yield "- " + plain(", ".join(f"{name} {version}" for name, version in inputs["environment"].items()))


def _missing(said: Stated) -> Iterator[str]:
    if not said.missing:
        yield "Everything that conf/card.yaml asks for is stated."
        return
    yield f"conf/card.yaml says nothing of: {plain(', '.join(said.missing))}."


def _text(text: str) -> list[str]:
    return [plain(text)] if text.strip() else [UNSTATED]


def _list(lines: list[str]) -> list[str]:
    return [*items(lines)] or [UNSTATED]
