"""What every way of splitting rows does. A kind of split is one file in `splits/`: its typed fields are its YAML keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from .errors import Problem
from .kinds import Kinds
from .section import Section

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .data.dataset import Dataset
    from .schema import Schema

TRAIN, VALID, TEST = PARTS = ("train", "valid", "test")
CARVED = 0.1
"""The share of the training rows that validate where no rows were set aside for it."""
_FOLDS_CHANCE = 1 << 33
Share = Annotated[float, Field(ge=0, lt=1)]


class Split(Section):
    """How rows are told apart into train, valid and test."""

    kind: str
    test: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """The share of rows that only evaluation sees."""
    valid: Share = 0.1
    """The share of rows that early stopping sees."""
    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    """How many folds the rows that are not test are divided into, for cross-validation; null: none."""
    seed: int | None = None
    """Another seed than the project's."""
    keeps_together: ClassVar[bool] = False
    """Do all rows of one `identity` go to one part, whatever else they say?"""

    @model_validator(mode="after")
    def _leave_some_to_train(self) -> Split:
        if self.test + self.valid >= 1:
            raise ValueError(f"test ({self.test}) and valid ({self.valid}) leave no rows to train on")
        return self

    @property
    def divider(self) -> str | None:
        """The column the split goes by, if it goes by one that is neither key nor time."""
        return None

    def problems(self, data: Dataset) -> list[Problem]:
        """What the split needs of the data set and does not find there."""
        return []

    def assign(self, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """The part of each row, in the order of the frame: a Series of "train", "valid" and "test", null for a row of no part.

        `seed` is filled from the project before.

        Raises Mistake when the rows cannot be split so.
        """
        raise NotImplementedError

    def fold(self, frame: pl.DataFrame, schema: Schema, part: pl.Series) -> pl.Series:
        """The fold of each row: 1 to `folds`; 0 for a row that is always learned from, null for one of no fold, as test rows are.

        part: what `assign` said. Here: by the hash of what identifies a row, so that no row moves when others join.
        Raises Mistake when the rows cannot be divided so.
        """
        from .row_hash import positions

        return self.numbered(positions(frame.select(identity(schema)), self.chance), part)

    def precedes(self, number: int, fold: pl.Series, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """Which rows are learned from while the rows of a fold are held out: those of all other folds. fold: what `fold` said."""
        return (fold != number).fill_null(False)

    def aside(self, frame: pl.DataFrame, schema: Schema, seed: int) -> pl.Series:
        """Which of the rows to learn from validate, when none were set apart for it: "test" for about a tenth, else "train" or null."""
        from .splits.stratified import Stratified

        return Stratified(test=CARVED, valid=0.0, seed=seed).assign(frame, schema)

    @property
    def chance(self) -> int:
        """The seed of the folds, beyond every seed of parts, so that folds do not follow the parts."""
        return (self.seed or 0) ^ _FOLDS_CHANCE

    def numbered(self, positions: NDArray[np.float64], part: pl.Series) -> pl.Series:
        """Folds from positions in [0, 1), of rows that are in train or valid."""
        import numpy as np
        import polars as pl

        folds = self.folds or 1
        number = pl.Series("fold", np.minimum((positions * folds).astype(np.int32) + 1, folds))
        return number.to_frame().select(pl.when(part.is_in([TRAIN, VALID])).then("fold")).to_series()

    def cut(self, positions: NDArray[np.float64]) -> pl.Series:
        """Parts from positions in [0, 1): test comes first, then valid, so that another `valid` never moves a test row."""
        import numpy as np
        import polars as pl

        number = (positions >= self.test).astype(np.uint8) + (positions >= self.test + self.valid)
        return pl.Series("part", [TEST, VALID, TRAIN], dtype=pl.Enum(PARTS)).gather(number)


def identity(schema: Schema) -> list[str]:
    """The columns that decide where a row goes: the key, or without one everything the row says, so that equal rows go together."""
    return [schema.key] if schema.key else [*schema.features, schema.target]


SPLITS: Kinds[Split] = Kinds("split", "overture.runtime.splits", Split)
