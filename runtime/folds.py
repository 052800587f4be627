"""The rows that are not test, divided into folds: each is held out once while a model learns from the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .errors import Mistake, Problem, listed
from .splitting import Split

if TYPE_CHECKING:
    import polars as pl

    from .data.rows import Rows
    from .parts import Parts
    from .schema import Schema


@dataclass(frozen=True)
class Fold:
    """The rows that are held out, and those that are learned from meanwhile."""

    number: int
    """From 1."""
    of: int
    """How many there are."""
    train: pl.DataFrame
    held: pl.DataFrame
    schema: Schema
    """With what the rows to learn from teach: which of the classes and which categories there are."""


def divided(rows: Rows, split: Split, part: pl.Series) -> pl.Series:
    """The fold of each row, as Split.fold says it.

    Raises Mistake when a fold has no rows, or nothing to learn from.
    """
    fold = split.fold(rows.frame, rows.schema, part)
    if problems := [*_empty(rows, split, fold)]:
        raise Mistake(problems)
    return fold


def folds(parts: Parts) -> Iterator[Fold]:
    """The folds one after the other; there must be some.

    Raises Mistake when the rows to learn from beside a fold lack classes that the task needs.
    """
    from .parts import learned

    assert parts.fold is not None
    assert parts.by is not None
    frame = parts.rows.frame
    many = parts.by.folds or 0
    for number in range(1, many + 1):
        train = frame.filter(parts.by.precedes(number, parts.fold, frame, parts.schema))
        held = frame.filter(parts.fold == number)
        try:
            schema = learned(train, train.clear(), parts.schema)
        except Mistake as mistake:
            said = [replace(it, what=f"fold {number}: {it.what}", path=("split", "folds")) for it in mistake.problems]
            raise Mistake(said) from mistake
        yield Fold(number, many, train, held, schema)


def _empty(rows: Rows, split: Split, fold: pl.Series) -> Iterator[Problem]:
    numbers = range(1, (split.folds or 0) + 1)
    where = ("split", "folds")
    if none := [str(number) for number in numbers if not (fold == number).any()]:
        many = "folds" if len(none) > 1 else "fold"
        has = "have" if len(none) > 1 else "has"
        yield Problem(f"{split.folds}, but {many} {listed(none, 'and')} {has} no rows.", where, hint=_remedy(split))
        return
    for number in numbers:
        if not split.precedes(number, fold, rows.frame, rows.schema).any():
            yield Problem(f"nothing is left to learn from beside fold {number}.", where, hint=_remedy(split))


def _remedy(split: Split) -> str:
    if split.kind == "time":
        return "Choose fewer folds or a shorter gap; rows of one moment stay together."
    if split.divider and split.kind != "predefined":
        return "Choose fewer folds; there are too few groups."
    return "Choose fewer folds; more rows are needed for so many."
