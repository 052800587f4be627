"""Hashes of rows, to find out whether two rows may be alike: few are held in memory, many in a file without a name."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

HELD, TOGETHER = 1_000_000, 3_000_000
"""Hashes, of 8 bytes each, that wait for the file, and that are compared at once, about."""
_PASSES = 32  # over the file at most; of very many hashes more are compared at once


class Marks:
    """The hashes of some rows; the file, if there is one, is gone when this is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[NDArray[np.uint64]] = []
        self._count = self._written = 0
        self._file: FileIO | None = None
        self._room = True

    def take(self, marks: pl.Series) -> pl.Series:
        """Add some, from any thread; they are given back, as polars asks for.

        marks: unsigned integers of 64 bits; null where there is nothing to compare.
        """
        there = marks.drop_nulls()
        if there.is_empty():
            return marks
        with self._lock:
            self._held.append(there.to_numpy())
            self._count += there.len()
            if self._room and self._count - self._written > HELD:
                self._spill()
        return marks

    def repeated(self) -> pl.Series:
        """Those that are there more than once, each once."""
        import numpy as np
        import polars as pl

        parts = min(max(1, -(-self._count // TOGETHER)), _PASSES)
        ends = [np.uint64((place << 64) // parts - 1) for place in range(1, parts + 1)]
        found = [pl.Series(dtype=pl.UInt64)]
        for i, end in enumerate(ends):  # by their size, so that those that are alike are in the same part
            part = [it if parts == 1 else _between(it, ends[i - 1] if i else None, end) for it in self._all()]
            found.append(_repeated(part))
        return pl.concat(found)

    def _spill(self) -> None:
        """Make room; where the disk has none they stay in memory."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
                weakref.finalize(self, self._file.close)
            self._file.seek(8 * self._written)
            for marks in self._held:
                left = marks.data.cast("B")
                while left:
                    left = left[self._file.write(left) :]
        except OSError:
            self._room = False
            if self._file is not None:
                with suppress(OSError):
                    self._file.truncate(8 * self._written)
        else:
            self._held, self._written = [], self._count

    def _all(self) -> Iterator[NDArray[np.uint64]]:
        import numpy as np

        if self._file is not None:
            for start in range(0, self._written, HELD):
                marks = np.empty(min(HELD, self._written - start), dtype=np.uint64)
                self._file.seek(8 * start)
                left = marks.data.cast("B")
                while left and (read := self._file.readinto(left)):
                    left = left[read:]
                yield marks
        yield from self._held


def _between(marks: NDArray[np.uint64], after: np.uint64 | None, last: np.uint64) -> NDArray[np.uint64]:
    """Those up to a number, and after another if there is one."""
    return marks[marks <= last] if after is None else marks[(marks > after) & (marks <= last)]


def _repeated(parts: list[NDArray[np.uint64]]) -> pl.Series:
    import polars as pl

    ordered = (
        pl.concat([pl.Series(part, dtype=pl.UInt64) for part in parts]).sort() if parts else pl.Series(dtype=pl.UInt64)
    )
    return ordered.filter(ordered == ordered.shift()).unique()
