"""The files of conf/ as `overture new` writes them: tidy, commented, and from then on the user's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from . import yaml_text
from .infer.inferred import Inferred, Note
from .yaml_text import WIDTH, comment, entry, flow, scalar, wrapped

_WIDEST = 32  # a longer column name does not push all others to the right


def config(inferred: Inferred, name: str, option: str) -> str:
    """conf/config.yaml.

    name: the project's. option: the data option, as its file is called.
    """
    split = inferred.split["option"]
    lines = [
        "# yaml-language-server: $schema=../.overture/schemas/config.json",
        "# What is predicted, from which data, by which model. Change it, then: overture check",
        "defaults:",
        "  - base                                # overture's own defaults",
        "  - _self_",
        f"  - override data: {option}",
        f"{'  - override model: catboost':39} # or hist_gradient_boosting, random_forest, logistic, …",
        f"{f'  - override split: {split}':39} # or {', '.join(each for each in ('random', 'stratified', 'group', 'time') if each != split)}",
        f"{'  - override serving: [http, batch]':39} # how predictions are asked for",
        "hydra:",
        "  searchpath: [pkg://overture.conf]",
        "",
        entry("name", scalar(name)),
        _said(entry("task", inferred.task), "binary, multiclass or regression"),
        entry("target", scalar(inferred.target)),
    ]
    if inferred.positive is not None:
        lines.append(_said(entry("positive", scalar(inferred.positive)), "the class whose probability is the score"))
    lines.append(_said("seed: 42", "every random choice starts here"))
    if "column" in inferred.split:
        keys = {name: value for name, value in inferred.split.items() if name != "option"}
        lines.append(_said(entry("split", flow(keys)), "the data says which rows are the test"))
    return "\n".join(lines) + "\n"


def data(inferred: Inferred, option: str, paths: Mapping[str, str]) -> str:
    """conf/data/<option>.yaml.

    paths: the files by part, as `Inferred.files`, relative to the project folder.
    """
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for note in inferred.notes:
        notes[note.column].append(note.text)
    path: Any = paths[""] if "" in paths else dict(paths)
    lines = [
        "# yaml-language-server: $schema=../../.overture/schemas/data.json",
        "# What a row is. It is held to this when it is loaded, in training, in every request and every batch.",
        *_above("", notes[""]),
        "sources:",
        *_source(option, {"kind": inferred.source["kind"], "path": path} | inferred.source),
    ]
    if inferred.key is not None:
        lines.append(_said(entry("key", scalar(inferred.key)), "identifies a row; never a feature"))
    if inferred.time is not None:
        lines.append(_said(entry("time", scalar(inferred.time)), "orders the rows; never a feature"))
    if inferred.timezone is not None:
        lines.append(_said(entry("timezone", scalar(inferred.timezone)), "of times that name no zone"))
    lines += ["columns:", *_columns(inferred, notes)]
    if inferred.ignore:
        lines += [
            "ignore:",
            *(line for name in inferred.ignore for line in _noted(f"  - {scalar(name)}", "  ", notes[name])),
        ]
    return "\n".join(lines) + "\n"


def place(note: Note, inferred: Inferred) -> tuple[str | int, ...]:
    """The key of the data file that a note is about."""
    if note.column in inferred.columns:
        return "columns", note.column
    return (
        ("ignore", inferred.ignore.index(note.column))
        if note.column in inferred.ignore and note.column
        else ("sources",)
    )


def _source(option: str, keys: dict[str, Any]) -> list[str]:
    """The source on one line where it fits, else a line a key."""
    line = entry(option, flow(keys), 2)
    if len(line) <= WIDTH:
        return [line]
    return [f"  {option}:", *(entry(name, wrapped(value, 6, 6 + len(name)), 4) for name, value in keys.items())]


def _columns(inferred: Inferred, notes: Mapping[str, list[str]]) -> Iterable[str]:
    width = min(max(len(yaml_text.key(name)) for name in inferred.columns), _WIDEST) + 1
    for name, guess in inferred.columns.items():
        start = 3 + max(width, len(yaml_text.key(name)) + 1)
        yield from _noted(entry(name, wrapped(guess.keys, width + 4, start), 2, width), "  ", notes[name])


def _noted(line: str, indent: str, notes: list[str]) -> list[str]:
    """A line with its notes behind it, or above it where they do not fit."""
    if not notes:
        return [line]
    behind = line + comment("; ".join(notes))
    return [behind] if len(behind) <= WIDTH and "\n" not in line else [*_above(indent, notes), line]


def _above(indent: str, notes: Iterable[str]) -> list[str]:
    return [indent + comment(note).strip() for note in notes]


def _said(line: str, words: str) -> str:
    """A line with a comment that stands below those of its neighbours."""
    return f"{line:39}{comment(words)[1:]}"
