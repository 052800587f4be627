"""What each column seems to hold: its type, whether values are missing, its range or its labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .forms import NUMBER, TIMES, form, looks, numbers
from .inferred import Guess, Note
from .ranges import bounds
from .words import is_code, is_identifier

if TYPE_CHECKING:
    import polars as pl

MOST_LABELS = 50
"""A category with more labels is declared without them."""
_EXACT = 2**53  # greater numbers are names, not amounts, and floats skip some
_SPELLED = r"\p{L}{2}"
_ALWAYS_LABELS = 5  # so few labels are a closed set even in a tiny file


@dataclass(frozen=True)
class Described:
    """One column: what it is guessed to be, and its values in that type."""

    guess: Guess
    values: pl.Series
    notes: tuple[Note, ...] = ()
    timezone: str | None = None
    """The zone that has to be assumed to read it."""


def describe(frame: pl.DataFrame) -> dict[str, Described | None]:
    """Guess every column; missing values are null already. None for what no contract can hold: lists, structures, durations."""
    kinds = {**numbers(frame), **{name: kind for name, dtype in frame.schema.items() if (kind := _stored(dtype))}}
    numeric = [name for name, kind in kinds.items() if kind in ("integer", "number")]
    found = {**dict.fromkeys(frame.columns), **_numeric(frame, {name: kinds[name] for name in numeric})}
    return {name: known or _other(frame[name], kinds.get(name, "")) for name, known in found.items()}


def _stored(dtype: pl.DataType) -> str:
    """What the type in the file says by itself, or ""."""
    import polars as pl

    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "number"
    return {pl.Boolean: "boolean", pl.Date: "date"}.get(dtype.base_type(), "")


def _numeric(frame: pl.DataFrame, kinds: dict[str, str]) -> dict[str, Described]:
    """All columns of numbers at once, which is what makes thousands of them quick."""
    from overture.runtime.data.cast import cast, present
    from overture.runtime.data.column import column as declared

    if not kinds:
        return {}
    schema, columns = frame.schema, {kind: declared(kind) for kind in set(kinds.values())}
    typed = frame.select(
        cast(present(name, schema[name]), schema[name], columns[kind]).alias(name) for name, kind in kinds.items()
    )
    facts = zip(typed.min().row(0), typed.max().row(0), typed.null_count().row(0), strict=True)
    found = {}
    for (name, kind), (low, high, missing) in zip(kinds.items(), facts, strict=True):
        guess = Guess(kind, nullable=missing > 0)
        if low is not None and max(abs(low), abs(high)) < _EXACT:
            least, most = bounds(name, low, high, kind == "integer")
            guess = replace(guess, min=least, max=most)
        found[name] = Described(guess, typed[name], tuple(_coded(name, kind)))
    return found


def _other(column: pl.Series, kind: str) -> Described | None:
    """A column that does not hold numbers."""
    import polars as pl

    dtype = column.dtype
    if kind in ("boolean", "date"):
        return Described(Guess(kind, nullable=column.has_nulls()), column)
    if isinstance(dtype, pl.Datetime):
        return _typed(column, "timestamp", "UTC" if dtype.time_zone is None else None)
    if dtype in (pl.Categorical, pl.Enum):
        return _words(column.cast(pl.String))
    if dtype == pl.Null:
        return Described(Guess("text", nullable=True), column)
    if dtype != pl.String:
        return None
    kind = kind or form(column.drop_nulls().unique())
    if kind in ("nothing", "code", "words"):
        return _words(column, code=kind == "code")
    return _typed(column, "timestamp" if kind == "local" else kind, "UTC" if kind == "local" else None)


def _typed(column: pl.Series, kind: str, timezone: str | None = None) -> Described:
    """Truth, days or times; words where one of them is so in form only, as the hour 25."""
    from overture.runtime.data.cast import cast, present
    from overture.runtime.data.column import column as declared

    read = cast(present(column.name, column.dtype), column.dtype, declared(kind), timezone)
    values = column.to_frame().select(read.alias(column.name)).to_series()
    if values.null_count() > column.null_count():
        return _words(column)
    guess = Guess(kind, nullable=values.has_nulls())
    if timezone is None:
        return Described(guess, values)
    note = "its times name no zone: they are read as UTC; if that is wrong, write the right timezone"
    return Described(guess, values, (Note(column.name, note),), timezone)


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
    meant = "" if code else looks(distinct)
    if (
        not meant
        and 0 < distinct.len() <= MOST_LABELS
        and (distinct.len() <= _ALWAYS_LABELS or distinct.len() * 2 <= present.len())
    ):
        guess = replace(guess, values=tuple(sorted(distinct.to_list())))
    notes = [Note(column.name, text) for text in _doubts(column.name, present, distinct, code, meant)]
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
    spelled = some.str.contains(_SPELLED).mean()
    # telephone numbers and the like come in groups, but are no words
    if not isinstance(spelled, float) or spelled < 0.5:
        return False
    words, length = some.str.count_matches(r"\S+").mean(), some.str.len_chars().mean()
    if not isinstance(words, float) or not isinstance(length, float):
        return False
    share = distinct.len() / present.len()
    return words >= 4 or (share >= 0.5 and (words >= 2.5 or (length >= 40 and words >= 1.5)))


def _doubts(name: str, present: pl.Series, distinct: pl.Series, code: bool, meant: str) -> list[str]:
    if code:
        return ["digits with leading zeros, or too many of them for a number: a category"]
    if meant:
        return [f"{meant}, read as labels: {_instead(name, meant)}"]
    if strays := _strays(present):
        return [strays]
    found = []
    folded = distinct.str.to_lowercase()
    if distinct.len() <= MOST_LABELS and folded.n_unique() < distinct.len():
        twins = sorted(distinct.filter(folded.is_duplicated()).to_list())[:2]
        found.append(f'"{twins[0]}" and "{twins[1]}" differ in case only: mend one with replace')
    if distinct.len() > MOST_LABELS and distinct.len() > 0.9 * present.len() and not is_identifier(name):
        found.append("different in nearly every row: a model learns little from it")
    return found


def _instead(name: str, meant: str) -> str:
    """What to do so that they are read as what they are."""
    if meant != TIMES:
        return "write them in a plain form in the data"
    quoted = name.replace('"', '""')
    return f"""derive can tell the hour: try_cast(split_part("{quoted}", ':', 1) as integer)"""


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
