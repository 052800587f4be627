"""What Hydra refuses, in our words: unknown options, unknown keys, overrides that cannot be read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import Place, Problem, did_you_mean, nearest
from ..form import UNSHOWN, key_of, telling
from ..spec import Spec
from . import explain
from .places import COMMAND_LINE, read

PRIMARY = "config"
PACKAGED = "pkg://overture.conf"
GROUPS = ("data", "evaluation", "model", "serving", "split", "sweep")


def told(error: Exception, folder: Path, overrides: list[str]) -> tuple[Problem, Any]:
    """A fault of Hydra in our words, and the overrides to go on with; None when there is no going on."""
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, OverrideParseException):
        rest = [override for override in overrides if override != error.override]
        if telling(error.override):
            return _unreadable(error.override), rest
        what = f"cannot be read: {error.message.splitlines()[0]}."
        return Problem(
            what,
            key=error.override,
            place=Place(COMMAND_LINE),
            hint="Write it as key=value; quote a value with special characters.",
        ), rest
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options is not None:
        return _missing_option(error.missing_cfg_file, list(error.options), folder, overrides)
    if isinstance(error, RecursionError):
        place = Place("conf")
        return Problem(
            "a file includes itself.", place=place, hint="An option that extends a packaged one needs another name."
        ), None
    text = str(error).strip() or type(error).__name__
    if match := re.search(r"Could not (?:override|append to config\. |delete from config\. )\s*'([^']*)'", text):
        return _unknown_key(match[1], folder, overrides)
    cause = f" {error.__cause__}".splitlines()[0] if error.__cause__ else ""
    for override in overrides:
        if override in text or override.partition("=")[0].lstrip("+~") in re.findall(r"'([^']+)'", text):
            rest = [other for other in overrides if other != override]
            if telling(override):
                return _unreadable(override), rest
            return Problem(f"{text.splitlines()[0].rstrip('.')}.{cause}", key=override, place=Place(COMMAND_LINE)), rest
    if isinstance(error, MissingConfigException):
        return _missing_base(error.missing_cfg_file or "", folder), None
    return Problem(f"{text.splitlines()[0]}{cause}", place=Place(f"conf/{PRIMARY}.yaml")), None


def _unreadable(override: str) -> Problem:
    """What cannot be read and may be secret, without a word of its value."""
    return Problem(
        "cannot be read: write it as key=value.", key=key_of(override), place=Place(COMMAND_LINE), hint=UNSHOWN
    )


def _missing_option(wanted: str, options: list[str], folder: Path, overrides: list[str]) -> tuple[Problem, Any]:
    """`group/name` cannot be found; go on with the nearest name, if the choice can be overridden."""
    group, _, name = wanted.rpartition("/")
    best = nearest(name, options)
    hint = did_you_mean(name, options)
    typed = [override for override in overrides if override.partition("=")[0].lstrip("+") == group]
    what = f"there is no conf/{wanted}.yaml."
    note = f'{hint} (checked with "{best}")' if best else hint
    if typed:
        others = [override for override in overrides if override not in typed]
        problem = Problem(what, key=typed[-1], place=Place(COMMAND_LINE), hint=note)
        return problem, [*others, f"{group}={best}"] if best else others
    problem = Problem(what, key=group, place=_default_line(folder, group, name), hint=note)
    if not best or not group or any(override == f"{group}={best}" for override in overrides):
        return problem, None
    return problem, [*overrides, f"{group}={best}"]


def _missing_base(wanted: str, folder: Path) -> Problem:
    hint = f"hydra.searchpath must name {PACKAGED}, and the defaults list what exists."
    return Problem(
        f'"{wanted}" of the defaults list cannot be found.',
        key="defaults",
        place=_default_line(folder, "", wanted),
        hint=hint,
    )


def _default_line(folder: Path, group: str, name: str | None) -> Place:
    """Where a defaults list names an option, or any option of a group."""
    import yaml

    for path in (folder / f"{PRIMARY}.yaml", *sorted(folder.rglob("*.yaml"))):
        node = read(path, path.name)
        for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
            if key.value != "defaults" or not isinstance(value, yaml.SequenceNode):
                continue
            for item in value.value:
                pairs = item.value if isinstance(item, yaml.MappingNode) else [(item, item)]
                for choice, chosen in pairs:
                    if str(choice.value).split()[-1].lstrip("/") == (group or name) and name in (
                        None,
                        *_names(chosen),
                    ):
                        return Place(f"conf/{path.relative_to(folder).as_posix()}", choice.start_mark.line + 1)
    return Place(f"conf/{PRIMARY}.yaml")


def _names(node: Any) -> list[str]:
    return [item.value for item in node.value] if isinstance(node.value, list) else [str(node.value)]


def _unknown_key(key: str, folder: Path, overrides: list[str]) -> tuple[Problem, Any]:
    """An override of a key that does not exist."""
    from hydra.core.global_hydra import GlobalHydra

    plain = key.partition("@")[0]
    culprits = [
        override for override in overrides if override.partition("=")[0].lstrip("+~").partition("@")[0] == plain
    ]
    own = GlobalHydra.instance().config_loader().list_groups("")  # of the project alone
    groups = sorted({*GROUPS, *own} - {"hydra"})
    if not culprits:
        problem = Problem("there is no such group.", key=plain, place=_default_line(folder, plain, None))
        return replace(problem, hint=did_you_mean(plain, groups)), None
    parts = tuple(plain.split("."))
    known = explain.fields(Spec, parts[:-1], {}) + (groups if len(parts) == 1 else [])
    hint = did_you_mean(parts[-1], sorted(set(known)), otherwise="")
    if parts[0] == "sweep" and parts[-1] in known:
        hint = "Choose a search that it belongs to, as sweep=optuna."
    problem = Problem("there is no such key.", key=culprits[0], place=Place(COMMAND_LINE), hint=hint)
    return problem, [override for override in overrides if override not in culprits]
