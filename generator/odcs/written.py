"""A data set as a file of conf/data/: a line a column, in the order of the keys that a person expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..yaml_text import WIDTH, entry, flow, key, scalar, wrapped

_FIRST = ("description", "owner", "sources", "base", "joins", "key", "time", "timezone", "content", "columns", "derive")
_LAST = ("ignore", "checks", "unknown_category")
_WIDEST = 32  # a longer name does not push all others to the right
_HOLE = "???"


def written(content: dict[str, Any]) -> str:
    """The text of the file.

    content: the keys of a data set as plain values; "???" as a path is one that has still to be written.
    Raises Mistake for other text that YAML of Hydra cannot hold.
    """
    order = [*_FIRST, *(name for name in content if name not in (*_FIRST, *_LAST)), *_LAST]
    lines = ["# yaml-language-server: $schema=../../.overture/schemas/data.json"]
    for name in order:
        if name in content:
            lines += _entry(name, content[name])
    return "\n".join(lines) + "\n"


def _entry(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value and name in ("sources", "columns", "derive", "checks"):
        yield f"{name}:"
        width = min(max(len(key(it)) for it in value), _WIDEST) + 1
        for inner, it in value.items():
            shown = {**it, "path": "\0"} if isinstance(it, dict) and it.get("path") == _HOLE else it
            start = 3 + max(width, len(key(inner)) + 1)
            line = entry(inner, wrapped(shown, width + 4, start), 2, width)
            yield line.replace('"\\0"', _HOLE)
    elif isinstance(value, list) and len(flow(value)) + len(name) + 2 > WIDTH:
        yield f"{name}:"
        yield from (f"  - {flow(it)}" for it in value)
    else:
        yield entry(name, flow(value) if isinstance(value, dict | list) else scalar(value))
