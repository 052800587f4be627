"""Rows of one process on their way to Parquet: appended to an open file as they come, sealed into a segment now and then.

What a killed process leaves is sealed by the next one that opens the folder. Counters that live in a mapped file, and so
survive the kill of a process, tell how many rows had been answered: what is missing is told, never silent.

    requests/20261125T065312Z-4711-a1b2c3-000001.parquet    a sealed segment
    requests/open/20261125T065312Z-4711-a1b2c3.count        its process lives, or was killed
    requests/open/20261125T065312Z-4711-a1b2c3-000002.rows  what is not sealed yet
"""

from __future__ import annotations

import datetime as dt
import errno
import io
import mmap
import os
import secrets
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from .. import files

if TYPE_CHECKING:
    import polars as pl

OPEN = "open"
"""The folder, within that of the segments, of what is not sealed yet."""
MISSING, DROPPED = "overture.missing", "overture.dropped"
"""Keys of a segment's metadata: rows that a kill lost, and rows that its process dropped up to then."""
_FRAME = struct.Struct("<II")  # length and CRC-32 of a batch
_COUNTS = struct.Struct("=QQQQQ")  # answered, dropped by the queue, dropped by the disk, sealed, number of the segment
_PUT = struct.Struct("=QQ")
_WRITTEN = struct.Struct("=QQQ")


Content = bytes | memoryview
Make = Callable[[Path, Path, int, int, int], None]
"""Makes a segment, as `segment`."""


class Counts:
    """Numbers that outlive the process: who puts rows writes the first two, who writes them the rest."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when the file cannot be written."""
        self.path = path
        with path.open("w+b") as file:
            file.write(bytes(_COUNTS.size))  # a mapped page that the disk has no room for would kill the process
            file.flush()
            os.fsync(file.fileno())
            self._map = mmap.mmap(file.fileno(), _COUNTS.size)
        self._put = memoryview(self._map)[: _PUT.size].cast("Q")

    def put(self, answered: int, dropped: int) -> None:
        """So many rows were answered so far, and so many of them found the queue full."""
        self._put[0], self._put[1] = answered, dropped

    def written(self, failed: int, sealed: int, number: int) -> None:
        """So many rows the disk refused so far, so many are in sealed segments, and this segment is filled now."""
        _WRITTEN.pack_into(self._map, _PUT.size, failed, sealed, number)

    def close(self) -> None:
        """Nothing is left to count."""
        self._put.release()
        self._map.close()
        self.path.unlink(missing_ok=True)


class Spool:
    """The open file of one process. Every method may raise OSError; what was appended before stays."""

    def __init__(self, folder: Path) -> None:
        (folder / OPEN).mkdir(parents=True, exist_ok=True)
        now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        self.folder, self.stem = folder, f"{now}-{os.getpid()}-{secrets.token_hex(3)}"
        self._lock = FileLock(folder / OPEN / f"{self.stem}.lock", thread_local=False)
        self._lock.acquire(timeout=0)
        self.number, self.rows, self.size, self.sealed, self.begun = 1, 0, 0, 0, 0.0
        try:
            self.counts = Counts(folder / OPEN / f"{self.stem}.count")
            self.counts.written(0, 0, 1)
        except BaseException:
            self._unlock()
            raise

    def append(self, rows: int, content: Content) -> None:
        """Hand rows, `encoded`, to the system, all or none; they outlive a kill of the process."""
        append(self.path, self.size, content)
        self.appended(rows, len(content))

    def appended(self, rows: int, length: int) -> None:
        """So many rows in so many bytes were appended to `path` by somebody else, after the first `size` bytes."""
        self.begun = self.begun or time.monotonic()
        self.rows += rows
        self.size += length

    def seal(self, dropped: int, failed: int, make: Make | None = None) -> None:
        """Make a segment of what was appended.

        dropped, failed: rows that the process dropped, and that the disk refused. make: who makes it; None: this process.
        """
        if not self.rows and not dropped:
            return
        (make or segment)(self.path, _name(self.folder, self.stem, self.number), self.size, self.rows, dropped)
        self.path.unlink(missing_ok=True)
        self.sealed += self.rows
        self.number, self.rows, self.size, self.begun = self.number + 1, 0, 0, 0.0
        self.counts.written(failed, self.sealed, self.number)

    def close(self) -> None:
        """Everything is sealed."""
        self.counts.close()
        self._unlock()

    @property
    def held(self) -> int | None:
        """The file of the lock: a process that inherits it holds the lock, too, as long as it lives."""
        context = getattr(self._lock, "_context", None)
        return getattr(context, "lock_file_fd", None)

    @property
    def path(self) -> Path:
        """The file that is appended to now."""
        return _spool(self.folder, self.stem, self.number)

    def _unlock(self) -> None:
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)


def encoded(frame: pl.DataFrame) -> Content:
    """Rows as they are appended."""
    buffer = io.BytesIO()
    buffer.write(bytes(_FRAME.size))
    frame.write_ipc_stream(buffer, compression="uncompressed")
    content = buffer.getbuffer()
    rest = content[_FRAME.size :]
    _FRAME.pack_into(content, 0, len(rest), zlib.crc32(rest))
    return content


def append(path: Path, size: int, content: Content) -> None:
    """Write after the first `size` bytes of a file, all or nothing; raises OSError when it cannot."""
    new = 0 if size else os.O_CREAT  # what is gone was recovered by another process
    with os.fdopen(os.open(path, os.O_RDWR | new, 0o640), "r+b", buffering=0) as file:
        file.truncate(size)  # half of a batch that the disk refused
        file.seek(size)
        if file.write(content) < len(content):
            raise OSError(errno.ENOSPC, "the disk is full", str(path))


def segment(source: Path, target: Path, size: int, rows: int, dropped: int) -> None:
    """Make a segment of the first `size` bytes of what was appended to a file, which held so many rows.

    Raises OSError when the file is gone, or the segment cannot be written.
    """
    if rows and not source.exists():
        raise FileNotFoundError(errno.ENOENT, "what was appended is gone", str(source))
    frames = list(_batches(source, size))
    missing = rows - sum(frame.height for frame in frames)
    _segment(target, frames, dropped=dropped, missing=missing)


def recover(folder: Path) -> int:
    """Seal what killed processes left, and give the number of rows that they had answered and not written."""
    missing = 0
    for path in sorted((folder / OPEN).glob("*.count")):
        lock = FileLock(path.with_suffix(".lock"), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:  # its process lives
            continue
        try:
            missing += _recovered(folder, path)
        finally:
            lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)
    return missing


def _recovered(folder: Path, path: Path) -> int:
    import polars as pl

    try:
        answered, dropped, failed, sealed, number = _COUNTS.unpack(path.read_bytes())
    except FileNotFoundError:  # somebody else sealed it
        return 0
    except struct.error:  # killed before it counted anything
        path.unlink()
        return 0
    target, spool = _name(folder, path.stem, number), _spool(folder, path.stem, number)
    frames = list(_batches(spool))
    rows = sum(frame.height for frame in frames)
    if target.exists():  # killed between sealing and saying so
        frames, rows = [], int(pl.scan_parquet(target).select(pl.len()).collect().item())
        target = _name(folder, path.stem, number + 1)
    missing: int = max(0, answered - dropped - failed - sealed - rows)
    if (frames or missing or dropped or failed) and not target.exists():
        _segment(target, frames, dropped=dropped + failed, missing=missing)
    spool.unlink(missing_ok=True)
    path.unlink()
    return missing


def retain(folder: Path, days: float, size: int) -> None:
    """Delete segments older than some days, then the oldest until those left take at most `size` bytes."""
    found = sorted((state.st_mtime, state.st_size, path) for path, state in _states(folder))
    total = sum(length for _, length, _ in found)
    for written, length, path in found:
        if total > size or time.time() - written > days * 86_400:
            path.unlink(missing_ok=True)
            total -= length
    for path in folder.glob(f"{files.TEMPORARY}*"):
        if time.time() - path.stat().st_mtime > files.STALE:
            path.unlink(missing_ok=True)


def frames(folder: Path) -> Iterator[pl.DataFrame]:
    """Everything logged so far, sealed or not, segment by segment."""
    import polars as pl

    unsealed = {path.stem: list(_batches(path)) for path in sorted((folder / OPEN).glob("*.rows"))}
    sealed = sorted(folder.glob("*.parquet"))
    for path in sealed:
        yield pl.read_parquet(path)
    known = {path.stem for path in sealed}
    for stem, batches in unsealed.items():
        if stem not in known:
            yield from batches


def _states(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.glob("*.parquet"):
        try:
            yield path, path.stat()
        except FileNotFoundError:  # another process deleted it
            continue


def _batches(path: Path, size: int | None = None) -> Iterator[pl.DataFrame]:
    """The batches that reached the disk whole, of the first `size` bytes; None: of all."""
    import polars as pl

    try:
        content = path.read_bytes()[:size]
    except FileNotFoundError:
        return
    place = 0
    while place + _FRAME.size <= len(content):
        length, checksum = _FRAME.unpack_from(content, place)
        batch = content[place + _FRAME.size : place + _FRAME.size + length]
        if not length or len(batch) < length or zlib.crc32(batch) != checksum:
            return
        yield pl.read_ipc_stream(io.BytesIO(batch))
        place += _FRAME.size + length


def _segment(path: Path, frames: list[pl.DataFrame], **told: int) -> None:
    import polars as pl

    buffer = io.BytesIO()
    keys: dict[str, Any] = {"dropped": DROPPED, "missing": MISSING}
    metadata = {keys[word]: str(number) for word, number in told.items()}
    frame = pl.concat(frames) if frames else pl.DataFrame({"id": []}, schema={"id": pl.String()})
    frame.write_parquet(buffer, compression="zstd", compression_level=1, metadata=metadata)  # higher ones save nothing
    files.write(path, buffer.getvalue())


def _name(folder: Path, stem: str, number: int) -> Path:
    return folder / f"{stem}-{number:06}.parquet"


def _spool(folder: Path, stem: str, number: int) -> Path:
    return folder / OPEN / f"{stem}-{number:06}.rows"
