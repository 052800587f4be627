"""Which columns are no features: what identifies a row, what counts the rows, what never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .contract import Described
from .inferred import Note
from .words import is_code, is_identifier, tokens

if TYPE_CHECKING:
    import polars as pl

_ENOUGH = 20  # rows from which being different in every row says something


@dataclass(frozen=True)
class Roles:
    """The key, and what is left out."""

    key: str | None
    ignore: tuple[str, ...]
    notes: tuple[Note, ...]


def roles(columns: Mapping[str, Described], taken: set[str], key: str | None) -> Roles:
    """Find them.

    taken: columns that have a part already, as the target and what orders the rows. key: the key, where the user named one.
    """
    free = {name: found.values for name, found in columns.items() if name not in taken and name != key}
    ignore, notes = _constants(free)
    for name in [name for name, values in free.items() if name not in ignore and _counts_rows(name, values)]:
        ignore.append(name)
        notes.append(Note(name, "only counts the rows: ignored"))
    unique = [name for name, values in free.items() if name not in ignore and _identifies(name, values)]
    if key is not None:
        notes += _told(key, columns[key].values)
    elif unique:
        key = min(unique, key=lambda name: (not is_identifier(name), len(tokens(name))))
        notes.append(Note(key, "different in every row: taken as the key, not as a feature"))
    for name in unique:
        if name != key:
            ignore.append(name)
            notes.append(Note(name, "different in every row: ignored"))
    return Roles(key, tuple(ignore), tuple(notes))


def _constants(free: Mapping[str, pl.Series]) -> tuple[list[str], list[Note]]:
    ignore, notes = [], []
    for name, values in free.items():
        if values.null_count() == values.len():
            ignore.append(name)
            notes.append(Note(name, "has no value in any row: ignored"))
        elif values.n_unique() == 1:
            ignore.append(name)
            notes.append(Note(name, f"is {_short(values[0])} in every row: ignored"))
    return ignore, notes


def _counts_rows(name: str, values: pl.Series) -> bool:
    """Is it the row's number: 0, 1, 2, … in the order of the file, without being called an identifier?"""
    if not values.dtype.is_integer() or values.len() < _ENOUGH or values.has_nulls() or is_identifier(name):
        return False
    return values[0] in (0, 1) and bool((values.diff().drop_nulls() == 1).all())


def _identifies(name: str, values: pl.Series) -> bool:
    """Is it different in every row, and an identifier by its name or its form?"""
    import polars as pl

    if values.dtype not in (pl.String, pl.Int64) or values.has_nulls() or values.n_unique() < values.len():
        return False
    if is_identifier(name):
        return True
    return values.dtype == pl.String and values.len() >= _ENOUGH and _looks_made(values, numbered=not is_code(name))


def _looks_made(values: pl.Series, numbered: bool) -> bool:
    """Letters and digits without blanks, all of one length: 7590-VHVEG; where they may be numbered, digits alone too: 0001204."""
    one_length = values.str.len_chars().n_unique() == 1
    mixed = (values.str.contains(r"[0-9]") & values.str.contains(r"[A-Za-z]")).sum() > 0.9 * values.len()
    numbered = numbered and bool(values.str.contains(r"^[0-9]+$").all())
    return bool(
        one_length and (mixed or numbered) and values.str.contains(r"^[A-Za-z0-9]+([-_.:/][A-Za-z0-9]+)*$").all()
    )


def _told(key: str, values: pl.Series) -> list[Note]:
    twice = values.len() - values.n_unique()
    if values.has_nulls():
        return [Note(key, f"is the key, but missing in {values.null_count():,} rows")]
    return [Note(key, f"is the key, but {twice:,} rows repeat another row's")] if twice else []


def _short(value: object) -> str:
    shown = str(value) if not isinstance(value, str) else f'"{value}"'
    return shown if len(shown) <= 40 else f"{shown[:36]}…"
