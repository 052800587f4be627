"""How rows break one rule of a column, and how that is said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..errors import Problem, did_you_mean, key_path

if TYPE_CHECKING:
    import polars as pl

SHOWN = 5
"""Row numbers kept of a breach."""
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
class Found:
    """The rows that break one rule."""

    count: int
    height: int
    """How many rows there are at all."""
    rows: tuple[int, ...]
    """The numbers of the first ones."""
    first: Any = None
    """What the first one holds."""
    least: Any = None
    greatest: Any = None
    zoneless: bool = False
    """Are all of them moments that only lack a zone?"""

    @classmethod
    def of(cls, broken: pl.DataFrame, height: int, zoneless: bool = False) -> Found:
        """The rows of a frame: their numbers, "row", and what they hold, "value", where that is to be shown."""
        rows = tuple(broken["row"].head(SHOWN).to_list())
        if "value" not in broken.columns:
            return cls(broken.height, height, rows)
        values = broken["value"]
        least, greatest = (values.min(), values.max()) if isinstance(values[0], str) else (None, None)
        return cls(broken.height, height, rows, values[0], least, greatest, zoneless)


@dataclass(frozen=True)
class Breach:
    """One rule of one column, or one check of the data, that some rows break."""

    column: str
    """Or the check."""
    rule: str
    """type, nullable, min, max, values or pattern; of a join expect or how; of checks rows, unique, fresh …"""
    count: int
    share: float
    """Of all rows."""
    rows: tuple[int, ...]
    """The numbers of the first rows, at most 5."""
    example: str
    """The first value that breaks the rule, or the most extreme, as it is written in YAML; "" for a missing one, and in a personal column."""
    what: str
    hint: str = ""
    path: tuple[str | int, ...] = ()
    """Its place in the configuration, where that is not the rule of the column."""
    severity: Literal["error", "warn", "quarantine"] = "error"
    """error: refused. warn: said only. quarantine: the rows are set aside."""

    def problem(self) -> Problem:
        """The breach with its place in the configuration."""
        return Problem(self.what, self.place, hint=self.hint)

    @property
    def place(self) -> tuple[str | int, ...]:
        """The key in the configuration that is broken."""
        return self.path or ("data", "columns", self.column, self.rule)

    @property
    def remark(self) -> str:
        """The breach as a line, where the work goes on."""
        end = ": set aside" if self.severity == "quarantine" else ""
        return f"{self.column}: {self.what}{end}" if self.count else self.what

    def as_dict(self) -> dict[str, Any]:
        """The breach for a machine to read."""
        return {
            "column": self.column,
            "rule": self.rule,
            "severity": self.severity,
            "count": self.count,
            "share": self.share,
            "rows": list(self.rows),
            "key": key_path(self.place),
            "what": self.what,
            "hint": self.hint or None,
        }


def mistyped(column: str, type: str, found: Found, personal: bool = False) -> Breach:
    """Rows that hold no value of the type; or would hold one, if they named a time zone."""
    if personal and not found.zoneless:
        return hidden(column, "type", found)
    example, hint = _written(found.first), ""
    what = _NOT[type][found.count > 1]
    if found.zoneless:
        what = "names no time zone" if found.count == 1 else "name no time zone"
        hint = "Say which one it is: data.timezone, for example Europe/Berlin or UTC."
    elif found.count > 1 and isinstance(found.first, str) and found.least == found.greatest:
        hint = f"If {example} says that the value is missing, add it to missing of the source."
    what, example = (what, "") if personal else (f"{what} ({example})", example)
    return located(column, "type", found, what, example, hint)


def missing(column: str, found: Found) -> Breach:
    """Rows that hold nothing, and must."""
    return located(column, "nullable", found, f"{_are(found)} missing", hint="Write nullable: true if that is right.")


def beyond(column: str, rule: str, bound: Any, found: Found, personal: bool = False) -> Breach:
    """Rows that hold less than the least value allowed, or more than the greatest."""
    extreme = _plain(found.least if rule == "min" else found.greatest)
    comparison, superlative = (_BEYOND_TIME if isinstance(bound, dt.date) else _BEYOND)[rule]
    what = f"{_are(found)} {comparison} than {_plain(bound)}"
    if personal:
        return located(column, rule, found, what)
    return located(column, rule, found, f"{what} ({superlative} {extreme})", extreme)


def unlabelled(column: str, label: int | str, labels: list[int | str], found: Found) -> Breach:
    """Rows that hold one label that is not allowed."""
    example, hint = _written(label), did_you_mean(label, labels)
    what = f"{'says' if found.count == 1 else 'say'} {example}, which is not allowed"
    return _breach(column, "values", found, f"{what}." if hint else what, example, hint)


def more_labels(column: str, more: int, found: Found) -> Breach:
    """Rows that hold any of the rarer labels that are not allowed."""
    what = f"{'holds' if found.count == 1 else 'hold'} {more:,} more label{'s' * (more > 1)} that are not allowed"
    return _breach(column, "values", found, what, _written(found.first))


def unlike(column: str, pattern: str, found: Found, personal: bool = False) -> Breach:
    """Rows whose text is not written as the pattern says."""
    example = "" if personal else _written(found.first)
    what = f"{'is' if found.count == 1 else 'are'} not written as {pattern}"
    return located(column, "pattern", found, what if personal else f"{what} ({example})", example)


def hidden(column: str, rule: str, found: Found) -> Breach:
    """Rows of a personal column that break a rule, without a word of what they hold."""
    one = found.count == 1
    labels = "holds a label that is" if one else "hold labels that are"
    what = f"{'holds' if one else 'hold'} no value of its type" if rule == "type" else f"{labels} not allowed"
    return located(column, rule, found, what)


def located(column: str, rule: str, found: Found, what: str, example: str = "", hint: str = "") -> Breach:
    """A breach that says in which rows it is."""
    numbers = ", ".join(f"{row:,}" for row in found.rows)
    where = f"row {numbers}" if found.count == 1 else f"{'first ' * (found.count > len(found.rows))}in rows {numbers}"
    return _breach(column, rule, found, f"{what}, {where}", example, hint)


def _breach(column: str, rule: str, found: Found, what: str, example: str = "", hint: str = "") -> Breach:
    said = f"{found.count:,} row{'s' * (found.count > 1)} {what}"
    return Breach(column, rule, found.count, found.count / found.height, found.rows, example, said, hint)


def _are(found: Found) -> str:
    return "is" if found.count == 1 else "are"


def _written(value: object) -> str:
    """A value as it is written in YAML, cut where it is long."""
    if not isinstance(value, str):
        return _plain(value)
    return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}…"'


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)
