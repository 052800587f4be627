"""What words look like: whole numbers, numbers, dates, or just words. All tests run over whole columns at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

INTEGER = r"^[+-]?[0-9]+$"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_PADDED = r"^[+-]?0[0-9]"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$"
_ZONED = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
_DIGITS = 18  # the longest whole number that always fits into 64 bits

TIMES = "times of day"
_TRUTH = ("true", "false")
_LOOKS = {
    "numbers with commas between the thousands": r"^[+-]?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?$",
    "numbers with a decimal comma": r"^[+-]?[0-9]{1,3}(\.?[0-9]{3})*,[0-9]+$|^[+-]?[0-9]+$",
    "percentages": r"^[+-]?[0-9.,]+ ?%$",
    "amounts of money": r"^[+-]?[$€£¥] ?[0-9][0-9.,]*$|^[0-9][0-9.,]* ?[$€£¥]$",
    "dates that are not written as 2024-12-31": r"^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}([ T].*)?$|^[0-9]{4}[/.][0-9]{1,2}[/.][0-9]{1,2}([ T].*)?$",
    "days or times that are written in more than one way, or do not exist": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?$",
    TIMES: r"^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?[aApP][mM])?$",
}


def form(words: pl.Series) -> str:
    """What words, none of them missing or with blanks around, have in common.

    Returns integer, number, boolean, date, timestamp (with a zone in every word), local (a timestamp without any), code (digits whose
    form matters: leading zeros or too many), words, or nothing where there are no words.
    """
    if words.is_empty():
        return "nothing"
    if numeric := numbers(words.to_frame("")):
        return numeric[""]
    if words.head(50).str.to_lowercase().is_in(_TRUTH).all() and words.str.to_lowercase().is_in(_TRUTH).all():
        return "boolean"
    tests = (("date", _date), ("timestamp", _zoned), ("local", _local))
    return next((name for name, passes in tests if passes(words)), "words")


def numbers(frame: pl.DataFrame) -> dict[str, str]:
    """The text columns that hold nothing but numbers: integer, number, or code; nulls are passed over, columns of nothing else left out."""
    import polars as pl

    text = pl.col(pl.String)
    filled = frame.select(text.str.contains(NUMBER).all() & text.is_not_null().any())
    names = [column.name for column in filled if column[0]]
    facts = {
        "whole": frame.select(pl.col(names).str.contains(INTEGER).all()),
        "padded": frame.select((pl.col(names).str.contains(_PADDED) | (pl.col(names).str.len_bytes() > _DIGITS)).any()),
        "finite": frame.select(pl.col(names).cast(pl.Float64, strict=False).is_finite().all()),
    }
    found = {}
    for name in names:
        whole, padded, finite = (facts[fact][name][0] for fact in ("whole", "padded", "finite"))
        if whole or finite:
            found[name] = "number" if not whole else "code" if padded else "integer"
    return found


def looks(words: pl.Series) -> str:
    """What words that are no plain numbers or dates were perhaps meant to be, or ""."""
    if words.is_empty():
        return ""
    return next((what for what, pattern in _LOOKS.items() if _all(words, pattern)), "")


def stray(words: pl.Series) -> pl.Series:
    """The words among numbers that are none."""
    return words.filter(~words.str.contains(NUMBER))


def _all(words: pl.Series, pattern: str) -> bool:
    return all(bool(some.str.contains(pattern).all()) for some in (words.head(50), words))  # most fail at once


def _date(words: pl.Series) -> bool:
    return _all(words, DAY) and not words.str.to_date("%Y-%m-%d", strict=False).has_nulls()


def _zoned(words: pl.Series) -> bool:
    return _all(words, MOMENT) and _all(words, _ZONED)


def _local(words: pl.Series) -> bool:
    return _all(words, MOMENT) and not words.str.contains(_ZONED).any()
