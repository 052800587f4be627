"""The properties of a contract as the columns of a data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from overture.runtime.data.column import column as column_of

from . import VENDOR, left

_TYPES = {"integer", "number", "boolean", "date", "timestamp"}
_KNOWN = {
    "name",
    "logicalType",
    "required",
    "description",
    "enum",
    "logicalTypeOptions",
    "examples",
    "customProperties",
}
_KNOWN |= {"primaryKey", "primaryKeyPosition", "unique", "classification", "quality", "physicalType", "physicalName"}
_BOUNDS = {"minimum": "min", "maximum": "max"}


@dataclass
class Columns:
    """The columns that were understood."""

    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name, their keys as conf/data/ has them."""
    key: str | None = None
    ignored: list[str] = field(default_factory=list)
    """Those of types that no column has."""
    unique: list[list[str]] = field(default_factory=list)

    @classmethod
    def of(cls, table: Any, notes: list[str]) -> Columns:
        """The columns of an object of a contract; what of them is not kept goes into `notes`."""
        made = cls()
        for it in table.properties:
            made._add(it, notes)
        keys = [it for it in table.properties if it.primaryKey and it.name in made.found]
        keys.sort(key=lambda it: it.primaryKeyPosition or 0)
        if len(keys) == 1:
            made.key = keys[0].name
        elif keys:
            made.unique.append([it.name for it in keys])
            notes.append(f"a key of several columns is kept as checks.unique: {', '.join(made.unique[-1])}")
        return made

    def _add(self, it: Any, notes: list[str]) -> None:
        where = f"columns.{it.name}: "
        kind = it.logicalType or "string"
        if kind not in _TYPES | {"string"}:
            self.ignored.append(it.name)
            notes.append(f"{where}of type {kind}, which no column has; it is in ignore")
            return
        custom = _custom(it, notes, where)
        written: dict[str, Any] = {"type": custom.get("type") or ("category" if kind == "string" else kind)}
        if kind == "string" and "type" not in custom and not it.enum:
            notes.append(f"{where}a string; it is a category here, write type: text where people wrote it")
        if it.enum and kind in ("string", "integer"):
            written |= {"type": "category", "values": [one.value for one in it.enum]}
            notes.extend(f"{where}enum.{name}" for one in it.enum for name in left(one, {"value"}, ""))
        elif it.enum:
            notes.append(f"{where}enum of a {kind}")
        if not it.required:
            written["nullable"] = True
        if it.description:
            written["description"] = it.description
        if it.classification:
            written |= _personal(it.classification, notes, where)
        notes.extend(_options(it, written, where))
        written |= {"warn": custom["warn"]} if "warn" in custom else {}
        if it.unique:
            self.unique.append([it.name])
        self.found[it.name] = _valid(written, notes, where)
        notes.extend(f"{where}{one}" for one in left(it, _KNOWN, ""))


def _personal(classification: str, notes: list[str], where: str) -> dict[str, Any]:
    if any(word in classification.lower() for word in ("personal", "pii")):
        return {"personal": True}
    notes.append(f"{where}classification: {classification}")
    return {}


def _options(it: Any, written: dict[str, Any], where: str) -> Iterator[str]:
    """Take over bounds and pattern; give what cannot be."""
    kind = written["type"]
    for name, value in (it.logicalTypeOptions or {}).items():
        bounded = kind in ("integer", "number", "date", "timestamp")
        if name in _BOUNDS and bounded:
            whole = kind in ("integer", "number") and float(value).is_integer()
            written[_BOUNDS[name]] = int(value) if whole else value
        elif name in ("exclusiveMinimum", "exclusiveMaximum") and kind == "integer":
            low = name == "exclusiveMinimum"
            written["min" if low else "max"] = int(value) + (1 if low else -1)
        elif name == "pattern" and kind in ("category", "text") and it.examples:
            written |= {"pattern": value, "example": str(it.examples[0])}
        elif name == "pattern":
            yield f"{where}pattern {value}: it needs an example beside it"
        else:
            yield f"{where}{name}: {value}"
    if it.examples and "pattern" not in (it.logicalTypeOptions or {}):
        if kind in ("category", "text"):
            written["example"] = str(it.examples[0])
        else:
            yield f"{where}examples"


def _custom(it: Any, notes: list[str], where: str) -> dict[str, Any]:
    found = {}
    for one in it.customProperties or []:
        if one.vendor == VENDOR:
            found[one.property] = one.value
        else:
            notes.append(f"{where}customProperties.{one.property}")
    return found


def _valid(written: dict[str, Any], notes: list[str], where: str) -> dict[str, Any]:
    """The keys without those that overture would refuse, as a pattern that it reads in another way."""
    from pydantic import ValidationError

    rest = dict(written)
    kind = rest.pop("type")
    for dropped in ((), ("pattern",), ("min", "max"), ("pattern", "example", "min", "max", "values", "warn")):
        keys = {name: value for name, value in rest.items() if name not in dropped}
        try:
            column_of(kind, **keys)
        except ValidationError as error:
            said = error.errors()[0]["msg"].removeprefix("Value error, ")
        else:
            notes.extend(f"{where}{name}: {said}" for name in dropped if name in rest)
            return {"type": kind, **keys}
    return {"type": kind}
