"""The Python client of a service: one file that a colleague can copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from overture.runtime.data.column import CategoryColumn

from .literals import Code, literal, name, union
from .row_type import attributes, label_type, nullable_type, used_names
from .target import Template

if TYPE_CHECKING:
    from overture.runtime.schema import Schema
    from overture.runtime.spec import Spec

_SLACK = 5  # seconds that an answer may be on its way after the service gave up
_SHOWN = 12  # labels that a description lists


@dataclass(frozen=True)
class ClientField:
    """One line of the class of a row, and what is said under it."""

    attribute: Code
    annotation: Code
    told: str = ""
    optional: bool = False


def client(spec: Spec, stem: str) -> Template:
    """client.py; `stem` is the name of the service class, which the class of a row begins with."""
    assert spec.serving.http is not None
    schema, http = spec.contract, spec.serving.http
    lines = _fields(schema)
    types = [line.annotation for line in lines] + ([label_type(schema)] if schema.classification else [])
    used = used_names(types)
    words = ["Any", "Generic", *(["Literal"] if "Literal" in used else []), "Self", "TypeVar"]
    values: dict[str, Any] = {
        "row": name(f"{stem}Row"),
        "row_description": spec.data.description or "One row.",
        "fields": lines,
        "columns": {attribute: column for column, attribute in attributes(schema).items()},
        "key": schema.key if schema.key_column is not None else None,
        "label": name(f"{stem}Label") if schema.classification else None,
        "label_type": label_type(schema) if schema.classification else None,
        "multiclass": schema.task == "multiclass",
        "dates": "dt" in used,
        "feedback": http.log is not None,
        "typing": [name(word) for word in words],
        "port": str(http.port),
        "url": f"http://localhost:{http.port}",
        "timeout": http.timeout + _SLACK,
    }
    return Template("client.py.jinja", values)


def _fields(schema: Schema) -> list[ClientField]:
    """The features in order, then the key, which need not be sent."""
    spelled = attributes(schema)
    made = [
        ClientField(name(spelled[column_name]), nullable_type(column, schema), _told(column, schema))
        for column_name, column in schema.features.items()
    ]
    if schema.key is not None and schema.key_column is not None:
        kind = nullable_type(schema.key_column.model_copy(update={"nullable": False}), schema)
        annotation = union(kind, literal(None))
        made.append(ClientField(name(spelled[schema.key]), annotation, "Comes back as id.", optional=True))
    return made


def _told(column: Any, schema: Schema) -> str:
    """What a column means and between which bounds it lies."""
    bounds = [
        f"{word} {value}"
        for word, value in (("at least", getattr(column, "min", None)), ("at most", getattr(column, "max", None)))
        if value is not None
    ]
    labels = column.values if isinstance(column, CategoryColumn) and schema.unknown_category == "missing" else None
    if labels:
        more = " …" if len(labels) > _SHOWN else ""
        bounds.append(f"known: {', '.join(map(str, labels[:_SHOWN]))}{more}")
    return "; ".join(part for part in (column.description, ", ".join(bounds)) if part)
