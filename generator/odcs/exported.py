"""A data set as a contract of the Open Data Contract Standard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from overture.runtime.data.checks import Checks, Fresh
from overture.runtime.data.column import AnyColumn, CategoryColumn
from overture.runtime.data.dataset import Dataset

from . import API, NO_ROWS, VENDOR, standard

TYPES = {"category": "string", "text": "string"}
_ELSEWHERE = {"description", "owner", "key", "columns", "checks"}
_UNITS = {"w": "wk", "d": "d", "h": "h", "m": "min", "s": "s"}
SEVERITIES = {"error": "error", "warn": "warning"}


def exported(dataset: Dataset, name: str) -> tuple[str, list[str]]:
    """The contract as YAML, and what of it only overture understands.

    name: what the data set is called.
    Raises Mistake when the extra "odcs" is not installed.
    """
    ours = _ours(dataset)
    contract: dict[str, Any] = {
        "version": "1.0.0",
        "kind": "DataContract",
        "apiVersion": API,
        "id": name,
        "name": name,
        "status": "active",
    }
    if dataset.description:
        contract["description"] = {"purpose": dataset.description}
    if dataset.owner:
        contract["team"] = {"name": dataset.owner}
    quality = list(_quality(dataset.checks))
    table = {"name": name, "physicalType": "table", "properties": list(_properties(dataset))}
    contract["schema"] = [{**table, "quality": quality} if quality else table]
    if dataset.checks.fresh is not None:
        contract["slaProperties"] = [_fresh(dataset.checks.fresh, name)]
    if ours:
        contract["customProperties"] = [{"property": "dataset", "value": ours, "vendor": VENDOR}]
    text = standard().OpenDataContractStandard.model_validate(contract).to_yaml()
    return text, list(_said(ours, contract))


def _properties(dataset: Dataset) -> Iterator[dict[str, Any]]:
    single = {it.columns[0] for it in dataset.checks.uniques if len(it.columns) == 1 and it.severity == "error"}
    for name, column in dataset.columns.items():
        made = _property(name, column)
        if name == dataset.key:
            made |= {"primaryKey": True, "primaryKeyPosition": 1}
        if name in single:
            made["unique"] = True
        yield made


def _property(name: str, column: AnyColumn) -> dict[str, Any]:
    written = column.model_dump(mode="json", exclude_defaults=True)
    kind = written["type"]
    numeric = isinstance(column, CategoryColumn) and column.numeric
    made: dict[str, Any] = {
        "name": name,
        "logicalType": "integer" if numeric else TYPES.get(kind, kind),
        "required": not column.nullable,
    }
    if column.description:
        made["description"] = column.description
    if column.personal:
        made["classification"] = "personal"
    if "values" in written:
        made["enum"] = [{"value": value} for value in written["values"]]
    options = {theirs: written[ours] for ours, theirs in OPTIONS.items() if ours in written}
    if options:
        made["logicalTypeOptions"] = options
    if "example" in written:
        made["examples"] = [written["example"]]
    custom = {"type": kind} if kind in TYPES and "values" not in written else {}
    custom |= {"warn": written["warn"]} if "warn" in written else {}
    if custom:
        made["customProperties"] = [{"property": key, "value": it, "vendor": VENDOR} for key, it in custom.items()]
    return made


OPTIONS = {"min": "minimum", "max": "maximum", "pattern": "pattern"}


def _quality(checks: Checks) -> Iterator[dict[str, Any]]:
    low, high = checks.rows.min, checks.rows.max
    if low is not None or high is not None:
        asked: dict[str, Any] = {"mustBeBetween": [low, high]}
        if high is None or low is None:
            asked = {"mustBeGreaterOrEqualTo": low} if high is None else {"mustBeLessOrEqualTo": high}
        yield _rule("rowCount", "completeness", checks.rows.severity) | asked
    for unique in checks.uniques:
        if len(unique.columns) > 1 or unique.severity != "error":
            rule = _rule("duplicateValues", "uniqueness", unique.severity)
            yield rule | {"mustBe": 0, "arguments": {"properties": unique.columns}}
    for name, truth in checks.truths.items():
        yield {
            "name": name,
            "type": "sql",
            "dimension": "conformity",
            "severity": SEVERITIES[truth.severity],
            "query": f"{NO_ROWS}{truth.that})",
            "mustBe": 0,
        }


def _rule(metric: str, dimension: str, severity: str) -> dict[str, Any]:
    return {"type": "library", "metric": metric, "dimension": dimension, "severity": SEVERITIES[severity]}


def _fresh(fresh: Fresh, name: str) -> dict[str, Any]:
    age = fresh.max_age
    made = {
        "property": "freshness",
        "value": int(age[:-1]),
        "unit": _UNITS[age[-1]],
        "element": f"{name}.{fresh.column}",
    }
    if fresh.severity != "error":
        made["customProperties"] = [{"property": "severity", "value": fresh.severity, "vendor": VENDOR}]
    return made


def _ours(dataset: Dataset) -> dict[str, Any]:
    """What the standard has no words for, as conf/data/ has it."""
    written = dataset.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    checks = {
        key: it for key, it in written.get("checks", {}).items() if key in ("references", "previous", "on_breach")
    }
    found = {key: it for key, it in written.items() if key not in _ELSEWHERE}
    return {**found, "checks": checks} if checks else found


def _said(ours: dict[str, Any], contract: dict[str, Any]) -> Iterator[str]:
    if ours:
        keys = [key for key in ours if key != "checks"] + [f"checks.{key}" for key in ours.get("checks", {})]
        yield f"kept as custom properties of overture, which other tools pass over: {', '.join(keys)}"
    marked = [it["name"] for it in contract["schema"][0]["properties"] if "customProperties" in it]
    if marked:
        yield f"so is whether a column is a category or a text, and what only warns: {', '.join(marked)}"
