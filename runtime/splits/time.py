"""The latest rows are the test, the ones before them validate, and training sees only the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..data.span import Span, seconds
from ..errors import Mistake, Problem
from ..splitting import CARVED, TEST, TRAIN, VALID, Split

if TYPE_CHECKING:
    import polars as pl

    from ..data.dataset import Dataset
    from ..schema import Schema


class Time(Split):
    """Rows in the order of data.time; those of one moment stay together, in the later part.

    Folds follow each other too: each is judged by what was learned from the rows before it.
    """

    kind: Literal["time"] = "time"
    column: str | None = None
    """The column that orders the rows; it is data.time."""
    gap: Span | None = None
    """How long before a part the one before it ends, for example 7d (w, d, h, m, s), or a number where moments are numbers.
    Rows in between are in no part. null: they follow each other at once."""
    series: str | None = None
    """The column that says what a row is about, as a shop or a sensor: the last value of each is a baseline that a model has to beat.
    null: the key, where it occurs again and again; else the last value of all."""

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

    def fold(self, frame: pl.DataFrame, schema: Schema, part: pl.Series) -> pl.Series:
        """The fold of each row: the rows before the test in blocks of about equal size, the first of which is only learned from.

        Rows of one moment are in one fold, the later one; rows less than the gap before the test are in none.
        """
        import numpy as np
        import polars as pl

        clock = self._clock(frame[str(schema.time)])
        early = (part != TEST).fill_null(True)
        if self.gap is not None and (test := clock.filter(part == TEST).min()) is not None:
            early &= test - clock >= self._length
        later = clock.filter(early).rank("min", descending=True).to_numpy() - 0.5
        block = (1 - later / max(later.size, 1)) * ((self.folds or 1) + 1)
        number = np.zeros(frame.height, np.int32)
        number[early.to_numpy()] = block.astype(np.int32)
        return pl.DataFrame({"early": early, "fold": number}).select(pl.when("early").then("fold")).to_series()

    def precedes(self, number: int, fold: pl.Series, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """Which rows are learned from while the rows of a fold are held out: those before it, and before the gap."""
        clock = self._clock(frame[str(schema.time)])
        start = clock.filter((fold == number).fill_null(False)).min()
        past = (fold < number).fill_null(False)
        return past if self.gap is None or start is None else past & (start - clock >= self._length)

    def aside(self, frame: pl.DataFrame, schema: Schema, seed: int) -> pl.Series:
        """The latest rows."""
        return Time(column=self.column, gap=self.gap, test=CARVED, valid=0.0).assign(frame, schema)

    def _apart(self, part: pl.Series, times: pl.Series) -> pl.Series:
        """The parts without the rows that are less than the gap before the next one."""
        import polars as pl

        rows = pl.DataFrame({"part": part, "clock": self._clock(times)})
        test = pl.col("clock").filter(pl.col("part") == TEST).min()
        after_train = pl.col("clock").filter(pl.col("part") != TRAIN).min()
        near = ((pl.col("part") == VALID) & (test - pl.col("clock") < self._length)) | (
            (pl.col("part") == TRAIN) & (after_train - pl.col("clock") < self._length)
        )
        return rows.select(part=pl.when(near.fill_null(False)).then(None).otherwise("part")).to_series()

    def _clock(self, times: pl.Series) -> pl.Series:
        """Moments as numbers in which the gap can be measured: microseconds, or what they are."""
        import polars as pl

        return times.cast(pl.Datetime("us")).cast(pl.Int64) if times.dtype.is_temporal() else times

    @property
    def _length(self) -> float:
        """The gap in the unit of the clock."""
        length = seconds(self.gap)
        return length * 1_000_000 if length is not None else float(self.gap or 0)


def _unordered() -> Problem:
    hint = "Set data.time to the column that orders the rows, or choose another split."
    return Problem("a split by time needs to know the time of a row.", ("data", "time"), hint=hint)
