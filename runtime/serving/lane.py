"""The fast lane: answers requests that keep the contract, without what BentoML does for each; the rest it leaves to BentoML."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .answering import Answerer
from .batching import Batcher
from .challenge import Divided
from .decoding import Decoder
from .guard import Receive, Scope
from .logged import Answered, Found, Keep
from .meter import Meter
from .reply import PHRASES, Answering, Message
from .trail import Trail

Rows = list[tuple[Any, ...]]
Warnings = dict[int, list[str]]
LARGE = 64 << 10
"""Bytes of a body above which it is decoded off the event loop."""


class Lane:
    """Answers POST of one path.

    seconds: until a request is given up.
    """

    def __init__(
        self, path: str, decoder: Decoder, answerer: Answerer | Divided, meter: Meter, trail: Trail, seconds: float
    ) -> None:
        self.path, self._decode, self._answerer = path, decoder, answerer
        self._meter, self._trail, self._seconds = meter, trail, seconds
        self._made: Batcher | None = None
        self.keep: Keep | None = None

    async def answer(
        self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes, receive: Receive, answer: Answering
    ) -> bool:
        """Answer a request; False: it was not accepted, or the model failed, and the plain service shall see to it."""
        large = len(body) > LARGE
        try:
            rows, ids, warnings = await self.batcher.apart(self.read, body) if large else self.read(body)
            found = self.batcher.now(rows) or await self._predicted(rows, receive, answer)
        except _Gone:
            return True
        except TimeoutError:
            await answer.error(504, PHRASES[504])
            self._trail.leave(scope, headers, 0, 504, time.perf_counter() - answer.begun)
            return True
        except Exception:
            return False
        made = self.made(answer.request_id, rows, ids, warnings, found)
        await answer.good(made)
        self.left(scope, headers, len(rows), len(made), time.perf_counter() - answer.begun)
        return True

    @property
    def direct(self) -> bool:
        """Are few rows answered so fast, and together with those of others, that nobody has to wait for it?"""
        return self._answerer.quick is not None and self._answerer.together

    def made(self, request_id: bytes, rows: Rows, ids: Sequence[Any], warnings: Warnings, found: list[Found]) -> bytes:
        """The body of an answer, which is kept from now on as one that was given."""
        body = self._answerer.body(ids, warnings, found)
        if self.keep is not None:
            said = (time.time_ns(), self.path, request_id, ids, rows, warnings, found)
            self.keep(tuple.__new__(Answered, said))  # twice as fast as to call it
        return body

    def left(self, scope: Scope, headers: Mapping[bytes, bytes], rows: int, length: int, seconds: float) -> None:
        """So many rows were answered with so many bytes after so many seconds."""
        self._meter.rows(self.path, rows)
        self._trail.leave(scope, headers, length, 200, seconds)

    @property
    def batcher(self) -> Batcher:
        """Made in the event loop that it serves."""
        if self._made is None:
            answerer = self._answerer
            self._made = Batcher(
                answerer.predict, self._meter.batch, quick=answerer.quick is not None, together=answerer.together
            )
        return self._made

    def read(self, body: bytes) -> tuple[Rows, Sequence[Any], Warnings]:
        """The rows of a body, their ids, and by row what is said about them; raises for what the plain service shall judge."""
        decoded = self._decode(body)
        rows, warnings = self._answerer.known(decoded)
        return rows, decoded.ids, warnings

    async def _predicted(self, rows: Rows, receive: Receive, answer: Answering) -> list[Found]:
        """The answers, unless the time is over or the caller has gone: then the rows are not predicted any more."""
        left = self._seconds - (time.perf_counter() - answer.begun)
        if left <= 0:
            raise TimeoutError
        future = self.batcher.submit(rows)
        if self.batcher.inline(len(rows)):
            await asyncio.sleep(0)  # the loop comes round
            if future.done():
                return future.result()
        timer = asyncio.get_running_loop().call_later(left, _fail, future, TimeoutError())
        watch = asyncio.ensure_future(_watched(receive, future))
        try:
            return await future
        finally:
            timer.cancel()
            watch.cancel()


class _Gone(Exception):
    pass


async def _watched(receive: Receive, future: asyncio.Future[Any]) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()
    _fail(future, _Gone())


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
