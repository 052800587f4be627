"""The latest rows are the test, the ones before them validate, and training sees only the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..errors import Mistake, Problem
from ..splitting import Split

if TYPE_CHECKING:
    import polars as pl

    from ..data.dataset import Dataset
    from ..schema import Schema


class Time(Split):
    """Rows in the order of data.time; those of one moment stay together, in the later part."""

    kind: Literal["time"] = "time"
    column: str | None = None
    """The column that orders the rows; it is data.time."""

    def problems(self, data: Dataset) -> list[Problem]:
        """Is there a data.time, and is it the column?"""
        if data.time is None:
            return [_unordered()]
        if self.column not in (None, data.time):
            where = ("split", "column")
            return [Problem(f"rows are ordered by data.time, which is {data.time}, not {self.column}.", where)]
        return []

    def assign(self, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """The part of each row.

        Raises Mistake when rows have no time.
        """
        if schema.time is None:
            raise Mistake(_unordered())
        times = frame[schema.time]
        if missing := times.null_count() + (times.is_nan().sum() if times.dtype.is_float() else 0):
            raise Mistake(
                Problem(
                    f"{missing:,} of {frame.height:,} rows have no {schema.time}, so they have no place in time.",
                    ("data", "time"),
                    hint="Fill the column in, leave those rows out of the source, or choose another split.",
                )
            )
        later = times.rank("min", descending=True) - 1
        return self.cut(((later + 0.5) / max(frame.height, 1)).to_numpy())


def _unordered() -> Problem:
    hint = "Set data.time to the column that orders the rows, or choose another split."
    return Problem("a split by time needs to know the time of a row.", ("data", "time"), hint=hint)
