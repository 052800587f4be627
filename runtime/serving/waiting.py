"""Answered rows on their way from those who answer to the one who writes; neither waits for the other."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from .logged import Answered

if TYPE_CHECKING:
    from ..schema import Schema

TOGETHER = 64
"""Requests that are packed at once: few enough to be still in the processor's cache."""
LARGE = 32
"""Rows of a request above which it waits as it is: to pack it would keep the event loop."""
SEVERAL = 8192
"""Rows of large requests from which on others are written apart."""


class Waiting:
    """What one thread adds and another takes."""

    def __init__(self, schema: Schema) -> None:
        self.packing = Packing(schema)
        self._fresh: deque[Answered] = deque()
        self._packs: deque[tuple[int, bytes]] = deque()
        self._others: deque[list[Answered]] = deque()

    def add(self, answered: Answered, rows: int) -> None:
        """Keep a request of so many rows; with others it is packed. What is popped here the taker does not get, and the other way round."""
        if rows > LARGE:
            self._others.append([answered])
            return
        fresh = self._fresh
        fresh.append(answered)
        if len(fresh) >= TOGETHER:
            self._pack(_popped(fresh, TOGETHER))

    def take(self) -> tuple[list[tuple[int, bytes]], list[list[Answered]]]:
        """All that waited when this was called: packs and how many rows each has, and requests that are none, some together."""
        packs = _popped(self._packs, len(self._packs))
        others: list[list[Answered]] = []
        rows = SEVERAL
        for requests in [*_popped(self._others, len(self._others)), _popped(self._fresh, TOGETHER)]:
            if rows >= SEVERAL and requests:
                others.append([])
                rows = 0
            if requests:
                others[-1].extend(requests)
                rows += counted(requests)
        return packs, others

    def _pack(self, requests: list[Answered]) -> None:
        if not requests:  # the taker was faster
            return
        packed = self.packing.pack(requests)
        if packed is None:
            self._others.append(requests)
        else:
            self._packs.append((counted(requests), packed))


class Packing:
    """Answered requests as bytes and back.

    As objects they would wait all over the memory, and push out of the processor's cache what the next answer needs.
    """

    def __init__(self, schema: Schema) -> None:
        import msgspec

        # the rest is read back as it is written: text, whole and other numbers, true and false, nothing
        moments = {"timestamp": dt.datetime | None, "date": dt.date | None}
        row = tuple(moments.get(column.type, Any) for column in schema.features.values())
        found = (Any, list[float] | None, str | None)
        values: Any = (int, str, bytes, list[Any], list[tuple[row]], dict[int, list[str]], list[tuple[found]])  # type: ignore[valid-type]
        requests: Any = list[list[tuple[values]]]
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(requests).decode

    def pack(self, requests: list[Answered]) -> bytes | None:
        """The requests as bytes; None: a value of theirs has no such form."""
        try:
            return self._encode(requests)
        except (TypeError, ValueError, OverflowError):
            return None

    def unpack(self, whole: bytes) -> list[Answered]:
        """The requests of what was `joined`, as plain tuples."""
        return list(chain.from_iterable(self._decode(whole)))


def joined(packed: Sequence[bytes]) -> bytes:
    """What was packed in several pieces as one: an array of them."""
    return b"".join([b"\xdd", len(packed).to_bytes(4, "big"), *packed])


def counted(requests: Sequence[Answered]) -> int:
    """How many rows they have."""
    return sum(len(ids) for _, _, _, ids, *_ in requests)


def _popped(waiting: deque[Any], most: int) -> list[Any]:
    """The oldest, at most so many."""
    found: list[Any] = []
    with suppress(IndexError):  # the other side was faster
        while len(found) < most:
            found.append(waiting.popleft())
    return found
