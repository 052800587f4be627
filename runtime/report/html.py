"""The parts that pages are made of: the document, figures, tables, what is folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from ..figures import count, figure, interval
from . import plots
from .style import CSS

LONG = 60
"""Rows of a table above which it is folded."""


def document(title: str, body: Iterable[str]) -> str:
    """A whole page around HTML."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{CSS}</style></head>\n<body><main>\n" + "\n".join(body) + "\n</main></body></html>\n"
    )


def panel(found: plots.Figure, *, titled: bool = True) -> str:
    """A figure with its title and how to read it."""
    title = f"<h3>{escape(found.title)}</h3>" if titled else ""
    return f"<figure>{title}{found.svg}<figcaption>{found.reading}</figcaption></figure>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Iterable[int] = (), style: str = "") -> str:
    """A table of cells that are HTML already; folded when it is long."""
    right = set(numbers)
    css = [' class="number"' if place in right else "" for place in range(len(head))]

    def cells(row: Sequence[str], kind: str) -> str:
        return "".join(f"<{kind}{css[place]}>{cell}</{kind}>" for place, cell in enumerate(row))

    body = "".join(
        f"<tr{' class=first' if style and not place else ''}>{cells(row, 'td')}</tr>" for place, row in enumerate(rows)
    )
    made = f'<div class="wide"><table><thead><tr>{cells(head, "th")}</tr></thead><tbody>{body}</tbody></table></div>'
    return folded(f"{count(len(rows))} rows", made) if len(rows) > LONG else made


def folded(title: str, html: str) -> str:
    """HTML that is shown when its title is clicked."""
    return f"<details><summary>{escape(title)}</summary>{html}</details>"


def number(value: float | None) -> str:
    """A measured number, or that there is none."""
    return "undefined" if value is None else figure(value)


def between(scored: Mapping[str, float | None]) -> str:
    """The interval of a number that was measured: its low and high."""
    value, low, high = scored["value"], scored["low"], scored["high"]
    return "undefined" if value is None or low is None or high is None else interval(value, low, high).split(" ", 1)[1]
