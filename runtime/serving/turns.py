"""Calls take turns in threads: whoever gives up waiting frees no thread before the work in it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread


class Turns:
    """Threads for each name, so that what takes long holds up only its like."""

    def __init__(self, threads: int) -> None:
        """Threads: those of one name."""
        self._threads = threads
        self._limiters: dict[str, CapacityLimiter] = {}

    async def take(self, name: str, work: Callable[[], Any]) -> Any:
        """Do some work when it is its turn; what nobody waits for any more is not begun."""
        limiter = self._limiters.setdefault(name, CapacityLimiter(self._threads))
        begun: list[bool] = []
        done = asyncio.ensure_future(to_thread.run_sync(partial(_begin, begun, work), limiter=limiter))
        done.add_done_callback(_retrieved)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            if not begun:
                done.cancel()
            raise


def _begin(begun: list[bool], work: Callable[[], Any]) -> Any:
    begun.append(True)
    return work()


def _retrieved(done: asyncio.Future[Any]) -> None:
    """Nobody may be there any more to whom an error could be told."""
    if not done.cancelled():
        done.exception()
