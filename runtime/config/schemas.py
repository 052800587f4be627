"""JSON Schemas of the configuration, which let an editor complete keys and underline mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, get_args

from pydantic import TypeAdapter

from ..data.dataset import Dataset
from ..evaluation import Evaluation
from ..model import MODELS
from ..spec import Spec
from ..splitting import SPLITS
from ..stated import Stated
from ..targets import Serving

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WHOLE = ("config", "sweep")
"""Files whose keys start at the top of the configuration."""
_HOLE = {"type": "string", "pattern": r"\$\{|^\?\?\?$"}
"""What may stand anywhere in a file that Hydra composes: an interpolation, or a value that is still to come."""


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of conf/config.yaml ("config") and of the files in each group, by the name of the group.

    Files of a group are parts of a whole, so nothing in them is required, and they may have a defaults list.
    """
    groups: dict[str, Any] = {
        "config": Spec,
        "data": Dataset,
        "split": SPLITS.union(),
        "model": MODELS.union(),
        "evaluation": Evaluation,
        "sweep": Spec,
        "card": Stated,
        **{f"serving.{name}": _section(field.annotation) for name, field in Serving.model_fields.items()},
    }
    return {name: _relaxed(TypeAdapter(kind).json_schema(), whole=name in WHOLE) for name, kind in groups.items()}


def _section(annotation: Any) -> Any:
    """The section behind `Section | None`."""
    return next(branch for branch in get_args(annotation) if branch is not NoneType)


def _relaxed(schema: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    extra: dict[str, Any] = {"defaults": {"type": "array"}}
    if whole:
        extra["hydra"] = {"type": "object"}
    relaxed: dict[str, Any] = _node(schema)
    branches = [_branch(relaxed, item) for item in relaxed.get("oneOf", relaxed.get("anyOf", []))]
    for target in branches or [relaxed]:
        target["properties"] = {**target.get("properties", {}), **extra}
    return {"$schema": DIALECT, **relaxed}


def _branch(schema: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """The definition that a branch of a union points to."""
    found: dict[str, Any] = schema["$defs"][item["$ref"].rsplit("/", 1)[-1]] if "$ref" in item else item
    return found


def _node(node: Any) -> Any:
    if isinstance(node, list):
        return [_node(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    made: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("required", "discriminator"):
            continue
        if key == "oneOf":
            key = "anyOf"  # without required keys, a partial file may fit several kinds
        if key == "properties":
            made[key] = {name: _with_hole(_node(item)) for name, item in value.items()}
        elif key == "additionalProperties" and isinstance(value, Mapping):
            made[key] = _with_hole(_node(value))
        elif key == "$defs":
            made[key] = {name: _node(item) for name, item in value.items()}
        else:
            made[key] = _node(value)
    return made


def _with_hole(schema: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {key: schema.pop(key) for key in ("description", "default", "title") if key in schema}
    return {**told, "anyOf": [schema, _HOLE]}
