"""The parts that a Markdown page is made of; whatever the data holds stays text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..figures import interval
from .html import number


def plain(value: object) -> str:
    """Text that Markdown takes as nothing but text, on one line."""
    text = " ".join(str(value).split()).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{c}" if c in "\\`*_[]|#~" else c for c in text)


def items(lines: Iterable[object]) -> Iterator[str]:
    """A list, an item a line."""
    return (f"- {plain(line)}" for line in lines)


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table."""
    yield "| " + " | ".join(map(plain, head)) + " |"
    yield "| " + " | ".join(["---"] * len(head)) + " |"
    for row in body:
        yield "| " + " | ".join(map(plain, row)) + " |"


def shown(scored: dict[str, Any]) -> str:
    """A number with its interval, as far as they are known."""
    value, low, high = scored["value"], scored["low"], scored["high"]
    return number(value) if value is None or low is None or high is None else interval(value, low, high)
