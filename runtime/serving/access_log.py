"""The access log: lines as BentoML writes them, by a thread of its own, many at once; no answer waits for who reads them."""

from __future__ import annotations

import atexit
import logging
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

PAUSE = 0.1
"""Seconds for which lines are gathered: those that a kill may cost."""
MOST = 100_000
"""Lines that may wait; more are dropped, and their number is logged."""

_LOGGER = logging.getLogger("bentoml.access")
_BY_THE_SECOND = {"asctime", "levelname", "levelname_bracketed", "name", "component", "message", "trace_msg"}
_HERE = "\0"


class Line(NamedTuple):
    """One answered request."""

    time: float
    client: tuple[str, int] | None
    scheme: str
    method: str
    path: str
    type: bytes
    length: bytes
    status: int
    answered: int
    """Bytes of the answer."""
    seconds: float


class AccessLog:
    """Writes lines to the logger bentoml.access."""

    def __init__(self, shown: Mapping[str, bool], logger: logging.Logger = _LOGGER) -> None:
        """Shown: what a line names beside path and status, by BentoML's keys."""
        told = "".join(
            f",{word}=%s"
            for word, key in (("type", "request_content_type"), ("length", "request_content_length"))
            if shown.get(key)
        )
        self._shown, self._logger = shown, logger
        self._asked = f"%s (scheme=%s,method=%s,path=%s{told})"
        self._queue: deque[Line] = deque()
        self._dropped = 0
        self._some, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def put(self, line: Line) -> None:
        """Write a line soon."""
        if len(self._queue) < MOST:
            self._queue.append(line)
        else:
            self._dropped += 1
        if not self._some.is_set():
            self._some.set()

    def write(self, line: Line) -> None:
        """Write a line now, with what the current context adds to it."""
        self._logger.handle(self._record(self._text(line), line.time))

    def enabled(self) -> bool:
        """Would a line be written?"""
        return self._logger.isEnabledFor(logging.INFO)

    def close(self) -> None:
        """Write every line that was put."""
        atexit.unregister(self.close)
        self._stop.set()
        self._some.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._some.wait()
            self._stop.wait(PAUSE)
            self._some.clear()
            self._write([self._queue.popleft() for _ in range(len(self._queue))])
        self._write(list(self._queue))

    def _write(self, lines: list[Line]) -> None:
        handlers = _plain(self._logger)
        if handlers is None:
            for line in lines:
                self.write(line)
        for second, some in groupby(lines if handlers else (), lambda line: int(line.time)):
            told = [self._text(line) for line in some]
            for handler in handlers or ():
                self._write_to(handler, second, told)
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._logger.warning("%d lines of the access log were dropped: nobody takes them fast enough", dropped)

    def _write_to(self, handler: logging.StreamHandler[Any], second: int, told: Iterable[str]) -> None:
        """Lines of one second differ in their message alone: what is around it is made once."""
        record = self._record(_HERE, second)
        handler.filter(record)
        before, _, after = handler.format(record).partition(_HERE)
        handler.acquire()
        try:
            handler.stream.write("".join([f"{before}{text}{after}{handler.terminator}" for text in told]))
            handler.flush()
        except Exception:
            handler.handleError(record)
        finally:
            handler.release()

    def _text(self, line: Line) -> str:
        address = f"{line.client[0]}:{line.client[1]}" if line.client else "_"
        words: list[Any] = [address, line.scheme, line.method, line.path]
        shown = self._shown
        if shown.get("request_content_type"):
            words.append(line.type.decode("latin-1"))
        if shown.get("request_content_length"):
            words.append(line.length.decode("latin-1"))
        told = f"status={line.status}"
        if shown.get("response_content_type"):
            told += ",type=application/json"
        if shown.get("response_content_length"):
            told += f",length={line.answered}"
        return f"{self._asked % tuple(words)} ({told}) {line.seconds * 1000:.3f}ms"

    def _record(self, text: str, moment: float) -> logging.LogRecord:
        record = self._logger.makeRecord(self._logger.name, logging.INFO, __file__, 0, "%s", (text,), None)
        record.created, record.msecs = moment, moment % 1 * 1000
        return record


def _plain(logger: logging.Logger) -> list[logging.StreamHandler[Any]] | None:
    """Where lines go, when these are streams that show whole seconds and leave no line out; None: it has to be asked for each."""
    found = list(_handlers(logger))
    return found if found and not logger.filters and all(map(_is_plain, found)) else None


def _handlers(logger: logging.Logger | None) -> Iterator[Any]:
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _is_plain(handler: logging.Handler) -> bool:
    made = handler.formatter
    return (
        type(handler) is logging.StreamHandler
        and type(made) is logging.Formatter
        and made.datefmt is not None
        and _BY_THE_SECOND.issuperset(re.findall(r"%\((\w+)\)", made._fmt or ""))
        and handler.level <= logging.INFO
        and all(type(it).__name__ == "TraceRecordFilter" for it in handler.filters)
    )
