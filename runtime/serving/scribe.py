"""A process that lays out and seals rows of the request log while they come fast: those who answer have the interpreter to themselves.

It keeps nothing: the log, which counts, tells it what to append where. Without it, or while it starts, or when it fails, the
log does the same itself.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .logged import Layout, Packing
from .spool import append, encoded, segment

log = logging.getLogger("bentoml.serve")
IDLE = 60.0
"""Seconds without work after which the process ends."""
PATIENCE = 10.0
"""Seconds that a batch may take; then the process is given up."""
AGAIN = 30.0
"""Seconds until another is tried after one that failed."""
_HEAD = struct.Struct("<II")  # bytes that say what is asked, and bytes that belong to it
_DONE = struct.Struct("<II")  # of Appended
_SEALED = 1  # the length that says that a segment was made


class Appended(NamedTuple):
    """What was appended to a spool."""

    rows: int
    length: int
    """In bytes."""


class Scribe:
    """The process, as the log sees it; called in one thread alone."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = self._told = False
        self._used = self._next_try = 0.0

    def append(self, path: Path, size: int, whole: bytes) -> Appended | None:
        """Append the rows of packed requests, `joined`, as `spool.append`; None: somebody else has to do it."""
        self._used = time.monotonic()
        if self._process is None:
            self._start()
        found = self._asked({"append": str(path), "size": size}, whole)
        return found if found is not None and found.rows else None

    def seal(self, source: Path, target: Path, rows: int, dropped: int) -> None:
        """Make a segment, as `spool.segment`; here, where the process does not run or cannot."""
        what = {"seal": str(source), "target": str(target), "rows": rows, "dropped": dropped}
        if self._asked(what) != Appended(rows, _SEALED):
            segment(source, target, rows, dropped)

    def rest(self) -> None:
        """End the process if nothing was asked of it for a while."""
        if self._process is not None and time.monotonic() - self._used > IDLE:
            self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process, self._ready = self._process, None, False
        if process is not None:
            process.kill()  # it keeps nothing
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def _start(self) -> None:
        if time.monotonic() < self._next_try:
            return
        words = [sys.executable, "-P", "-m", __name__]
        variables = {**os.environ, "POLARS_MAX_THREADS": "1"}
        try:
            process = subprocess.Popen(words, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
            self._process = process
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
            _widen(process)
            _send(process, self._layout.told())
        except OSError as error:
            self._give_up(error)

    def _asked(self, what: Mapping[str, Any], content: bytes = b"") -> Appended | None:
        """What the process has done; None: it does not run or is not ready, or failed and has ended."""
        process = self._process
        if process is None:
            return None
        try:
            if not self._is_ready(process):
                return None
            _send(process, what, content)
            return _received(process)
        except (OSError, EOFError) as error:
            self._give_up(error)
            return None

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.stdout is not None
        if not self._ready and _open(process.stdout.fileno(), selectors.EVENT_READ, 0):
            _received(process)
            self._ready = True
        return self._ready

    def _give_up(self, error: Exception) -> None:
        self.close()
        self._next_try = time.monotonic() + AGAIN
        if not self._told:
            self._told = True
            log.warning("request log: the process that lays out its rows ended, the server does it itself: %r", error)


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Let the pipe hold a whole batch, where the system has a word for that: each part would wake up both sides."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        assert process.stdin is not None
        fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, 1 << 20)


def _send(process: subprocess.Popen[bytes], what: Mapping[str, Any], content: bytes = b"") -> None:
    """Raises OSError when the process has gone or takes nothing."""
    assert process.stdin is not None
    into, said = process.stdin.fileno(), json.dumps(what).encode()
    for part in (_HEAD.pack(len(said), len(content)) + said, content):
        rest = memoryview(part)
        while rest:
            try:
                rest = rest[os.write(into, rest) :]
            except BlockingIOError:
                if not _open(into, selectors.EVENT_WRITE, PATIENCE):
                    raise TimeoutError("it takes nothing") from None


def _received(process: subprocess.Popen[bytes]) -> Appended:
    """What it says that it has done; raises EOFError when it has gone, OSError when it says nothing."""
    assert process.stdout is not None
    out, content = process.stdout.fileno(), b""
    while len(content) < _DONE.size:
        if not _open(out, selectors.EVENT_READ, PATIENCE):
            raise TimeoutError("it says nothing")
        part = os.read(out, _DONE.size - len(content))
        if not part:
            raise EOFError("it has gone")
        content += part
    return Appended(*_DONE.unpack(content))


def _open(pipe: int, event: int, seconds: float) -> bool:
    """Can something be read, or written, before so many seconds are over?"""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        return bool(selector.select(seconds))


def main() -> None:
    """Do what is asked on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends when it has written everything, and this with it
    source, target = sys.stdin.buffer, sys.stdout.buffer
    layout: Layout | None = None
    while head := source.read(_HEAD.size):
        length, more = _HEAD.unpack(head)
        what, content, done = json.loads(source.read(length)), source.read(more), Appended(0, 0)
        with suppress(Exception):  # the server, which then tries the same, tells it
            if layout is None:
                layout = Layout.of(what)
                packing = Packing(layout.schema)
            elif "seal" in what:
                segment(Path(what["seal"]), Path(what["target"]), what["rows"], what["dropped"])
                done = Appended(what["rows"], _SEALED)
            else:
                frame = layout.frame(packing.unpack(content))
                made = encoded(frame)
                append(Path(what["append"]), what["size"], made)
                done = Appended(frame.height, len(made))
        target.write(_DONE.pack(*done))
        target.flush()


if __name__ == "__main__":
    main()
