"""Does the service accept what the model learned? The two are made from the same conf/, but not always at the same time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from ..data.column import CategoryColumn, Column
from ..errors import Mistake, Problem, listed
from ..schema import Schema
from .exact import base
from .request import Row

_PLAIN = {"integer": int, "number": float, "boolean": bool, "text": str, "timestamp": dt.datetime, "date": dt.date}
_NOUNS = {
    int: "whole numbers",
    float: "numbers",
    bool: "true or false",
    str: "text",
    dt.datetime: "moments",
    dt.date: "days",
}


def agree(row: type[Row], schema: Schema, run_id: str) -> None:
    """Compare names, types, labels and nulls. Bounds may differ: they are the service's own.

    Raises Mistake with every difference.
    """
    fields = {field.alias or name: field for name, field in row.model_fields.items()}
    problems = list(_names(set(fields), schema))
    for name, column in schema.features.items():
        if name in fields:
            kind, nullable = base(fields[name].annotation)
            problems += _kinds(name, kind, nullable, column, schema)
    if problems:
        raise Mistake(
            [
                Problem(f"the promoted run {run_id} and service.py keep different contracts.", hint=_MEND),
                *problems,
            ]
        )


_MEND = "Run overture generate if the run is right, or train and promote again if conf/ is."


def _names(names: set[str], schema: Schema) -> Iterator[Problem]:
    lacking = [name for name in schema.features if name not in names]
    foreign = sorted(names - set(schema.features) - {schema.key})
    if lacking:
        yield Problem(f"the model reads {listed(lacking, 'and')}, which service.py lacks.")
    if foreign:
        yield Problem(f"the model does not know {listed(foreign, 'and')}, which service.py asks for.")
    if schema.key is not None and schema.key not in names:
        yield Problem(f"the key {schema.key} is lacking in service.py.")


def _kinds(name: str, kind: Any, nullable: bool, column: Column, schema: Schema) -> Iterator[Problem]:
    wanted = _wanted(column, schema)
    if isinstance(kind, tuple) and isinstance(wanted, tuple):
        if set(map(repr, kind)) != set(map(repr, wanted)):
            yield Problem("the labels differ.", key=name)
    elif kind != wanted:
        yield Problem(f"service.py takes {_noun(kind)}, the model {_noun(wanted)}.", key=name)
    if nullable != column.nullable:
        takes, learned = ("takes null", "may not") if nullable else ("refuses null", "may")
        yield Problem(f"service.py {takes}; in training it {learned} be missing.", key=name)


def _wanted(column: Column, schema: Schema) -> Any:
    if not isinstance(column, CategoryColumn):
        return _PLAIN[column.type]
    if column.values is None or schema.unknown_category == "missing":
        return int if column.numeric else str
    return tuple(column.values)


def _noun(kind: Any) -> str:
    return f"one of {len(kind)} labels" if isinstance(kind, tuple) else _NOUNS.get(kind, str(kind))
