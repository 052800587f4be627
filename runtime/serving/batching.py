"""Rows of all requests that are waiting go into one call of the model; nobody waits for a timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

Row = tuple[Any, ...]
Predict = Callable[[Sequence[Row]], list[Any]]
Waiting = tuple[list[Row], "Answer"]

INLINE = 256
"""Rows that are predicted on the event loop; more would keep others waiting."""
MOST = 4096
"""Rows in one call."""


class Answer(Protocol):
    """Where answers are put: a future, or what is like one."""

    def done(self) -> bool:
        """Does nobody wait any more?"""

    def set_result(self, found: list[Any], /) -> None:
        """The answers of the rows."""

    def set_exception(self, error: Exception, /) -> None:
        """What the model raised for these rows alone."""


class Batcher:
    """Predicts for many requests at once.

    A request whose future is done before its turn (given up, or its caller has gone) is not predicted any more.
    """

    def __init__(self, predict: Predict, told: Callable[[int, int], None], *, quick: bool, together: bool) -> None:
        """Told: of the rows of each call, and the requests that wait on. quick: few rows take so little that the event loop may do it. together: one call may serve several requests."""
        self._predict, self._told, self._together = predict, told, together
        self._inline = INLINE if quick else 0
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._few: list[Waiting] = []
        self._rows = 0
        self._many: list[Waiting] = []
        self._busy = False
        self._lonely = False

    def now(self, rows: list[Row]) -> list[Any] | None:
        """The answers of these rows, where they need not wait for others: lately requests came one by one."""
        if not self._lonely or self._few or not self.inline(len(rows)):
            return None
        self._lonely = False
        self._loop.call_soon(self._round)
        self._told(len(rows), 0)
        return self._predict(rows)

    def _round(self) -> None:
        """The loop has come round: did others come meanwhile?"""
        self._lonely = not self._few

    def inline(self, rows: int) -> bool:
        """Will so many rows be answered when the event loop comes round?"""
        return rows <= self._inline

    def room(self, rows: int) -> bool:
        """Will they be, with all that wait for it?"""
        return self._rows + rows <= self._inline

    async def apart(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do work in the thread of large requests."""
        return await self._loop.run_in_executor(self._thread, work, *arguments)

    def submit(self, rows: list[Row]) -> asyncio.Future[list[Any]]:
        """The answers of these rows, in the future."""
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        self.put(rows, future)
        return future

    def put(self, rows: list[Row], answer: Answer) -> None:
        """Answer these rows soon."""
        if self.inline(len(rows)):
            self._few.append((rows, answer))
            self._rows += len(rows)
            if len(self._few) == 1:
                self._loop.call_soon(self._flush)
        else:
            self._many.append((rows, answer))
            if len(self._many) == 1 and not self._busy:
                self._loop.call_soon(self._start)

    def _flush(self) -> None:
        """Predict the small requests here and now; the rest of a crowd goes to the thread."""
        few, self._few, self._rows = self._few, [], 0
        batch, rest = self._cut(few, self._inline)
        self._lonely = len(few) == 1
        settle(batch, _outcomes(self._predict, batch))
        if rest:
            self._many.extend(rest)
            if not self._busy:
                self._start()

    def _start(self) -> None:
        if self._busy:
            return
        batch, self._many = self._cut(self._many, MOST)
        if batch:
            self._busy = True
            work = self._loop.run_in_executor(self._thread, _outcomes, self._predict, batch)
            work.add_done_callback(lambda done: self._finished(batch, done.result()))

    def _finished(self, batch: list[Waiting], outcomes: list[Any]) -> None:
        settle(batch, outcomes)
        self._busy = False
        self._start()

    def _cut(self, waiting: list[Waiting], most: int) -> tuple[list[Waiting], list[Waiting]]:
        """What one call serves, and what waits on."""
        alive = [item for item in waiting if not item[1].done()]
        size = place = 0
        for rows, _ in alive:
            if place and (size + len(rows) > most or not self._together):
                break
            size += len(rows)
            place += 1
        if place:
            self._told(size, len(alive) - place)
        return alive[:place], alive[place:]


def _outcomes(predict: Predict, batch: list[Waiting]) -> list[Any]:
    """The answers, or the exception, of each request; one that fails cannot make its neighbours fail."""
    if not batch:
        return []
    try:
        found = predict(batch[0][0] if len(batch) == 1 else [row for rows, _ in batch for row in rows])
    except Exception as error:
        return [error] if len(batch) == 1 else [_outcomes(predict, [item])[0] for item in batch]
    outcomes, start = [], 0
    for rows, _ in batch:
        outcomes.append(found[start : start + len(rows)])
        start += len(rows)
    return outcomes


def settle(batch: list[Waiting], outcomes: list[Any]) -> None:
    """Give each request its answers, or the exception that its rows raised; whatever one does with them, the others get theirs."""
    for (_, answer), outcome in zip(batch, outcomes, strict=True):
        if answer.done():
            continue
        try:
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        except Exception as error:
            told = {"message": "an answer could not be given", "exception": error}
            asyncio.get_running_loop().call_exception_handler(told)
