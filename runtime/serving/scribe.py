"""A process that lays out and seals rows of the request log while they come fast: those who answer have the interpreter to themselves.

It keeps nothing: the log, which counts, tells it what to append where. Without it, or while it starts, or when it fails, the
log does the same itself.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from .logged import Layout
from .spool import append, encoded, segment
from .waiting import Packing

if TYPE_CHECKING:
    from .spool import Spool

log = logging.getLogger("bentoml.serve")
IDLE = 60.0
"""Seconds without work after which the process ends."""
PATIENCE = 10.0
"""Seconds that a batch may take; then the process is given up."""
AGAIN = 30.0
"""Seconds until another is tried after one that failed."""
_HEAD = struct.Struct("<II")  # bytes that say what is asked, and bytes that belong to it
_DONE = struct.Struct("<II")  # of Done


class Done(NamedTuple):
    """What the process has done: no rows where it could not."""

    rows: int
    length: int
    """Of what was appended, in bytes."""


_READY, _SEALED = Done(1, 2), 1


class Scribe:
    """The process, as the log sees it; called in one thread alone."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: int | None = None
        self._ready = self._told = False
        self._used = self._next_try = 0.0

    def append(self, to: Spool, whole: bytes) -> bool:
        """Append the rows of packed requests, `joined`; False: somebody else has to do it."""
        self._used = time.monotonic()
        if self._process is None:
            self._start(to)
        done = self._asked({"append": str(to.path), "size": to.size}, whole)
        if done is None or not done.rows:
            return False
        to.appended(*done)
        return True

    def seal(self, source: Path, target: Path, size: int, rows: int, dropped: int) -> None:
        """Make a segment, as `spool.segment`; here, where the process does not run or cannot."""
        what = {"seal": str(source), "target": str(target), "size": size, "rows": rows, "dropped": dropped}
        if self._asked(what) != Done(rows, _SEALED):
            segment(source, target, size, rows, dropped)

    def rest(self) -> None:
        """End the process if nothing was asked of it for a while."""
        if self._process is not None and time.monotonic() - self._used > IDLE:
            self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process, self._ready = self._process, None, False
        answers, self._answers = self._answers, None
        if answers is not None:
            os.close(answers)
        if process is not None:
            process.kill()  # it keeps nothing
            if process.stdin is not None:
                process.stdin.close()
            process.wait()

    def _start(self, to: Spool) -> None:
        held = to.held
        if held is None or time.monotonic() < self._next_try:
            return
        words = [sys.executable, "-P", "-m", __name__]
        variables = {**os.environ, "POLARS_MAX_THREADS": "1"}
        try:
            self._answers, answers = os.pipe()
            try:
                # Where the server is killed the lock stays until this process has ended, too: nobody recovers what it writes to.
                # It has a session of its own, for the server ends it when everything is written, and not a Ctrl-C.
                process = subprocess.Popen(
                    [*words, str(answers)],
                    env=variables,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    bufsize=0,
                    pass_fds=(answers, held),
                    start_new_session=True,
                )
            finally:
                os.close(answers)
            self._process = process
            assert process.stdin is not None
            os.set_blocking(process.stdin.fileno(), False)
            _widen(process)
            _send(process, self._layout.told())
        except Exception as error:  # whatever it is, the server can do without
            self._give_up(error)

    def _asked(self, what: Mapping[str, Any], content: bytes = b"") -> Done | None:
        """What the process has done; None: it does not run or is not ready, or failed and has ended."""
        process, answers = self._process, self._answers
        if process is None or answers is None:
            return None
        try:
            if not self._ready:
                if not _open(answers, selectors.EVENT_READ, 0):
                    return None
                if _received(answers) != _READY:
                    raise OSError("it cannot read the contract")
                self._ready = True
            _send(process, what, content)
            return _received(answers)
        except Exception as error:
            self._give_up(error)
            return None

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


def _received(answers: int) -> Done:
    """What it says that it has done; raises EOFError when it has gone, OSError when it says nothing."""
    content = b""
    while len(content) < _DONE.size:
        if not _open(answers, selectors.EVENT_READ, PATIENCE):
            raise TimeoutError("it says nothing")
        part = os.read(answers, _DONE.size - len(content))
        if not part:
            raise EOFError("it has gone")
        content += part
    return Done(*_DONE.unpack(content))


def _open(pipe: int, event: int, seconds: float) -> bool:
    """Can something be read, or written, before so many seconds are over?"""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        return bool(selector.select(seconds))


def main(source: BinaryIO, answers: int) -> None:
    """Do what is asked until nothing more comes."""
    with suppress(BrokenPipeError, struct.error, ValueError):  # the server was killed
        layout = Layout.of(_next(source)[0])
        packing = Packing(layout.schema)
        os.write(answers, _DONE.pack(*_READY))
        while True:
            what, content = _next(source)
            done = Done(0, 0)
            with suppress(Exception):  # the server, which then tries the same, tells it
                done = _done(what, content, layout, packing)
            os.write(answers, _DONE.pack(*done))


def _next(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """What is asked, and what belongs to it; raises struct.error or ValueError where it ends."""
    length, more = _HEAD.unpack(source.read(_HEAD.size))
    what, content = json.loads(source.read(length)), source.read(more)
    if len(content) < more:
        raise ValueError("it ends in the middle")
    return what, content


def _done(what: dict[str, Any], content: bytes, layout: Layout, packing: Packing) -> Done:
    if "seal" in what:
        segment(Path(what["seal"]), Path(what["target"]), what["size"], what["rows"], what["dropped"])
        return Done(what["rows"], _SEALED)
    frame = layout.frame(packing.unpack(content))
    made = encoded(frame)
    append(Path(what["append"]), what["size"], made)
    return Done(frame.height, len(made))


if __name__ == "__main__":
    main(sys.stdin.buffer, int(sys.argv[1]))
