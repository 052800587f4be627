"""Labels that a test file writes a little differently than the training file: "<=50K." and "<=50K"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .inferred import Note

if TYPE_CHECKING:
    import polars as pl

_MOST = 1000  # labels beyond which they are names, not classes


def replacements(parts: Sequence[pl.DataFrame]) -> dict[str, dict[str, str]]:
    """By column, labels of the test rows that equal a training label but for case, blanks or punctuation at the end.

    parts: the training rows and the test rows, cleaned.
    """
    import polars as pl

    train, test = parts
    found: dict[str, dict[str, str]] = {}
    for column in train:
        if column.dtype != pl.String:
            continue
        known, new = column.drop_nulls().unique(), test[column.name].drop_nulls().unique()
        new = new.filter(~new.is_in(known.implode()))
        if known.len() > _MOST or new.len() > _MOST or new.is_empty():
            continue
        meant = {_bare(label): label for label in known.sort(descending=True)}
        pairs = {label: meant[_bare(label)] for label in new.sort() if _bare(label) in meant}
        if pairs:
            found[column.name] = pairs
    return found


def notes(found: dict[str, dict[str, str]]) -> list[Note]:
    """What was done, for people."""
    return [
        Note(
            name,
            "the test file writes "
            + " and ".join(f'"{new}" for "{old}"' for new, old in list(pairs.items())[:2])
            + ": replaced",
        )
        for name, pairs in found.items()
    ]


def _bare(label: str) -> str:
    return " ".join(label.casefold().split()).rstrip(".,;: ")
