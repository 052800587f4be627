"""A contract of the Open Data Contract Standard as a data set of conf/data/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from overture.runtime.errors import Mistake, Problem, did_you_mean, listed

from . import VENDOR, left, standard
from .properties import Columns
from .rules import Rules
from .sources import sources_of

_OWN = {"version": "1.0.0", "status": "active"}
"""What an export writes where overture has nothing to say."""
_KNOWN = {"apiVersion", "kind", "id", "name", "schema_", "team", "description", "servers", "slaProperties"}


@dataclass
class Imported:
    """A data set, as its YAML keys, and what the contract says that it does not."""

    name: str
    content: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def imported(text: str, file: str, table: str | None = None) -> Imported:
    """The data set of a contract.

    text: its YAML. file: what to call it in messages. table: which object of the contract, where it has several.
    Raises Mistake when it is no contract of the standard, with every fault, and when it has several objects and none is
    chosen.
    """
    raw = _read(text, file)
    contract = _valid(raw, file)
    chosen = _object(contract, table, file)
    notes: list[str] = [*_unknown(raw, contract.model_dump(by_alias=True, exclude_unset=True), "")]
    ours = _ours(contract, notes)
    columns = Columns.of(chosen, notes)
    rules = Rules.of(chosen, contract, columns, notes)
    checks = {**rules.checks, **ours.get("checks", {})}
    purpose = contract.description.purpose if contract.description else None
    content: dict[str, Any] = {
        "description": chosen.description or purpose,
        "owner": _owner(contract, notes),
        **(ours if "sources" in ours else sources_of(contract, chosen, notes) | ours),
        "key": columns.key,
        "columns": columns.found,
        "ignore": [*ours.get("ignore", []), *columns.ignored] or None,
        "checks": checks or None,
    }
    notes += left(contract, _KNOWN | {"customProperties"}, "", _OWN)
    notes += left(chosen, {"name", "description", "properties", "quality", "physicalType", "physicalName"}, "schema.")
    if contract.description is not None:
        notes += left(contract.description, {"purpose"}, "description.")
    made = {key: it for key, it in content.items() if it is not None and it != ""}
    return Imported(_slug(chosen.name or contract.name or contract.id), made, list(dict.fromkeys(notes)))


def _read(text: str, file: str) -> dict[str, Any]:
    import yaml

    class Plain(yaml.SafeLoader):
        """A reader to whom a date is a text, as it is to the standard."""

    Plain.yaml_implicit_resolvers = {
        letter: [it for it in resolvers if it[0] != "tag:yaml.org,2002:timestamp"]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        found = yaml.load(text, Plain)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        raise Mistake(f"{file} is no YAML: {str(error).splitlines()[0]}.") from None
    if not isinstance(found, dict) or found.get("kind", "DataContract") != "DataContract" or "schema" not in found:
        what = f"{file} is no contract of the Open Data Contract Standard."
        raise Mistake(what, hint="It has kind: DataContract, apiVersion: v3… and a schema.")
    if not str(found.get("apiVersion", "v3")).startswith("v3"):
        raise Mistake(f"{file} is of version {found['apiVersion']} of the standard; versions v3 can be read.")
    return found


def _valid(raw: dict[str, Any], file: str) -> Any:
    try:
        return standard().OpenDataContractStandard.model_validate(raw)
    except ValidationError as error:
        raise Mistake(
            [Problem(f"{file}: {'.'.join(map(str, it['loc']))}: {it['msg']}.") for it in error.errors()]
        ) from None


def _object(contract: Any, wanted: str | None, file: str) -> Any:
    names = [it.name for it in contract.schema_ or [] if it.name]
    if wanted is None and len(names) > 1:
        raise Mistake(f"{file} describes {listed(names, 'and')}.", hint=f"Choose one: --object {names[0]}")
    for it in contract.schema_ or []:
        if it.properties and (wanted is None or it.name == wanted):
            return it
    if wanted is not None and wanted not in names:
        raise Mistake(f'{file} has no object "{wanted}".', hint=did_you_mean(wanted, names))
    raise Mistake(f"{file} describes no columns: its schema has no properties.")


def _ours(contract: Any, notes: list[str]) -> dict[str, Any]:
    """What an export of overture kept; custom properties of others are told."""
    for it in contract.customProperties or []:
        if it.vendor == VENDOR and it.property == "dataset" and isinstance(it.value, dict):
            if "${" in str(it.value):
                notes.append("sources: ${…} is kept as text; write it by hand where it is meant")
            return dict(it.value)
        notes.append(f"customProperties.{it.property}")
    return {}


def _owner(contract: Any, notes: list[str]) -> str | None:
    team = contract.team
    if team is None:
        return None
    if isinstance(team, list):
        members, name = team, None
    else:
        members, name = team.members or [], team.name
        notes += left(team, {"name", "members"}, "team.")
    notes += [f"team.{it.name or it.username}.{one}" for it in members for one in left(it, {"name", "username"}, "")]
    people = [it.name or it.username for it in members if it.name or it.username]
    if name and people:
        notes.append(f"team.members: {', '.join(people)}")
    return name or ", ".join(people) or None


def _unknown(raw: Any, known: Any, where: str) -> Iterator[str]:
    """Keys that the standard does not have."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, it in raw.items():
            path = f"{where}.{key}" if where else str(key)
            if key not in known:
                yield f"{path}: the standard has no such key"
            else:
                yield from _unknown(it, known[key], path)
    elif isinstance(raw, list) and isinstance(known, list):
        for one, other in zip(raw, known, strict=False):
            yield from _unknown(one, other, where)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "data"
