"""Hashes of rows, to find out whether two rows may be alike: few are held in memory, many in a file without a name."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

HELD, TOGETHER = 1_000_000, 3_000_000
"""Hashes, of 8 bytes each, that wait for the file, and that are compared at once, about."""


class Marks:
    """The hashes of some rows; the file, if there is one, is gone when this is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[NDArray[np.uint64]] = []
        self._count = self._written = 0
        self._file: IO[bytes] | None = None
        self._room = True

    def take(self, marks: pl.Series) -> pl.Series:
        """Add some, from any thread; they are given back, as polars asks for.

        marks: unsigned integers of 64 bits, none of them null.
        """
        if marks.is_empty():
            return marks
        with self._lock:
            self._held.append(marks.to_numpy())
            self._count += marks.len()
            if self._room and self._count - self._written > HELD:
                self._spill()
        return marks

    def repeat(self) -> bool:
        """Is any there twice?"""
        import numpy as np

        parts = max(1, -(-self._count // TOGETHER))
        ends = [np.uint64((place << 64) // parts - 1) for place in range(1, parts + 1)]
        for i, end in enumerate(ends):  # by their size, so that those that are alike are in the same part
            found = [it if parts == 1 else _between(it, ends[i - 1] if i else None, end) for it in self._all()]
            if found and _twice(found):
                return True
        return False

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
        else:
            self._held, self._written = [], self._count

    def _all(self) -> Iterator[NDArray[np.uint64]]:
        import numpy as np

        if self._file is not None:
            for start in range(0, self._written, HELD):
                self._file.seek(8 * start)
                yield np.frombuffer(self._file.read(8 * min(HELD, self._written - start)), dtype=np.uint64)
        yield from self._held


def _between(marks: NDArray[np.uint64], after: np.uint64 | None, last: np.uint64) -> NDArray[np.uint64]:
    """Those up to a number, and after another if there is one."""
    return marks[marks <= last] if after is None else marks[(marks > after) & (marks <= last)]


def _twice(parts: list[NDArray[np.uint64]]) -> bool:
    import polars as pl

    ordered = pl.concat([pl.Series(part, dtype=pl.UInt64) for part in parts]).sort()
    return bool((ordered.head(-1) == ordered.slice(1)).any())
