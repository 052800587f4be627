"""From connections to lanes: requests that are read like one before, past what is between the two."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import wire
from .batching import settle
from .connection import Connection
from .guard import Guard, is_json, request_id
from .lane import LARGE, Lane
from .logged import Found
from .reply import GONE, good

if TYPE_CHECKING:
    from .guard import Scope
    from .reply import Send

MOST_HEADS, LONGEST_HEAD = 1000, 2048
"""How many heads are remembered, and the bytes of the longest."""
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
        """Remember the head of a request that uvicorn has just parsed, if another that begins with it can only mean the same.

        It is read here, too: what both read alike is what it says.
        """
        lane = self._lanes.get(scope["path"])
        if lane is None or len(head) > LONGEST_HEAD or not head.endswith(b"\r\n\r\n"):
            return
        first, *lines = head[:-4].split(b"\r\n")
        read = [(name.lower(), value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines)]
        headers = dict(read)
        if first != b"POST %b HTTP/1.1" % lane.path.encode() or read != scope["headers"]:
            return
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or len(length) > 9 or int(length) > LARGE:
            return
        if len(headers) < len(read) or not headers.keys() <= _HARMLESS or not is_json(headers):
            return
        if len(self.heads) >= MOST_HEADS:
            self.heads.clear()
        self.heads[head] = Head(lane, headers, len(head), int(length))

    def begin(self, connection: Connection, head: Head, data: bytes, begun: float) -> Call | None:
        """Take a request in; None: it has to go the long way. begun: when it came, by time.perf_counter."""
        lane, guard = head.lane, self.guard
        if head.length > guard.max_bytes or not lane.batcher.room(1) or not guard.enter(lane.path, head.headers):
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
        if found is None:
            return batcher.put(rows, self)
        return settle([(rows, self)], [found])

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
        try:
            connection.write(good(asked_as, body), body)
            seconds = time.perf_counter() - self._begun
            lane.left(connection.scope(lane.path), self._head.headers, len(rows), len(body), seconds)
        finally:  # whatever becomes of its traces, the connection goes on
            self._guard.leave(lane.path, 200, time.perf_counter() - self._begun)
            connection.ready()
        return None

    def set_exception(self, _: Exception) -> None:
        """The plain service shall see to it, as if it had just come."""
        self._over = True
        self._guard.forget(self._head.lane.path)
        self._connection.again(self._data)

    def lost(self) -> None:
        """The caller has gone."""
        self._over = True
        self._guard.leave(self._head.lane.path, GONE, time.perf_counter() - self._begun)
