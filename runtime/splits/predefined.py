"""A column says which part each row belongs to, as when a data set comes with its own test rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from ..errors import Mistake, Problem, listed
from ..splitting import PARTS, TEST, TRAIN, VALID, Split

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema


class Predefined(Split):
    """Each row where its column says: train, valid or test, in upper or lower case. Valid may be left out.

    With `folds` the column may name the fold of a row instead, as 1 to 5, which is then one to train on.
    """

    kind: Literal["predefined"] = "predefined"
    column: str = Field(min_length=1)
    """The column that says train, valid or test, or the fold; never a feature."""

    @model_validator(mode="after")
    def _sizes_come_from_the_column(self) -> Predefined:
        for name in ("test", "valid"):
            if getattr(self, name) != Split.model_fields[name].default:
                raise ValueError(f"{name} has no use here: {self.column} says which rows are {name}")
        return self

    @property
    def divider(self) -> str:
        """The column of the parts."""
        return self.column

    def assign(self, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """The part of each row; a row of a fold is one to train on.

        Raises Mistake when the column says anything else.
        """
        import polars as pl

        said, part = frame[self.column].cast(pl.String), self._words(frame)
        named = ~part.is_in(PARTS)
        foreign = said.filter((named if self.folds is None else part.is_null()).fill_null(True))
        if foreign.len():
            folds = ", or the fold it belongs to" if self.folds else ""
            hint = f"Each row must say {listed(PARTS)}{folds}."
            if not self.folds and foreign.n_unique() > 1 and foreign.str.contains(r"\d").fill_null(False).all():
                hint += f" If these are folds, set split.folds={foreign.n_unique()}."
            raise Mistake(Problem(f"{self.column} says {_counted(foreign)}.", ("split", "column"), hint=hint))
        return part.to_frame().select(pl.when(named).then(pl.lit(TRAIN)).otherwise("part").alias("part")).to_series()

    def fold(self, frame: pl.DataFrame, schema: Schema, part: pl.Series) -> pl.Series:
        """The fold of each row, in the order of the names the column gives; where it names none, folds are drawn by hash.

        Rows that say train or valid beside named folds are always learned from.
        Raises Mistake when there are not as many names as folds.
        """
        import polars as pl

        words = self._words(frame)
        names = words.filter(~words.is_in(PARTS)).unique().to_list()
        if not names:
            return super().fold(frame, schema, part)
        if len(names) != self.folds:
            said = _counted(words.filter(~words.is_in(PARTS)))
            hint = f"Set split.folds={len(names)}, or correct the column."
            raise Mistake(Problem(f"{self.folds}, but {self.column} says {said}.", ("split", "folds"), hint=hint))
        numbers = {name: number for number, name in enumerate(sorted(names, key=_natural), start=1)}
        return words.replace_strict(numbers | {TRAIN: 0, VALID: 0, TEST: None}, return_dtype=pl.Int32).alias("fold")

    def _words(self, frame: pl.DataFrame) -> pl.Series:
        import polars as pl

        return frame[self.column].cast(pl.String).str.strip_chars().str.to_lowercase().alias("part")


def _natural(name: str) -> list[tuple[int, str]]:
    """Numbers in a name count as numbers: fold2 comes before fold10."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split(r"(\d+)", name) if piece]


def _counted(values: pl.Series, most: int = 5) -> str:
    counts = values.value_counts(sort=True).sort(["count", values.name], descending=[True, False], nulls_last=True)
    words = [f'"{value}"' if value is not None else "nothing" for value in counts[values.name].head(most)]
    shown = [f"{word} in {count:,} row{'s' * (count > 1)}" for word, count in zip(words, counts["count"], strict=False)]
    more = counts.height - len(shown)
    return listed([*shown, f"{more:,} other values"] if more else shown, "and")
