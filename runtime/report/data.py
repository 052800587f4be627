"""What a model learned from: the rows and how they were told apart, the contract, and where the data breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from ..figures import count, percent
from .html import table

if TYPE_CHECKING:
    from ..data.column import AnyColumn
    from ..schema import Schema


def learned_from(facts: dict[str, Any]) -> Iterator[str]:
    """The rows, and which of them taught and which judged."""
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


def contract(facts: dict[str, Any], schema: Schema) -> Iterator[str]:
    """What each column may hold, and what the data did with it."""
    yield f"<p>{escape(_state(facts['data']))}</p>"
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
        described = [escape(name), escape(getattr(column, "type", "")), role, escape(allowed(column)), gaps]
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


def _state(data: dict[str, Any]) -> str:
    """Did the data keep the contract?"""
    broken = len(data.get("breaches") or ())
    if not broken:
        return (
            f"All {count(data['read'])} rows that were read keep the contract below; every request is held to it, too."
        )
    rules = "one rule" if broken == 1 else f"{broken} rules"
    return f"The data breaks {rules} of the contract, which it may: see below the table. Every request is held to all of them."


def _ends(breach: dict[str, Any]) -> str:
    return "set aside" if breach["severity"] == "quarantine" else "said only"


def allowed(column: AnyColumn) -> str:
    """What a column may hold, in words."""
    values, low, high = (getattr(column, name, None) for name in ("values", "min", "max"))
    if column.personal and values is not None:
        return f"{count(len(values))} labels, not shown: they are personal"
    least, most = (f"{bound:.15g}" if isinstance(bound, float) else str(bound) for bound in (low, high))
    if values is not None:
        said = ", ".join(map(str, values[:12])) + (f" and {len(values) - 12} more" if len(values) > 12 else "")
    elif low is None:
        said = "any" if high is None else f"{most} or less"
    else:
        said = f"{least} or more" if high is None else f"{least} to {most}"
    return f"{said}, or missing" if column.nullable else said
