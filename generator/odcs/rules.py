"""The quality rules and service levels of a contract as the checks of a data set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from overture.runtime.data import derive
from overture.runtime.data.column import AnyColumn
from overture.runtime.data.column import column as column_of
from overture.runtime.errors import Mistake

from . import VENDOR
from .properties import Columns

_QUERY = re.compile(r"SELECT COUNT\(\*\) FROM \$\{\w+\} WHERE NOT \((.*)\)", re.DOTALL)
_UNITS = {"w": "w", "d": "d", "h": "h", "m": "m", "s": "s"} | {"wk": "w", "min": "m", "sec": "s"}
_UNITS |= {f"{word}{s}": word[0] for word in ("week", "day", "hour", "minute", "second") for s in ("", "s")}


@dataclass
class Rules:
    """The checks that were understood."""

    checks: dict[str, Any] = field(default_factory=dict)
    """As conf/data/ has them."""

    @classmethod
    def of(cls, table: Any, contract: Any, columns: Columns, notes: list[str]) -> Rules:
        """The checks of an object of a contract; rules that cannot be kept go into `notes`."""
        made = cls()
        unique: list[Any] = [it[0] if len(it) == 1 else it for it in columns.unique]
        for name, rule in _every(table):
            severity = {"severity": "warn"} if (rule.severity or "").lower().startswith(("warn", "info")) else {}
            metric = rule.metric or rule.rule
            if metric == "rowCount" and (bounds := _bounds(rule)):
                made.checks["rows"] = {**made.checks.get("rows", {}), **bounds, **severity}
            elif metric == "duplicateValues" and _is_zero(rule):
                found = [name] if name else list((rule.arguments or {}).get("properties", []))
                if found and all(it in columns.found for it in found):
                    unique.append({"columns": found, **severity} if severity else found if len(found) > 1 else found[0])
                    continue
                notes.append(_said(name, rule))
            elif rule.type == "sql" and (asked := _expression(rule, columns)):
                label = rule.name or f"rule_{len(made.checks.get('expressions', {})) + 1}"
                truth = {"that": asked, **severity} if severity else asked
                made.checks.setdefault("expressions", {})[label] = truth
            elif metric in ("nullValues", "missingValues") and _is_zero(rule) and name in columns.found:
                columns.found[name].pop("nullable", None)
            else:
                notes.append(_said(name, rule))
        if unique:
            made.checks["unique"] = unique
        made.checks |= _fresh(contract, table, columns, notes)
        return made


def _every(table: Any) -> Iterator[tuple[str, Any]]:
    """Each rule with the column that it is about; "": all of them."""
    yield from (("", rule) for rule in table.quality or [])
    for it in table.properties:
        yield from ((it.name, rule) for rule in it.quality or [])


def _bounds(rule: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    if rule.mustBeBetween:
        found = {"min": int(rule.mustBeBetween[0]), "max": int(rule.mustBeBetween[1])}
    if isinstance(rule.mustBe, int):
        found = {"min": rule.mustBe, "max": rule.mustBe}
    for value, key, more in (
        (rule.mustBeGreaterOrEqualTo, "min", 0),
        (rule.mustBeGreaterThan, "min", 1),
        (rule.mustBeLessOrEqualTo, "max", 0),
        (rule.mustBeLessThan, "max", -1),
    ):
        if value is not None:
            found[key] = int(value) + more
    return found if rule.unit in (None, "rows") else {}


def _is_zero(rule: Any) -> bool:
    return bool(rule.mustBe == 0 or rule.mustBeLessThan == 1 or rule.mustBeLessOrEqualTo == 0)


def _expression(rule: Any, columns: Columns) -> str | None:
    """The expression of a query that an export of overture writes, where it can be read over these columns."""
    found = _QUERY.fullmatch((rule.query or "").strip())
    if found is None or not _is_zero(rule):
        return None
    described: dict[str, AnyColumn] = {
        name: column_of(keys["type"], **{key: it for key, it in keys.items() if key != "type"})
        for name, keys in columns.found.items()
    }
    try:
        derive.result(found[1], described, {}, ())
    except Mistake:
        return None
    return found[1]


def _fresh(contract: Any, table: Any, columns: Columns, notes: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for it in contract.slaProperties or []:
        name = (it.element or "").removeprefix(f"{table.name}.")
        unit = _UNITS.get((it.unit or "").lower())
        timed = columns.found.get(name, {}).get("type") in ("timestamp", "date")
        if it.property in ("freshness", "latency") and timed and unit and isinstance(it.value, int) and not found:
            custom = {one.property: one.value for one in it.customProperties or [] if one.vendor == VENDOR}
            found = {"fresh": {"column": name, "max_age": f"{it.value}{unit}", **custom}}
        else:
            notes.append(f"slaProperties.{it.property}: {it.value} {it.unit or ''}".rstrip())
    return found


def _said(name: str, rule: Any) -> str:
    what = rule.name or rule.metric or rule.rule or rule.description or rule.type or "a rule"
    return f"quality{f' of {name}' if name else ''}: {what}"
