"""The request log: every answered row in Parquet, written by a thread of its own; no answer waits for the disk.

from overture.runtime.serving.request_log import read
read("log")  # id, time, model, route, inputs, outputs, warnings
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..targets import Log
from . import logged, spool
from .logged import Answered, Hiding, Keep, Layout
from .scribe import Scribe
from .waiting import Waiting, counted, joined

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema
    from .reply import Answering

log = logging.getLogger("bentoml.serve")
REQUESTS = "requests"
"""The folder of the answered rows within that of the log."""
PAUSE = 0.25
"""Seconds between two looks at the queue: what a kill may cost, and what is counted then as missing."""
MANY, MOST = 8, 64
"""Packs in a PAUSE from which on it is worth a process of its own to lay them out, and packs that are laid out at once."""
SEAL_SECONDS, SEAL_ROWS, SEAL_BYTES = 300, 50_000, 16 << 20
"""A segment is sealed when it is so old or so large: it is in memory then."""

Told = tuple[Any, Sequence[Any], Mapping[int, list[str]], Sequence[Mapping[str, Any]]]
PREDICTED: ContextVar[list[Told] | None] = ContextVar("PREDICTED", default=None)
"""Where a Predictor leaves the rows, ids, warnings and answers of the request that it is asked for."""


class Tally(Protocol):
    """What is told of the log, for GET /metrics."""

    def logged(self, rows: int) -> None:
        """So many rows were written."""

    def unlogged(self, reason: str, rows: int) -> None:
        """So many rows are not in the log: queue, disk or killed."""


class Untold:
    """A tally for where metrics are off."""

    def logged(self, rows: int) -> None:
        """Nothing is told."""

    def unlogged(self, reason: str, rows: int) -> None:
        """Nothing is told."""

    def shadowed(self, outcome: str, rows: int) -> None:
        """Nothing is told."""


class RequestLog:
    """The log of one process."""

    def __init__(self, folder: Path, layout: Layout, settings: Log, tally: Tally) -> None:
        self._folder, self._layout, self._settings, self._tally = folder, layout, settings, tally
        self._waiting, self._scribe = Waiting(layout.schema), Scribe(layout)
        self._answered = self._taken = self._overflown = self._told_overflown = self._failed = 0
        self._spool: spool.Spool | None = None
        self._troubled = False
        self._next_seal = self._next_try = 0.0
        self._recover_again = math.inf
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)

    def start(self) -> None:
        """Open the folder, as far as that is possible, and write from now on."""
        try:
            self._open()
        except Exception as error:
            self._trouble(error)
        self._thread.start()

    def put(self, answered: Answered) -> None:
        """Keep the rows of a request that is about to be answered; called in one thread alone, never waits."""
        count = len(answered.ids)
        self._answered += count
        if self._answered - self._overflown - self._taken > self._settings.queue:
            self._overflown += count
        else:
            self._waiting.add(answered, count)
        if self._spool is not None:
            self._spool.counts.put(self._answered, self._overflown)

    def identify(self, id: str) -> str | None:
        """The id under which a row is kept that was answered under this one; None: the log keeps no keys."""
        return self._layout.identify(id)

    def close(self) -> None:
        """Write everything that was put."""
        self._stop.set()
        self._thread.join()
        self._scribe.close()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            self._turn()
        self._turn(last=True)

    def _turn(self, last: bool = False) -> None:
        """Write what is waiting; whatever goes wrong, the service answers on."""
        try:
            if self._spool is None and (last or time.monotonic() >= self._next_try):
                self._open()
            elif time.monotonic() >= self._recover_again:
                self._recover()
        except Exception as error:
            self._trouble(error)
        packs, others = self._waiting.take()
        for start in range(0, len(packs), MOST):
            some = packs[start : start + MOST]
            append = partial(self._append_packed, joined([packed for _, packed in some]), len(packs) >= MANY)
            self._write(sum(rows for rows, _ in some), append)
        for requests in others:
            self._write(counted(requests), partial(self._append, requests))
        self._scribe.rest()
        self._tell_overflown()
        try:
            self._seal(last)
        except Exception as error:
            self._trouble(error)

    def _open(self) -> None:
        self._next_try = time.monotonic() + 5
        self._folder.mkdir(parents=True, exist_ok=True)
        ignored(self._folder.parent)
        opened = spool.Spool(self._folder)
        opened.counts.put(self._answered, self._overflown)
        self._spool = opened
        self._say()
        self._recover()
        # the scribe of a killed process holds its lock until it has seen that
        self._recover_again = time.monotonic() + 10

    def _recover(self) -> None:
        self._recover_again = math.inf
        missing = spool.recover(self._folder)
        if missing:
            self._tally.unlogged("killed", missing)
            log.warning("request log: a process was killed with up to %d answered rows that the log has not", missing)

    def _append_packed(self, whole: bytes, many: bool, to: spool.Spool) -> None:
        if not (many and self._scribe.append(to, whole)):
            self._append(self._waiting.packing.unpack(whole), to)

    def _append(self, requests: list[Answered], to: spool.Spool) -> None:
        frame = self._layout.frame(requests)
        to.append(frame.height, spool.encoded(frame))

    def _write(self, rows: int, append: Callable[[spool.Spool], None]) -> None:
        try:
            if self._spool is None:
                raise OSError(f"{self._folder} cannot be written")
            append(self._spool)
        except Exception as error:
            self._failed += rows
            self._tally.unlogged("disk", rows)
            self._trouble(error)
            self._say()
        else:
            self._tally.logged(rows)
            if self._troubled:
                self._troubled = False
                log.warning("request log: it is written again; %d rows are not in it so far", self._failed)
        self._taken += rows

    def _seal(self, last: bool) -> None:
        opened = self._spool
        if opened is None:
            return
        old = opened.begun and time.monotonic() - opened.begun > SEAL_SECONDS
        if last or ((old or opened.rows >= SEAL_ROWS or opened.size >= SEAL_BYTES) and self._due()):
            opened.seal(self._overflown + self._failed, self._failed, self._scribe.seal)
            self._say()
            spool.retain(self._folder, self._settings.keep_days, self._settings.keep_bytes)
        if last:
            self._spool = None
            opened.close()

    def _due(self) -> bool:
        """Is it time to try? After a disk refused a segment, it is left alone for a while."""
        now = time.monotonic()
        due, self._next_seal = now >= self._next_seal, max(self._next_seal, now + 5)
        return due

    def _say(self) -> None:
        if self._spool is not None:
            self._spool.counts.written(self._failed, self._spool.sealed, self._spool.number)

    def _tell_overflown(self) -> None:
        new = self._overflown - self._told_overflown
        if new:
            self._told_overflown += new
            self._tally.unlogged("queue", new)
            log.warning("request log: %d rows more than its queue holds were dropped", new)

    def _trouble(self, error: Exception) -> None:
        if not self._troubled:
            self._troubled = True
            log.error("request log: rows are not being kept, answers go on: %s", error)


def ignored(folder: Path) -> None:
    """Keep a folder out of git, by a file in it."""
    rule = folder / ".gitignore"
    if not rule.exists():
        rule.write_text("*\n")


def watch(keep: Keep, path: str, answer: Answering) -> None:
    """Keep what is predicted for a request when it is answered; what is given up is not."""
    told: list[Told] = []
    PREDICTED.set(told)

    def before() -> None:
        for rows, ids, warnings, found in told:
            said = list(map(logged.found, found))
            keep(Answered(time.time_ns(), path, answer.request_id, ids, rows, warnings, said))

    answer.before = before


def open_log(settings: Log, root: Path, schema: Schema, model: str, tally: Tally, part: str = REQUESTS) -> RequestLog:
    """The log of a service, started. root: what a relative folder is relative to. part: which log of that folder."""
    secret = os.environ.get(settings.hash_key, "").encode()
    personal = {name for name, column in schema.features.items() if column.personal}
    if schema.key is not None and schema.key_column is not None and schema.key_column.personal:
        personal.add(schema.key)
    asked = (personal | set(settings.hash)) - set(settings.exclude)
    if asked and not secret:
        names = ", ".join(sorted(asked))
        log.warning("request log: without the variable %s it leaves out %s", settings.hash_key, names)
    excluded = frozenset(settings.exclude) | (frozenset() if secret else asked)
    layout = Layout(schema, model, Hiding(excluded, frozenset(asked - excluded), secret))
    made = RequestLog(root / settings.folder / part, layout, settings, tally)
    made.start()
    return made


def read(folder: str | Path, part: str = REQUESTS) -> pl.DataFrame:
    """Every row that a log holds, of all processes, in the order of time; what is not sealed yet too.

    part: "requests", what was answered; or "shadow", what a challenger said of the same rows.
    inputs are of the contract's types: read(folder)["inputs"].struct.unnest().
    """
    import polars as pl

    found = [frame for frame in spool.frames(Path(folder) / part) if frame.height]
    return pl.concat(found, how="diagonal_relaxed").sort("time") if found else pl.DataFrame()
