"""A column says which part each row belongs to, as when a data set comes with its own test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from ..errors import Mistake, Problem, listed
from ..splitting import PARTS, Split

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema


class Predefined(Split):
    """Each row where its column says: train, valid or test, in upper or lower case. Valid may be left out."""

    kind: Literal["predefined"] = "predefined"
    column: str = Field(min_length=1)
    """The column that says train, valid or test; never a feature."""

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
        """The part of each row.

        Raises Mistake when the column says anything else.
        """
        import polars as pl

        said = frame[self.column].cast(pl.String)
        part = said.str.strip_chars().str.to_lowercase().alias("part")
        foreign = said.filter(~part.is_in(PARTS).fill_null(False))
        if foreign.len():
            raise Mistake(
                Problem(
                    f"{self.column} says {_counted(foreign)}.",
                    ("split", "column"),
                    hint=f"Each row must say {listed(PARTS)}.",
                )
            )
        return part


def _counted(values: pl.Series, most: int = 5) -> str:
    counts = values.value_counts(sort=True).sort(["count", values.name], descending=[True, False], nulls_last=True)
    words = [f'"{value}"' if value is not None else "nothing" for value in counts[values.name].head(most)]
    shown = [f"{word} in {count:,} row{'s' * (count > 1)}" for word, count in zip(words, counts["count"], strict=False)]
    more = counts.height - len(shown)
    return listed([*shown, f"{more:,} other values"] if more else shown, "and")
