"""A text file as a stream of UTF-8, however it is compressed and whatever its encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..errors import Mistake, Problem
from .storage import Remote
from .stores.fault import fault

CHUNK = 4 << 20  # bytes, as many as those who read it ask for, so that none is copied
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BROKEN = (OSError, EOFError, ValueError, zlib.error)  # a file of pyarrow that lost its store says that it is closed
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Utf8(io.RawIOBase):
    """The text of a file in UTF-8, chunk by chunk, without a byte order mark; gzip and zstd are known by content.

    Raises Mistake, from `read` too, when the file is damaged, not in that encoding, or no text.
    """

    def __init__(self, file: Path | Remote, encoding: str, path: tuple[str, ...] = ("path",)) -> None:
        self.file, self.encoding, self.path = file, encoding, path
        self.lines = 1
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ascii = codecs.lookup(encoding).name in ("utf-8", "ascii", "iso8859-1", "cp1252")
        self._ready = self._tail = b""
        self._started = self._ended = False
        try:
            self._file = file.open("rb")
            self._source = self._opened()
        except _BROKEN as error:
            raise (self._lost(error) if isinstance(file, Remote) else error) from None

    def readable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Close the file too."""
        self._source.close()
        self._file.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        """At most that many bytes, b"" at the end; less than zero: all that is left."""
        parts, held = [self._ready] if self._ready else [], len(self._ready)
        while not self._ended and (size < 0 or held < size):
            parts.append(self._next())
            held += len(parts[-1])
        whole = parts[0] if len(parts) == 1 else b"".join(parts)
        cut = len(whole) if size < 0 else size
        taken, self._ready = whole[:cut], whole[cut:]
        return taken

    def unread(self, text: bytes) -> None:
        """Put bytes back, to be read next."""
        self._ready = text + self._ready

    def append(self, text: bytes) -> None:
        """Have the text end with these bytes."""
        if self._ended:
            self._ready += text
        else:
            self._tail = text

    def _opened(self) -> BinaryIO:
        start = self._file.read(4)
        if start.startswith(_UTF16) and "16" not in self.encoding and "32" not in self.encoding:
            self._file.close()
            raise self._mistake("starts as UTF-16 text does.", ("encoding",), hint="Write encoding: utf-16")
        self._file.seek(0)
        if start.startswith(_GZIP):
            return cast(BinaryIO, gzip.open(self._file, "rb"))
        if start == _ZSTD:
            import pyarrow as pa

            return cast(BinaryIO, pa.CompressedInputStream(pa.PythonFile(self._file), "zstd"))
        return self._file

    def _next(self) -> bytes:
        try:
            chunk = self._source.read(CHUNK)
        except _BROKEN as error:
            raise self._lost(error) from None
        self._ended = not chunk
        data = chunk if self._plain and chunk.isascii() else self._decoded(chunk)
        nul = data.find(0)
        if nul >= 0:
            line = self.lines + data.count(b"\n", 0, nul)
            raise self._mistake(f"holds a NUL byte in line {line}: it is not plain text, or not in {self.encoding}.")
        data += self._tail if self._ended else b""
        self.lines += data.count(b"\n")
        return data

    def _decoded(self, chunk: bytes) -> bytes:
        try:
            text = self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            raise self._misread(error) from None
        if not self._started and text:
            self._started, text = True, text.removeprefix("\ufeff")
        return text.encode()

    @property
    def _plain(self) -> bool:
        """Would ASCII be decoded to itself here, as nothing is left of the chunk before?"""
        return self._started and self._ascii and self._decoder.getstate()[0] == b""

    def _misread(self, error: UnicodeDecodeError) -> Mistake:
        before = bytes(error.object[: error.start]).decode(self.encoding, "ignore")
        line = self.lines + before.count("\n")
        bad = error.object[error.start : error.start + 1].hex()
        hint = (
            "Did you mean encoding: cp1252 (Windows) or latin-1?"
            if codecs.lookup(self.encoding).name == "utf-8"
            else ""
        )
        return self._mistake(f"is not {self.encoding}: line {line} holds the byte 0x{bad}.", ("encoding",), hint=hint)

    def _lost(self, error: Exception) -> Mistake:
        if isinstance(self.file, Remote) and not isinstance(error, EOFError | gzip.BadGzipFile | zlib.error):
            return Mistake(fault(self.file.url, error, self.path))
        return self._mistake(f"is damaged: {_lower(error)}.", hint="Fetch it again, or unpack it by hand.")

    def _mistake(self, what: str, path: tuple[str, ...] = (), hint: str = "") -> Mistake:
        return Mistake([Problem(f"{self.file.name} {what}", path or self.path, hint=hint)])


def known(encoding: str) -> str:
    """An encoding that Python knows.

    Raises ValueError for another.
    """
    try:
        "".encode(encoding)
    except LookupError as error:
        raise ValueError(
            f'there is no encoding "{encoding}"; common ones are utf-8, latin-1, cp1252, utf-16'
        ) from error
    return encoding


def _lower(error: Any) -> str:
    text = str(error).strip().rstrip(".") or type(error).__name__
    return text[0].lower() + text[1:]
