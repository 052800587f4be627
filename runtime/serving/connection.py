"""Calls answered at the connection itself: a task, a scope and messages for each request are dearer than what the lane does.

A connection of uvicorn that asked the lane once is watched from then on. A request whose head is, to the byte, one that
uvicorn parsed before and that asks for a call of the lane and for nothing else, is answered where it arrives. All other
bytes uvicorn gets, as they came.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from . import wire

if TYPE_CHECKING:
    from .guard import Scope
    from .shortcut import Call, Head, Shortcut

PATIENCE = 0.1
"""Seconds that the rest of a request may take to be answered here: many callers send the head first, and then the body."""


class _Unheard:
    """An event that nobody waits for."""

    def set(self) -> None:
        """Nobody is told."""


class _Cycle:
    """What uvicorn's protocol takes for its own of the request at hand, while a call is answered here."""

    more_body = disconnected = False
    message_event = _Unheard()

    def __init__(self) -> None:
        self.scope: Any = None
        self.response_complete = self.keep_alive = True


class Connection(asyncio.Protocol):
    """A connection that uvicorn accepted, with uvicorn's own protocol behind.

    While it is asked, or a request has come in part, bytes that come wait here; otherwise there are none.
    """

    def __init__(self, behind: Any, shortcut: Shortcut) -> None:
        self._behind, self._shortcut = behind, shortcut
        self._transport, self._heads = behind.transport, shortcut.heads
        self._scope = {"client": behind.client, "scheme": behind.scheme, "method": "POST"}
        self._cycle = _Cycle()
        self._call: Call | None = None
        self._part: Head | None = None
        self._held = b""
        self._begun = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Answer, or pass on what came."""
        if self._call is not None:  # until it is answered the next waits, so that answers keep their order
            self._held += data
            return self._behind.flow.pause_reading()  # type: ignore[no-any-return]
        if self._part is not None:
            return self._more(self._part, data)
        end = data.find(b"\r\n\r\n") + 4
        head = self._heads.get(data[:end])
        if head is None or not self._between():
            return self._pass(data, end)
        self._begun = time.perf_counter()
        behind, own = self._behind, self._cycle
        behind._unset_keepalive_if_required()
        own.scope, own.keep_alive, own.response_complete = behind.scope, True, False
        behind.cycle = own
        return self._ask(head, data)

    def write(self, lines: bytes, body: bytes) -> None:
        """Send a good answer."""
        end = b"\r\n" if self._cycle.keep_alive else wire.CLOSE
        self._transport.write(b"".join((wire.started(self._behind.server_state.default_headers), lines, end, body)))

    def ready(self) -> None:
        """The answer was sent: the next may come."""
        own, self._call = self._cycle, None
        own.response_complete = True
        if not own.keep_alive:
            self._transport.close()
        self._behind.on_response_complete()
        held, self._held = self._held, b""
        if held and own.keep_alive:
            self.data_received(held)

    def again(self, data: bytes) -> None:
        """Give uvicorn what came as if it had just come."""
        own, self._call = self._cycle, None
        own.response_complete = True
        held, self._held = self._held, b""
        self._behind.data_received(data + held)
        if not own.keep_alive:  # the server is about to stop, of which it told this cycle alone
            self._behind.shutdown()

    def scope(self, path: str) -> Scope:
        """What a log tells of a request for a path."""
        return {**self._scope, "path": path}

    def _ask(self, head: Head, data: bytes) -> None:
        missing = head.end + head.length - len(data)
        if missing > 0:
            self._part, self._held = head, data
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._late)
            return None
        call = self._shortcut.begin(self, head, data, self._begun) if missing == 0 else None
        if call is None:
            return self.again(data)
        self._call = call
        return call.start()

    def _more(self, head: Head, data: bytes) -> None:
        held = self._held = self._held + data
        if len(held) >= head.end + head.length:
            self._part, self._held = None, b""
            self._stop()
            self._ask(head, held)

    def _late(self) -> None:
        """What is missing takes its time, which uvicorn and the guard see to."""
        held, self._part, self._held, self._timer = self._held, None, b"", None
        self.again(held)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _between(self) -> bool:
        """Is there nothing that uvicorn has begun to read or to answer?"""
        behind, cycle = self._behind, self._behind.cycle
        return (
            cycle.response_complete
            and not cycle.more_body
            and behind.scope is cycle.scope  # a new one is made with the first byte of a request
            and not behind.flow.write_paused
        )

    def _pass(self, data: bytes, end: int) -> None:
        behind = self._behind
        cycle = behind.cycle if self._between() else None
        behind.data_received(data)
        new = behind.cycle
        if cycle is None or new is cycle or behind.scope is not new.scope or behind.pipeline:
            return  # no head, or more than one
        if new.keep_alive:
            self._shortcut.learn(data[:end], new.scope)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever asked has gone."""
        self._stop()
        call, self._call, self._part, self._held = self._call, None, None, b""
        if call is not None:
            call.lost()
        self._behind.connection_lost(exc)

    def eof_received(self) -> None:
        """Pass it on."""
        return self._behind.eof_received()  # type: ignore[no-any-return]

    def pause_writing(self) -> None:
        """Pass it on."""
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._behind.resume_writing()
