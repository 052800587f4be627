"""From what pydantic found to what a person can mend: one problem each, in plain words, with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path as Folder
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..errors import Problem, did_you_mean, listed
from ..form import UNSHOWN
from ..kinds import ByKind
from .renamed import renamed

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
TAGS = ("kind", "type")
_SHAPES = ("string_type", "list_type", "dict_type", "model_type", "literal_error")


def problems(
    error: ValidationError, model: type[BaseModel], config: Mapping[str, Any], root: Folder | None = None
) -> list[Problem]:
    """Every fault of a configuration, each key once, in the order of the configuration.

    root: the project, which may have kinds of its own.
    """
    grouped: dict[Path, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        grouped.setdefault(_path(detail["loc"], config, detail["type"] == "missing"), []).append(detail)
    for path in [it for it, details in grouped.items() if all(detail["type"] in _SHAPES for detail in details)]:
        if any(len(other) > len(path) and other[: len(path)] == path for other in grouped):
            del grouped[path]  # of several shapes it has the one in which something deeper is wrong
    return [
        _problem(details[0], path, model, config, root) if len(details) == 1 else _either(details, path)
        for path, details in grouped.items()
    ]


def _path(loc: tuple[int | str, ...], config: Any, missing: bool) -> Path:
    """The path as it is written: without the tags and branches that pydantic puts in between."""
    path: list[str | int] = []
    here = config
    for position, part in enumerate(loc):
        if _has(here, part):
            here = _inside(here, part)
        elif isinstance(here, Mapping) and part not in (here.get(tag) for tag in TAGS) and position == len(loc) - 1:
            if missing:
                path.append(part)
            break
        else:
            continue
        path.append(part)
    return tuple(path)


def _either(details: list[ErrorDetails], path: Path) -> Problem:
    """One value that fits none of several types."""
    expected = dict.fromkeys(_expected(detail["type"], detail.get("ctx", {}), detail) for detail in details)
    if any(detail.get("ctx", {}).get("secret") for detail in details):
        return Problem(f"must be {listed(expected)}.", path, hint=UNSHOWN)
    return Problem(f"must be {listed(expected)}, not {shown(details[0]['input'])}.", path)


def _problem(
    detail: ErrorDetails, path: Path, model: type[BaseModel], config: Mapping[str, Any], root: Folder | None
) -> Problem:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        if new := renamed(path):
            return Problem(str(new), path, hint="Rename it here; its value stays.")
        known = fields(model, path[:-1], config, root)
        return Problem("there is no such key.", path, hint=did_you_mean(path[-1], known))
    if kind == "missing":
        return Problem("is missing.", path, hint=_meaning(model, path, config, root))
    if kind == "union_tag_invalid":
        tag = str(context["discriminator"]).strip("'")
        known = [word.strip(" '") for word in str(context["expected_tags"]).split(",")]
        word = context["tag"]
        return Problem(f'no {_noun(path)} {tag} is called "{word}".', (*path, tag), hint=did_you_mean(word, known))
    if kind == "union_tag_not_found":
        tag = str(context["discriminator"]).strip("'")
        if not isinstance(given, Mapping):
            return Problem(f"must be a mapping with the key {tag}, not {shown(given)}.", path)
        return Problem("is missing.", (*path, tag), hint=f"It can be {listed(_tags(model, path, config, root))}.")
    if kind == "literal_error":
        known = [str(value) for value in get_args(annotation(model, path, config, root))] or [
            str(context.get("expected"))
        ]
        return Problem(f"must be {listed(map(_word, known))}, not {shown(given)}.", path, hint=_close(given, known))
    if kind == "unusable_kind":
        found: Problem = context["problem"]
        return found
    if kind == "value_error":
        return Problem(f"{context['error']}.", path)
    expected = _expected(kind, context, detail)
    if context.get("secret"):
        return Problem(f"must be {expected}.", path, hint=UNSHOWN)
    return Problem(f"must be {expected}, not {shown(given)}.", path)


def _word(text: str) -> str:
    """An allowed word as it is written in YAML."""
    return text.lower() if text in ("True", "False") else text if re.fullmatch(r"[\w-]+", text) else f'"{text}"'


def _expected(kind: str, context: Mapping[str, Any], detail: ErrorDetails) -> str:
    simple = {
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "finite_number": "a finite number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "string_type": "text",
        "list_type": "a list",
        "dict_type": "a mapping",
        "model_type": "a mapping",
        "model_attributes_type": "a mapping",
        "date_from_datetime_parsing": "a day as 2024-01-31",
        "date_parsing": "a day as 2024-01-31",
        "datetime_parsing": "a moment as 2024-01-31T12:00:00Z",
        "datetime_from_date_parsing": "a moment as 2024-01-31T12:00:00Z",
    }
    if kind in simple:
        return simple[kind]
    bounds = {
        "greater_than_equal": ("ge", "{} or more"),
        "less_than_equal": ("le", "{} or less"),
        "greater_than": ("gt", "more than {}"),
    }
    bounds["less_than"] = ("lt", "less than {}")
    if kind in bounds:
        name, sentence = bounds[kind]
        return sentence.format(context[name])
    if kind == "string_pattern_mismatch":
        return f"of the form {context['pattern']}"
    if kind == "form":
        return str(context["words"])
    if kind == "literal_error":
        return _word(str(context["expected"]).strip("'"))
    if kind == "too_short":
        return f"at least {context['min_length']} long"
    if kind == "string_too_short":
        return "some text"
    if kind == "too_long":
        return f"at most {context['max_length']} long"
    return str(detail["msg"]).removeprefix("Input should be ")


def shown(value: object) -> str:
    """A value as a person wrote it, cut when long.

    assert [shown("x"), shown(True), shown(None), shown([1])] == ['"x"', "true", "null", "a list"]
    """
    match value:
        case str():
            return f'"{value[:77]}..."' if len(value) > 80 else f'"{value}"'
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"
    return str(value)


def fields(model: type[BaseModel], path: Path, config: Mapping[str, Any], root: Folder | None = None) -> list[str]:
    """The keys that may stand at a path."""
    found = annotation(model, path, config, root)
    return sorted(_keys(found)) if _is_model(found) else []


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a section by the keys that they have in YAML."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def annotation(model: type[BaseModel], path: Path, config: Any, root: Folder | None = None) -> Any:
    """The type that a path must have; where kinds differ, the kind that is written there."""
    found: Any = _choose(model, config, root)
    here = config
    for part in path:
        if _is_model(found):
            info = _keys(found).get(str(part))
            found = _of(info) if info else None
        else:
            found = _item(found)
        here = _inside(here, part)
        found = _choose(found, here, root)
    return found


def _of(info: FieldInfo) -> Any:
    by_kind = next((it for it in info.metadata if isinstance(it, ByKind)), None)
    if by_kind is not None:
        return by_kind
    return Annotated[info.annotation, info] if info.discriminator else info.annotation


def _has(here: Any, part: str | int) -> bool:
    if isinstance(here, list):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, Mapping) and part in here


def _inside(here: Any, part: str | int) -> Any:
    return here[part] if _has(here, part) else None


def _item(found: Any) -> Any:
    arguments = get_args(found)
    return arguments[-1] if get_origin(found) in (dict, list) and arguments else None


def _choose(found: Any, value: Any, root: Folder | None) -> Any:
    """Of several types, the one that the value names by its kind, or the one that is not null."""
    if get_origin(found) is Annotated:
        found, *rest = get_args(found)
        found = next((it for it in rest if isinstance(it, ByKind)), found)
    if isinstance(found, ByKind):
        return found.chosen(value, root)
    if get_origin(found) not in (Union, UnionType):
        return found
    branches = [_choose(branch, value, root) for branch in get_args(found) if branch is not NoneType]
    for branch in branches:
        if (
            isinstance(branch, type)
            and issubclass(branch, BaseModel)
            and isinstance(value, Mapping)
            and _named(branch, value)
        ):
            return branch
    if isinstance(value, Mapping):
        branches.sort(key=lambda branch: not _is_model(branch))
    return branches[0] if branches else None


def _named(branch: type[BaseModel], value: Mapping[str, Any]) -> bool:
    tags = [branch.model_fields[tag] for tag in TAGS if tag in branch.model_fields]
    return any(
        get_origin(info.annotation) is Literal and value.get(tag) in get_args(info.annotation)
        for tag, info in ((tag, branch.model_fields[tag]) for tag in TAGS if tag in branch.model_fields)
    ) and bool(tags)


def _tags(model: type[BaseModel], path: Path, config: Mapping[str, Any], root: Folder | None) -> Iterator[str]:
    parent = annotation(model, path[:-1], config, root)
    whole = _of(parent.model_fields[str(path[-1])]) if _is_model(parent) else _item(parent)
    pending = [whole]
    while pending:
        found = pending.pop(0)
        if isinstance(found, ByKind):
            yield from found.kinds.of(root).names()
        elif _is_model(found):
            for tag in TAGS:
                if tag in found.model_fields:
                    yield from map(str, get_args(found.model_fields[tag].annotation))
        else:
            pending += [it for it in get_args(found) if get_args(it) or _is_model(it) or isinstance(it, ByKind)]


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


def _meaning(model: type[BaseModel], path: Path, config: Mapping[str, Any], root: Folder | None) -> str:
    owner = annotation(model, path[:-1], config, root)
    info = _keys(owner).get(str(path[-1])) if _is_model(owner) else None
    return info.description if info and info.description else ""


def _close(given: object, known: list[str]) -> str:
    hint = did_you_mean(given, known)
    return hint if hint.startswith("Did you mean") else ""


def _noun(path: Path) -> str:
    nouns = {"sources": "source", "columns": "column", "model": "model", "split": "split"}
    return next((nouns[str(part)] for part in reversed(path) if part in nouns), "such")
