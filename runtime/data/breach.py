"""How rows break one rule of a column, and how that is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import Problem, did_you_mean

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 5  # row numbers kept of a breach
_LABELS = 3  # unknown labels told apart
_NOT = {
    "integer": ("is not a whole number", "are not whole numbers"),
    "number": ("is not a number", "are not numbers"),
    "boolean": ("is neither true nor false", "are neither true nor false"),
    "category": ("is not a label", "are not labels"),
    "text": ("is not text", "are not text"),
    "timestamp": ("is not a moment as 2024-05-31T13:45:00Z is", "are not moments as 2024-05-31T13:45:00Z is"),
    "date": ("is not a day as 2024-05-31 is", "are not days as 2024-05-31 is"),
}
_BEYOND = {"min": ("less", "smallest"), "max": ("greater", "largest")}
_BEYOND_TIME = {"min": ("earlier", "earliest"), "max": ("later", "latest")}


@dataclass(frozen=True)
class Breach:
    """One rule of one column that some rows break."""

    column: str
    rule: str
    """type, nullable, min, max or values; of a join expect or how."""
    count: int
    share: float
    """Of all rows."""
    rows: tuple[int, ...]
    """The numbers of the first rows, at most 5."""
    example: str
    """The first value that breaks the rule, or the most extreme, as it is written in YAML; "" for a missing one."""
    what: str
    hint: str = ""
    path: tuple[str | int, ...] = ()
    """Its place in the configuration, where that is not the rule of the column."""

    def problem(self) -> Problem:
        """The breach with its place in the configuration."""
        return Problem(self.what, self.path or ("data", "columns", self.column, self.rule), hint=self.hint)


def hidden(column: str, rule: str, broken: pl.DataFrame, height: int) -> Breach:
    """Rows of a personal column that break a rule, without a word of what they hold."""
    one = broken.height == 1
    what = {
        "type": "holds no value of its type" if one else "hold no value of its type",
        "min": f"{_are(broken)} less than the least value allowed",
        "max": f"{_are(broken)} greater than the greatest value allowed",
        "values": f"{'holds a label' if one else 'hold labels'} that {_are(broken) if one else 'are'} not allowed",
    }[rule]
    return _breach(column, rule, broken, height, what, "", located=True)


def mistyped(column: str, type: str, broken: pl.DataFrame, height: int, zone_missing: bool) -> Breach:
    """Rows that hold no value of the type; or would hold one, if they named a time zone.

    broken: of the rows that break the rule the number, "row", and what they hold, "value". height: of all rows.
    """
    values = broken["value"]
    example, hint = _written(values[0]), ""
    what = _NOT[type][values.len() > 1]
    if zone_missing:
        what = "names no time zone" if values.len() == 1 else "name no time zone"
        hint = "Say which one it is: data.timezone, for example Europe/Berlin or UTC."
    elif values.len() > 1 and isinstance(values[0], str) and values.n_unique() == 1:
        hint = f"If {example} says that the value is missing, add it to missing of the source."
    return _breach(column, "type", broken, height, f"{what} ({example})", example, hint)


def missing(column: str, broken: pl.DataFrame, height: int) -> Breach:
    """Rows that hold nothing, and must."""
    what = f"{_are(broken)} missing"
    return _breach(column, "nullable", broken, height, what, "", "Write nullable: true if that is right.")


def beyond(column: str, rule: str, bound: Any, broken: pl.DataFrame, height: int) -> Breach:
    """Rows that hold less than the least value allowed, or more than the greatest."""
    extreme = broken["value"].min() if rule == "min" else broken["value"].max()
    comparison, superlative = (_BEYOND_TIME if isinstance(bound, dt.date) else _BEYOND)[rule]
    what = f"{_are(broken)} {comparison} than {_plain(bound)} ({superlative} {_plain(extreme)})"
    return _breach(column, rule, broken, height, what, _plain(extreme))


def unlabelled(column: str, labels: list[int | str], broken: pl.DataFrame, height: int) -> Iterator[Breach]:
    """Rows that hold labels that are not allowed: the most frequent ones each by itself, then all others."""
    import polars as pl

    counts = broken.group_by("value", maintain_order=True).len().sort("len", descending=True, maintain_order=True)
    common = counts["value"].head(_LABELS).to_list()
    for label in common:
        rows = broken.filter(pl.col("value") == label)
        example = _written(label)
        what = f"{'says' if rows.height == 1 else 'say'} {example}, which is not allowed"
        yield _breach(column, "values", rows, height, what, example, did_you_mean(label, labels))
    if (more := counts.height - _LABELS) > 0:
        rows = broken.filter(pl.col("value").is_in(common).not_())
        what = f"{'holds' if rows.height == 1 else 'hold'} {more:,} more label{'s' * (more > 1)} that are not allowed"
        yield _breach(column, "values", rows, height, what, _written(rows["value"][0]))


def unmet(source: str, rule: str, broken: pl.DataFrame, height: int, what: str, hint: str) -> Breach:
    """Rows that a join finds too much for, or nothing; `broken` holds their numbers, "row"."""
    return _breach(source, rule, broken, height, what, "", hint)


def _breach(
    column: str,
    rule: str,
    broken: pl.DataFrame,
    height: int,
    what: str,
    example: str,
    hint: str = "",
    located: bool = False,
) -> Breach:
    count, rows = broken.height, broken["row"].head(_SHOWN).to_list()
    numbers = ", ".join(f"{row:,}" for row in rows)
    where = f"row {numbers}" if count == 1 else f"{'first ' * (count > len(rows))}in rows {numbers}"
    said = f"{count:,} row{'s' * (count > 1)} {what}{', ' + where if located or rule != 'values' else ''}"
    said = f"{said}." if rule == "values" and hint else said
    return Breach(column, rule, count, count / height, tuple(rows), example, said, hint)


def _are(broken: pl.DataFrame) -> str:
    return "is" if broken.height == 1 else "are"


def _written(value: object) -> str:
    """A value as it is written in YAML, cut where it is long."""
    if not isinstance(value, str):
        return _plain(value)
    return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}…"'


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)
