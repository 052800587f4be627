"""What every way of splitting rows does. A kind of split is one file in `splits/`: its typed fields are its YAML keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from .kinds import Kinds
from .section import Section

if TYPE_CHECKING:
    import polars as pl

    from .schema import Schema

TRAIN, VALID, TEST = PARTS = ("train", "valid", "test")
Share = Annotated[float, Field(ge=0, lt=1)]


class Split(Section):
    """How rows are told apart into train, valid and test."""

    test: Share = 0.2
    """The share of rows that only evaluation sees."""
    valid: Share = 0.1
    """The share of rows that early stopping sees."""
    seed: int | None = None
    """Another seed than the project's."""

    @model_validator(mode="after")
    def _leave_some_to_train(self) -> Split:
        if self.test + self.valid >= 1:
            raise ValueError(f"test ({self.test}) and valid ({self.valid}) leave no rows to train on")
        return self

    @property
    def divider(self) -> str | None:
        """The column the split goes by, if it goes by one that is neither key nor time."""
        return None

    def assign(self, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """The part of each row, in the order of the frame: a Series of "train", "valid" and "test".

        `seed` is filled from the project before.

        Raises Mistake when the rows cannot be split so.
        """
        raise NotImplementedError


SPLITS: Kinds[Split] = Kinds("split", "overture.runtime.splits", Split)
