"""How a file writes numbers, days and moments in its own way, as 1.234,5 or $5 or 31.12.2024, and what that is in plain form."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

Thousands = Literal[",", ".", "'", " "]
_BETWEEN = {".": r"\.", ",": ",", "'": "['\u2019]", " ": "[ \u00a0\u202f]"}  # narrow and fixed blanks are blanks, too
_DAY = dt.date(2024, 11, 28)
_CLOCKS = (dt.time(5, 7, 9, 250_000), dt.time(18, 43, 52, 750_000))  # any part of a time of day tells them apart
_PLAIN_DAY, _PLAIN_MOMENT = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f"


@dataclass(frozen=True)
class Numbers:
    """How numbers are written."""

    decimal: str = "."
    """What stands before the fraction."""
    thousands: str | None = None
    """What may stand between thousands; beside a decimal comma nothing said is a point."""
    units: tuple[str, ...] = ()
    """What may stand before or after a number, with or without a blank."""

    @property
    def usual(self) -> bool:
        """Are they plain numbers already?"""
        return self == Numbers()

    @property
    def pattern(self) -> str:
        """What such a number looks like, a regular expression with two groups that together are the number; "" does too."""
        between = self._between
        whole = rf"[0-9]{{1,3}}(?:{between}[0-9]{{3}})+|[0-9]+" if between else "[0-9]+"
        point = re.escape(self.decimal)
        body = rf"[+-]?(?:(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
        unit = "|".join(re.escape(unit) for unit in sorted(self.units, key=len, reverse=True))
        before, after = (rf"(?:(?:{unit})\s*)?", rf"(?:\s*(?:{unit}))?") if unit else ("", "")
        return rf"^(?:([+-]?){before}({body}){after})?$"

    def plain(self, value: pl.Expr) -> pl.Expr:
        """Text with plain numbers in place of those that are written so; what is no such number is made no number at all."""
        import polars as pl

        number = value.str.strip_chars()
        plain = number.str.replace(self.pattern, "${1}${2}")
        if between := self._between:
            plain = plain.str.replace_all(between, "")
        if self.decimal != ".":
            plain = plain.str.replace(self.decimal, ".", literal=True)
        fits = number.str.contains(self.pattern)
        if self.decimal == ".":
            return pl.when(fits).then(plain).otherwise(value)
        taken = number.cast(pl.Float64, strict=False).is_not_null()  # 1.5 would else be read as a number
        return pl.when(fits).then(plain).when(taken).then(value + " (with a decimal comma)").otherwise(value)

    @property
    def _between(self) -> str:
        mark = self.thousands or ("." if self.decimal == "," else "")
        return _BETWEEN.get(mark, "")


def plain_times(value: pl.Expr, patterns: Sequence[str]) -> pl.Expr:
    """Text with days as 2024-12-31, or moments as 2024-12-31T23:59:00, in place of those that are written as one of the patterns says.

    patterns: as strftime has them, the first that fits counts. What fits none stays as it is.
    """
    import polars as pl

    return pl.coalesce(*(_plain_time(value.str.strip_chars(), pattern) for pattern in patterns), value)


def fault(pattern: str) -> str | None:
    """What is wrong with a pattern of days or moments; None: nothing.

    assert fault("%d.%m.%Y") is None
    """
    if not re.search("%[YyFDx]", pattern) or not re.search("%[mbBhFDx]", pattern) or not re.search("%[deFDx]", pattern):
        return f'"{pattern}" does not tell a day: it needs its day (%d), month (%m, or %b for Jan) and year (%Y, or %y for two digits)'
    import polars as pl

    try:
        text = _moments(pattern)
        read = text.to_frame("it").select(_plain_time(pl.col("it"), pattern)).to_series()
    except pl.exceptions.PolarsError:
        read = text = pl.Series(["", ""])
    if not read.str.starts_with(str(_DAY)).all(ignore_nulls=False) or read.n_unique() < text.n_unique():
        return f'"{pattern}" cannot be read: it is written as strftime has it, for example %d.%m.%Y %H:%M'
    return None


def _moments(pattern: str) -> pl.Series:
    """Two moments of one day as a pattern writes them.

    Raises PolarsError when it cannot write.
    """
    import polars as pl

    moments = pl.Series([dt.datetime.combine(_DAY, clock, dt.UTC) for clock in _CLOCKS])
    return moments.dt.strftime(pattern)


@cache
def _has_clock(pattern: str) -> bool:
    """Does a pattern tell the time of day?"""
    return _moments(pattern).n_unique() > 1


def _plain_time(text: pl.Expr, pattern: str) -> pl.Expr:
    import polars as pl

    if _has_clock(pattern):
        read = text.str.to_datetime(pattern, time_unit="us", strict=False)
        plain = read.dt.strftime(_PLAIN_MOMENT)
        if "%z" in pattern or "%:z" in pattern:
            plain += "Z"
    else:
        read = text.str.to_date(pattern, strict=False)
        plain = read.dt.strftime(_PLAIN_DAY)
    return pl.when(read.dt.year().is_between(1000, 9999)).then(plain)  # %Y takes 24 for the year 24
