"""All rows of a group go to one part, as those of one customer or one patient must."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ..errors import Mistake, Problem
from ..splitting import CARVED, Split

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema


class Group(Split):
    """Each group by the hash of its value: shares count groups and are approximate, and no group moves when others join."""

    kind: Literal["group"] = "group"
    column: str = Field(min_length=1)
    """The column that says which group a row belongs to; never a feature."""

    @property
    def divider(self) -> str:
        """The column of the groups."""
        return self.column

    def assign(self, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """The part of each row.

        Raises Mistake when rows belong to no group.
        """
        from ..row_hash import positions

        if missing := frame[self.column].null_count():
            raise Mistake(
                Problem(
                    f"{missing:,} of {frame.height:,} rows have no value in {self.column}, so they belong to no group.",
                    ("split", "column"),
                    hint="Fill the column in, or leave those rows out of the source.",
                )
            )
        return self.cut(positions(frame.select(self.column), self.seed or 0))

    def fold(self, frame: pl.DataFrame, schema: Schema, part: pl.Series) -> pl.Series:
        """The fold of each row, the same for all rows of a group."""
        from ..row_hash import positions

        return self.numbered(positions(frame.select(self.column), self.chance), part)

    def aside(self, frame: pl.DataFrame, schema: Schema, seed: int) -> pl.Series:
        """Whole groups."""
        return Group(column=self.column, test=CARVED, valid=0.0, seed=seed).assign(frame, schema)
