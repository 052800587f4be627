"""A Spec of the same build in which every text a person chose is a harmless one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overture.runtime.data.column import CategoryColumn

from .row_type import attributes

if TYPE_CHECKING:
    from overture.runtime.data.column import AnyColumn
    from overture.runtime.schema import Schema
    from overture.runtime.spec import Spec


def harmless(spec: Spec) -> Spec:
    """The Spec with other names, labels and descriptions, such that the same branches of every template are taken.

    A column keeps whether its attribute is spelled as the column is; the first letter tells the two apart. A target
    that is computed becomes a column like any other, and what it is computed from goes.
    """
    contract = spec.contract
    spelled = attributes(contract)
    known = dict.fromkeys([*spec.known_columns, spec.target_name, *spec.data.ignore])
    names = {name: f"{'c' if spelled.get(name, name) == name else 'C'}{i}" for i, name in enumerate(known)}
    data: dict[str, Any] = {
        "description": _text(spec.data.description),
        "columns": {names[name]: _column(column) for name, column in _columns(spec, contract).items()},
        "derive": {},
        "ignore": [names[name] for name in spec.data.ignore],
        "key": None if spec.data.key is None else names.get(spec.data.key),
        "time": None if spec.data.time is None else names.get(spec.data.time),
        "weight": None if spec.data.weight is None else names.get(spec.data.weight),
        "sources": {name: _renamed(source, names) for name, source in spec.data.sources.items()},
    }
    split = {"column": names[spec.split.divider]} if spec.split.divider is not None else {}
    return spec.model_copy(
        update={
            "description": _text(spec.description),
            "target": names[spec.target_name],
            "positive": None,
            "data": spec.data.model_copy(update=data),
            "split": spec.split.model_copy(update=split),
        }
    )


def _columns(spec: Spec, contract: Schema) -> dict[str, AnyColumn]:
    found: dict[str, AnyColumn] = {
        name: column for name, column in spec.data.columns.items() if name not in contract.outcomes
    }
    return found if contract.target_from is None else {**found, contract.target: contract.target_column}


def _column(column: AnyColumn) -> AnyColumn:
    changed: dict[str, Any] = {"description": _text(column.description)}
    if isinstance(column, CategoryColumn) and column.values is not None and not column.numeric:
        changed["values"] = [f"v{i}" for i in range(len(column.values))]
    return column.model_copy(update=changed)


def _renamed(source: Any, names: dict[str, str]) -> Any:
    part = getattr(source, "part", None)
    return source.model_copy(update={"part": names[part]}) if part in names else source


def _text(text: str) -> str:
    return "d" if text else ""
