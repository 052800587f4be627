"""Calls answered at the connection itself: a task, a scope and messages for each request are dearer than what the lane does.

A connection of uvicorn that asked the lane once is watched from then on. A request whose head is, to the byte, one that
uvicorn parsed before and that asks for a call of the lane and for nothing else, is answered where it arrives. All other
bytes uvicorn gets, as they came.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import wire
from .guard import Guard, is_json, request_id
from .lane import LARGE, Lane
from .logged import Found
from .reply import GONE, good

if TYPE_CHECKING:
    from .guard import Scope
    from .reply import Send

MOST_HEADS, LONGEST_HEAD = 1000, 2048
"""How many heads are remembered, and the bytes of the longest."""
PATIENCE = 0.1
"""Seconds that the rest of a request may take to be answered here: many callers send the head first, and then the body."""
_HARMLESS = frozenset(
    {
        b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language", b"connection", b"content-type",
        b"content-length", b"authorization", b"x-api-key",
    }
)  # fmt: skip
"""A head that has others, say where a request came from or what it belongs to, is read each time."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a request says before its body."""

    lane: Lane
    headers: Mapping[bytes, bytes]
    end: int
    """Bytes of the head."""
    length: int
    """Bytes of the body."""


class Shortcut:
    """From connections to lanes, past what is between them."""

    def __init__(self, guard: Guard, lanes: Mapping[str, Lane]) -> None:
        """Lanes: by path."""
        self.guard = guard
        self._lanes = {path: lane for path, lane in lanes.items() if lane.direct}
        self.heads: dict[bytes, Head] = {}

    def take(self, send: Send) -> None:
        """Watch the connection of a request that a lane has answered."""
        behind = wire.behind(send)
        if behind is not None and self._lanes:
            behind.transport.set_protocol(Connection(behind, self))

    def learn(self, head: bytes, scope: Scope) -> None:
        """Remember the head of a request that uvicorn has just parsed, if another that begins with it can only mean the same."""
        headers, lane = dict(scope["headers"]), self._lanes.get(scope["path"])
        if lane is None or not head.startswith(b"POST ") or len(head) > LONGEST_HEAD or not is_json(headers):
            return
        lines = head.count(b"\n")  # as many as there are headers, and the first and the last: none is continued
        if lines != head.count(b"\r\n") or lines != len(scope["headers"]) + 2 or lines != len(headers) + 2:
            return
        length = headers.get(b"content-length", b"")
        if not headers.keys() <= _HARMLESS or not length.isdigit() or int(length[:9]) > LARGE:
            return
        if len(self.heads) >= MOST_HEADS:
            self.heads.clear()
        self.heads[head] = Head(lane, headers, len(head), int(length))

    def begin(self, connection: Connection, head: Head, data: bytes, begun: float) -> Call | None:
        """Take a request in; None: it has to go the long way. begun: when it came, by time.perf_counter."""
        lane, guard = head.lane, self.guard
        if head.length > guard.max_bytes or not guard.enter(lane.path, head.headers):
            return None
        try:
            asked = lane.read(data[head.end :])
        except Exception:
            asked = None
        if asked is None or not lane.batcher.room(len(asked[0])):
            guard.forget(lane.path)
            return None
        return Call(connection, head, data, asked, begun, guard)


class Call:
    """One request; what Batcher takes for its future."""

    __slots__ = ("_asked", "_begun", "_connection", "_data", "_guard", "_head", "_over")

    def __init__(
        self,
        connection: Connection,
        head: Head,
        data: bytes,
        asked: tuple[list[tuple[Any, ...]], Sequence[Any], dict[int, list[str]]],
        begun: float,
        guard: Guard,
    ) -> None:
        """Asked: rows, ids and warnings."""
        self._connection, self._head, self._data = connection, head, data
        self._asked, self._begun, self._guard = asked, begun, guard
        self._over = False

    def start(self) -> None:
        """Ask the model, now or with others that wait."""
        batcher, rows = self._head.lane.batcher, self._asked[0]
        try:
            found = batcher.now(rows)
        except Exception as error:
            return self.set_exception(error)
        if found is not None:
            return self.set_result(found)
        batcher.put(rows, self)
        return None

    def done(self) -> bool:
        """Is it answered, or has the caller gone?"""
        return self._over

    def set_result(self, found: list[Found]) -> None:
        """Answer."""
        lane, connection, asked_as = self._head.lane, self._connection, request_id(self._head.headers)
        rows, ids, warnings = self._asked
        try:
            body = lane.made(asked_as, rows, ids, warnings, found)
        except Exception as error:
            return self.set_exception(error)
        self._over = True
        connection.write(good(asked_as, body), body)
        seconds = time.perf_counter() - self._begun
        self._guard.leave(lane.path, 200, seconds)
        lane.left(connection.scope(lane.path), self._head.headers, len(rows), len(body), seconds)
        return connection.ready()

    def set_exception(self, _: Exception) -> None:
        """The plain service shall see to it, as if it had just come."""
        self._over = True
        self._guard.forget(self._head.lane.path)
        self._connection.again(self._data)

    def lost(self) -> None:
        """The caller has gone."""
        self._over = True
        self._guard.leave(self._head.lane.path, GONE, time.perf_counter() - self._begun)


class _Turn:
    """What uvicorn's protocol takes for the request at hand while a call is answered here."""

    more_body = False

    def __init__(self, scope: Any) -> None:
        self.scope = scope
        self.response_complete = self.keep_alive = True
        self.disconnected = False
        self.message_event = self

    def set(self) -> None:
        """Nobody waits for this."""


class Connection(asyncio.Protocol):
    """A connection that uvicorn accepted, with uvicorn's own protocol behind.

    While it is asked, or a request has come in part, bytes that come wait here; otherwise there are none.
    """

    def __init__(self, behind: Any, shortcut: Shortcut) -> None:
        self._behind, self._shortcut = behind, shortcut
        self._transport, self._heads = behind.transport, shortcut.heads
        self._scope = {"client": behind.client, "scheme": behind.scheme, "method": "POST"}
        self._turn = _Turn(None)
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
        behind, turn = self._behind, self._turn
        behind._unset_keepalive_if_required()
        turn.scope, turn.keep_alive, turn.response_complete = behind.scope, True, False
        behind.cycle = turn
        return self._ask(head, data)

    def write(self, lines: bytes, body: bytes) -> None:
        """Send a good answer."""
        end = b"\r\n" if self._turn.keep_alive else wire.CLOSE
        self._transport.write(b"".join((wire.started(self._behind.server_state.default_headers), lines, end, body)))

    def ready(self) -> None:
        """The answer was sent: the next may come."""
        turn, self._call = self._turn, None
        turn.response_complete = True
        if not turn.keep_alive:
            self._transport.close()
        self._behind.on_response_complete()
        held, self._held = self._held, b""
        if held and turn.keep_alive:
            self.data_received(held)

    def again(self, data: bytes) -> None:
        """Give uvicorn what came as if it had just come."""
        turn, self._call = self._turn, None
        turn.response_complete = True
        held, self._held = self._held, b""
        self._behind.data_received(data + held)
        if not turn.keep_alive:  # the server is about to stop, which it told of this turn alone
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
        if cycle is not None and new is not cycle and behind.scope is new.scope and new.keep_alive:
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
