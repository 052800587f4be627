"""The latest rows are the test, the ones before them validate, and training sees only the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..data.span import Span, seconds
from ..errors import Mistake, Problem
from ..splitting import TEST, TRAIN, VALID, Split

if TYPE_CHECKING:
    import polars as pl

    from ..data.dataset import Dataset
    from ..schema import Schema


class Time(Split):
    """Rows in the order of data.time; those of one moment stay together, in the later part."""

    kind: Literal["time"] = "time"
    column: str | None = None
    """The column that orders the rows; it is data.time."""
    gap: Span | None = None
    """How long before a part the one before it ends, for example 7d (w, d, h, m, s), or a number where moments are numbers.
    Rows in between are in no part. null: they follow each other at once."""

    def problems(self, data: Dataset) -> list[Problem]:
        """Is there a data.time, and is it the column?"""
        if data.time is None:
            return [_unordered()]
        if self.column not in (None, data.time):
            where = ("split", "column")
            return [Problem(f"rows are ordered by data.time, which is {data.time}, not {self.column}.", where)]
        return self._gap_problems(data)

    def _gap_problems(self, data: Dataset) -> list[Problem]:
        clock = getattr(data.columns.get(data.time or ""), "type", None) in ("date", "timestamp")
        if self.gap is None or clock == isinstance(self.gap, str):
            return []
        wanted = "a length of time, as 7d" if clock else "a number"
        holds = "moments" if clock else "numbers"
        return [Problem(f"{data.time} holds {holds}, so this must be {wanted}.", ("split", "gap"))]

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
        part = self.cut(((later + 0.5) / max(frame.height, 1)).to_numpy())
        return part if self.gap is None else self._apart(part, times)

    def _apart(self, part: pl.Series, times: pl.Series) -> pl.Series:
        """The parts without the rows that are less than the gap before the next one."""
        import polars as pl

        length = seconds(self.gap)
        clock = times if length is None else times.cast(pl.Datetime("us")).cast(pl.Int64)
        gap = self.gap if length is None else length * 1_000_000
        rows = pl.DataFrame({"part": part, "clock": clock})
        test = pl.col("clock").filter(pl.col("part") == TEST).min()
        after_train = pl.col("clock").filter(pl.col("part") != TRAIN).min()
        near = ((pl.col("part") == VALID) & (test - pl.col("clock") < gap)) | (
            (pl.col("part") == TRAIN) & (after_train - pl.col("clock") < gap)
        )
        return rows.select(part=pl.when(near.fill_null(False)).then(None).otherwise("part")).to_series()


def _unordered() -> Problem:
    hint = "Set data.time to the column that orders the rows, or choose another split."
    return Problem("a split by time needs to know the time of a row.", ("data", "time"), hint=hint)
