"""The body of a request, as far as it may be read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from types import CoroutineType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .guard import Receive
    from .reply import Message


class TooLarge(Exception):
    """The body is larger than allowed."""


async def read(receive: Receive, most: int, seconds: float) -> bytes | None:
    """The body; None: the caller has gone. Nothing is timed where it is there already.

    Raises TooLarge beyond `most` bytes, and TimeoutError when it takes longer than some seconds.
    """
    message, coming = _at_once(receive)
    if message is not None and message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > most:
            raise TooLarge
        return body
    async with asyncio.timeout(seconds):
        return await _in_parts(message if message is not None else await coming, receive, most)


async def _in_parts(message: Message, receive: Receive, most: int) -> bytes | None:
    parts, size = [], 0
    while message["type"] != "http.disconnect":
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise TooLarge
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    return None


def _at_once(receive: Receive) -> tuple[Message | None, Awaitable[Message]]:
    """The next message where it is there already, and what else to wait for."""
    coming = receive()
    if not isinstance(coming, CoroutineType):
        return None, coming
    try:
        awaited = coming.send(None)
    except StopIteration as done:
        return done.value, coming
    return None, _Begun(coming, awaited)


class _Begun:
    """The rest of a coroutine that waits for something."""

    def __init__(self, coroutine: CoroutineType[Any, Any, Message], awaited: Any) -> None:
        self._coroutine, self._awaited = coroutine, awaited

    def __await__(self) -> Generator[Any, Any, Message]:
        awaited = self._awaited
        while True:
            try:
                try:
                    given = yield awaited
                except BaseException as error:
                    awaited = self._coroutine.throw(error)
                else:
                    awaited = self._coroutine.send(given)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
