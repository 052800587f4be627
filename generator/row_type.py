"""The request type of a service: each column of the contract as an annotated field of a class."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from overture.runtime.data.column import AnyColumn, CategoryColumn, TimestampColumn, whole
from overture.runtime.schema import Schema

from .literals import Code, call, literal, name, subscript, union
from .names import identifiers

IMPORTED = frozenset({"Annotated", "Field", "Literal", "Zone", "bentoml", "dt", "hooks", "rows"})
"""Names that the generated module uses, and that no attribute may hide."""
_PLAIN = {
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "text": "str",
    "date": "dt.date",
    "timestamp": "dt.datetime",
}


@dataclass(frozen=True)
class RowField:
    """One line of the class of a row: `attribute: annotation`, and a default for what need not be sent."""

    attribute: Code
    annotation: Code
    optional: bool = False


def attributes(schema: Schema) -> dict[str, str]:
    """The attribute of each column that a caller may send."""
    keyed = [] if schema.key is None else [schema.key]
    return identifiers([*keyed, *schema.features], reserved=IMPORTED)


def fields(schema: Schema) -> list[RowField]:
    """The fields of a row: the key, which need not be sent, then every feature in order."""
    spelled = attributes(schema)
    made = []
    if schema.key is not None and schema.key_column is not None:
        told = {"description": "echoed as id"}
        annotation = _annotated(union(_type(schema.key_column, schema), literal(None)), schema.key, spelled, told)
        made.append(RowField(name(spelled[schema.key]), annotation, optional=True))
    for column_name, column in schema.features.items():
        annotation = _annotated(
            nullable_type(column, schema), column_name, spelled, _facts(column, schema), _zone(column, schema)
        )
        made.append(RowField(name(spelled[column_name]), annotation))
    return made


def label_type(schema: Schema) -> Code:
    """What a prediction is, when the target is one of some classes."""
    column = schema.target_column
    if isinstance(column, CategoryColumn) and column.values is not None:
        return subscript("Literal", *sorted(column.values))
    return name({"boolean": "bool", "integer": "int"}.get(column.type, "str"))


def nullable_type(column: AnyColumn, schema: Schema) -> Code:
    """The Python type of a value of a column, with None where it may be missing."""
    kind = _type(column, schema)
    return union(kind, literal(None)) if column.nullable else kind


def used_names(types: Iterable[Code]) -> set[str]:
    """The names that annotations use; a word in their texts, as labels and descriptions hold them, is none.

    assert used_names([Code('Annotated[int, Field(description="see dt.date")]')]) == {"Annotated", "Field", "int"}
    """
    tree = ast.parse(f"({', '.join([*types, 'None'])})", mode="eval")
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _annotated(
    kind: Code, column: str, spelled: dict[str, str], facts: dict[str, Any], zone: Code | None = None
) -> Code:
    named = facts if spelled[column] == column else {**facts, "alias": column}
    extras = [*([call("Field", **named)] if named else []), *([zone] if zone is not None else [])]
    return subscript("Annotated", kind, *extras) if extras else kind


def _type(column: Any, schema: Schema) -> Code:
    if not isinstance(column, CategoryColumn):
        return name(_PLAIN[column.type])
    if column.values is not None and schema.unknown_category == "reject":
        return subscript("Literal", *column.values)
    return name("int" if column.numeric else "str")


def _zone(column: AnyColumn, schema: Schema) -> Code | None:
    return (
        call("Zone", schema.timezone) if isinstance(column, TimestampColumn) and schema.timezone is not None else None
    )


def _facts(column: Any, schema: Schema) -> dict[str, Any]:
    bounds = {"ge": getattr(column, "min", None), "le": getattr(column, "max", None)}
    facts = {word: _moment(bound, schema.timezone) for word, bound in bounds.items() if bound is not None}
    if (pattern := getattr(column, "pattern", None)) is not None and getattr(column, "values", None) is None:
        facts["pattern"] = whole(pattern)
    described = column.description
    if isinstance(column, CategoryColumn) and column.values is not None and schema.unknown_category == "missing":
        described = f"{described}; known: {', '.join(map(str, column.values))}".lstrip("; ")
    return {**facts, "description": described} if described else facts


def _moment(bound: object, timezone: str | None) -> object:
    """A bound in UTC where it is a moment; one that names no zone is in the data set's."""
    if not isinstance(bound, dt.datetime):
        return bound
    return (bound if bound.tzinfo else bound.replace(tzinfo=ZoneInfo(timezone or "UTC"))).astimezone(dt.UTC)
