"""What each column seems to hold: its type, whether values are missing, its range or its labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .forms import NUMBER, form, looks
from .inferred import Guess, Note
from .ranges import bounds
from .words import is_code, is_identifier

if TYPE_CHECKING:
    import polars as pl

MOST_LABELS = 50
"""A category with more labels is declared without them."""
_ALWAYS_LABELS = 5  # so few labels are a closed set even in a tiny file


@dataclass(frozen=True)
class Described:
    """One column: what it is guessed to be, and its values in that type."""

    guess: Guess
    values: pl.Series
    notes: tuple[Note, ...] = ()
    timezone: str | None = None
    """The zone that has to be assumed to read it."""


def describe(column: pl.Series) -> Described | None:
    """Guess one column; missing values are null already. None for what no contract can hold: lists, structures, durations."""
    import polars as pl

    dtype = column.dtype
    if dtype in (pl.Categorical, pl.Enum):
        return _words(column.cast(pl.String))
    if dtype == pl.String:
        return _text(column)
    if dtype.is_float():
        column = column.fill_nan(None)
    for fits, kind in (
        (dtype.is_integer(), "integer"),
        (dtype.is_float() or dtype.is_decimal(), "number"),
        (dtype == pl.Boolean, "boolean"),
        (dtype == pl.Date, "date"),
    ):
        if fits:
            return _typed(column, kind)
    if isinstance(dtype, pl.Datetime):
        return _moments(column, "UTC" if dtype.time_zone is None else None)
    return Described(Guess("text", nullable=True), column) if dtype == pl.Null else None


def _text(column: pl.Series) -> Described:
    kind = form(column.drop_nulls().unique())
    if kind in ("nothing", "code", "words"):
        return _words(column, code=kind == "code")
    if kind in ("timestamp", "local"):
        return _moments(column, "UTC" if kind == "local" else None)
    return _typed(column, kind)


def _typed(column: pl.Series, kind: str, timezone: str | None = None) -> Described:
    """A column whose values are all of one type; as words where they are of it in form only, as the day 2024-02-31."""
    from overture.runtime.data.cast import cast, present
    from overture.runtime.data.column import column as declared

    read = cast(present(column.name, column.dtype), column.dtype, declared(kind), timezone)
    values = column.to_frame().select(read.alias(column.name)).to_series()
    if values.null_count() > column.null_count():
        return (
            _words(column)
            if column.dtype == type(column.dtype)() and str(column.dtype) == "String"
            else Described(Guess(kind, True), values)
        )
    guess = Guess(kind, nullable=values.has_nulls())
    if kind in ("integer", "number") and values.drop_nulls().len():
        low, high = bounds(column.name, values.min(), values.max(), kind == "integer")  # type: ignore[arg-type]
        guess = replace(guess, min=low, max=high)
    return Described(guess, values, tuple(_coded(column.name, kind)), timezone)


def _moments(column: pl.Series, timezone: str | None) -> Described:
    found = _typed(column, "timestamp", timezone)
    if timezone is None or found.guess.type != "timestamp":
        return found
    note = Note(column.name, "its times name no zone: they are read as UTC; if that is wrong, write the right timezone")
    return replace(found, notes=(*found.notes, note))


def _coded(name: str, kind: str) -> list[Note]:
    if kind != "integer" or not is_code(name):
        return []
    return [Note(name, "whole numbers that may be codes: if so, write type: category, without min and max")]


def _words(column: pl.Series, code: bool = False) -> Described:
    present = column.drop_nulls()
    distinct = present.unique()
    nullable = column.has_nulls()
    if _is_text(present, distinct):
        return Described(Guess("text", nullable=nullable), column)
    guess = Guess("category", nullable=nullable)
    if 0 < distinct.len() <= MOST_LABELS and (distinct.len() <= _ALWAYS_LABELS or distinct.len() * 2 <= present.len()):
        guess = replace(guess, values=tuple(sorted(distinct.to_list())))
    notes = [Note(column.name, text) for text in _doubts(present, distinct, code, is_identifier(column.name))]
    if guess.values is not None and "???" in guess.values:
        guess = replace(guess, values=None)
        notes.append(
            Note(column.name, 'has the label "???", which cannot be written in YAML: its labels are not listed')
        )
    return Described(guess, column, tuple(notes))


def _is_text(present: pl.Series, distinct: pl.Series) -> bool:
    """Does the column read like sentences?"""
    if present.len() < 2 or (distinct.len() <= MOST_LABELS and distinct.len() < 0.9 * present.len()):
        return False
    some = distinct.head(10_000)
    words, length = some.str.count_matches(r"\S+").mean(), some.str.len_chars().mean()
    if not isinstance(words, float) or not isinstance(length, float):
        return False
    share = distinct.len() / present.len()
    return words >= 4 or (share >= 0.5 and (words >= 2.5 or (length >= 40 and words >= 1.5)))


def _doubts(present: pl.Series, distinct: pl.Series, code: bool, identifier: bool) -> list[str]:
    if code:
        return ["digits with leading zeros, or too many of them for a number: a category"]
    if meant := looks(distinct) if distinct.len() else "":
        return [f"{meant}, read as labels: write them plainly in the data to use them as such"]
    if strays := _strays(present):
        return [strays]
    found = []
    folded = distinct.str.to_lowercase()
    if distinct.len() <= MOST_LABELS and folded.n_unique() < distinct.len():
        twins = sorted(distinct.filter(folded.is_duplicated()).to_list())[:2]
        found.append(f'"{twins[0]}" and "{twins[1]}" differ in case only: mend one with replace')
    if distinct.len() > MOST_LABELS and distinct.len() > 0.9 * present.len() and not identifier:
        found.append("different in nearly every row: a model learns little from it")
    return found


def _strays(present: pl.Series) -> str:
    """Words among numbers, where nine of ten values are numbers."""
    numeric = present.str.contains(NUMBER)
    share = numeric.mean()
    if not isinstance(share, float) or share < 0.9:
        return ""
    strange = present.filter(~numeric)
    shown = ", ".join(f'"{word[:20]}"' for word in sorted(strange.unique().to_list())[:3])
    rows = "row" if strange.len() == 1 else "rows"
    return f"numbers, but for {shown} in {strange.len():,} {rows}: read as labels; if they mean missing, add them to missing"
