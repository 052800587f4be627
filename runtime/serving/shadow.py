"""A challenger that predicts what callers ask, into a log of its own; nobody is answered by it and no answer waits for it.

from overture.runtime.serving.shadow import compared
compared("log")  # the answered rows, each with what the challenger would have answered
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from . import logged, request_log
from .answering import Answerer
from .challenge import Again, in_order
from .decoding import Decoded
from .logged import Answered

if TYPE_CHECKING:
    import polars as pl

    from ..targets import Log
    from .challenge import Challenge
    from .predictor import Predictor
    from .request_log import RequestLog

log = logging.getLogger("bentoml.serve")
SHADOW = "shadow"
"""The folder of the challenger's predictions within that of the log."""
_ROUTE = "/predict"
_TOGETHER = 1024  # rows that one call of the challenger is given
_POLITE = 10  # how much less the challenger's thread is worth to the system than those that answer
_PATIENCE = 10.0  # seconds that a service which stops waits for it


class Tally(Protocol):
    """What is told of the shadow, for GET /metrics."""

    def shadowed(self, outcome: str, rows: int) -> None:
        """So many rows were predicted, dropped or failed."""


def shadowing(predictor: Predictor, kept: RequestLog, settings: Log, tally: Tally) -> RequestLog | Shadow:
    """The log of a service; where a shadow is tried, one that has it predict, too."""
    challenge = predictor.challenge
    if challenge is None or challenge.share:
        return kept
    challenger = challenge.challenger
    root, schema = challenger.hooks.root, challenger.model.schema
    beside = request_log.open_log(settings, root, schema, challenger.version, request_log.Untold(), SHADOW)
    return Shadow(challenge, predictor, kept, beside, settings.queue, tally)


class Sent(tuple[Any, ...]):
    """A row as the model in production saw it, which also knows how it was sent."""

    raw: tuple[Any, ...]


class Watched(Answerer):
    """Answers as an Answerer does; its rows remember the labels that the model in production has not learned."""

    def known(self, decoded: Decoded) -> tuple[list[tuple[Any, ...]], dict[int, list[str]]]:
        """As an Answerer."""
        sent = list(decoded.rows)
        rows, warnings = super().known(decoded)
        for place in warnings:
            row = Sent(rows[place])
            row.raw = sent[place]
            rows[place] = row
        return rows, warnings


class Shadow:
    """A request log that also has a challenger predict what was answered.

    kept: the log of what was answered. beside: the log of what the challenger says. queue: rows that may wait for it.
    """

    def __init__(
        self, challenge: Challenge, champion: Predictor, kept: RequestLog, beside: RequestLog, queue: int, tally: Tally
    ) -> None:
        self._challenge, self._kept, self._beside, self._queue, self._tally = challenge, kept, beside, queue, tally
        self._answerer = Answerer(challenge.challenger)
        self._order = in_order(champion, challenge.challenger)
        self._waiting: deque[Answered] = deque()
        self._put = self._taken = self._dropped = self._told = 0
        self._ready, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def put(self, answered: Answered) -> None:
        """As RequestLog.put: never waits."""
        self._kept.put(answered)
        if answered.route != _ROUTE:
            return
        count = len(answered.ids)
        if self._put - self._taken + count > self._queue:
            self._dropped += count
            return
        self._put += count
        self._waiting.append(answered)
        self._ready.set()

    def identify(self, id: str) -> str | None:
        """As RequestLog.identify."""
        return self._kept.identify(id)

    def close(self) -> None:
        """Let the challenger see what is waiting, as long as patience lasts, and write both logs."""
        self._stop.set()
        self._ready.set()
        self._thread.join(_PATIENCE)
        self._beside.close()
        self._kept.close()

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # only where threads have a priority
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _POLITE)
        while True:
            self._ready.wait()
            self._ready.clear()
            while self._waiting:
                self._predict(self._batch())
            self._tell()
            if self._stop.is_set() and not self._waiting:
                return

    def _batch(self) -> list[Answered]:
        """Requests that one call may serve."""
        batch = [self._waiting.popleft()]
        rows = len(batch[0].ids)
        while self._waiting and self._answerer.together and not _apart(batch[0]) and not _apart(self._waiting[0]):
            rows += len(self._waiting[0].ids)
            if rows > _TOGETHER:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _predict(self, batch: list[Answered]) -> None:
        rows = sum(len(item.ids) for item in batch)
        try:
            for item in self._answers(batch):
                self._beside.put(item)
            self._tally.shadowed("predicted", rows)
        except Exception as error:
            self._tally.shadowed("failed", rows)
            self._challenge.fails(error)
        self._taken += rows

    def _answers(self, batch: list[Answered]) -> list[Answered]:
        """The same requests, as the challenger sees and answers them."""
        if isinstance(batch[0].rows, Again):
            given = batch[0].rows.asked()
            said = [logged.found(answer) for answer in self._challenge.challenger.predictions(given.frame)]
            return [batch[0]._replace(rows=given.frame, warnings=given.warnings, found=said)]
        known = []
        for item in batch:
            sent = [self._order(getattr(row, "raw", row)) for row in item.rows]
            known.append(self._answerer.known(Decoded(sent, item.ids)))
        found = self._answerer.predict([row for rows, _ in known for row in rows])
        made, start = [], 0
        for item, (rows, warnings) in zip(batch, known, strict=True):
            made.append(item._replace(rows=rows, warnings=warnings, found=found[start : start + len(rows)]))
            start += len(rows)
        return made

    def _tell(self) -> None:
        new = self._dropped - self._told
        if new:
            self._told += new
            self._tally.shadowed("dropped", new)
            log.warning("shadow: %d rows were not shown to the challenger, which is slower than callers ask", new)


def _apart(item: Answered) -> bool:
    return isinstance(item.rows, Again)


def compared(folder: str | Path) -> pl.DataFrame:
    """The rows that production answered and the challenger predicted, too: the request log, with `challenger`, its name,
    and `challenger_outputs`."""
    answered, beside = request_log.read(folder), request_log.read(folder, SHADOW)
    if answered.is_empty() or beside.is_empty():
        return answered.clear()
    theirs = beside.select("id", "time", challenger="model", challenger_outputs="outputs")
    return answered.filter(route=_ROUTE).join(theirs, on=["id", "time"], maintain_order="left")
