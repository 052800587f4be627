"""What is sent back: every answer carries the request id, and every error is a JSON object."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from . import wire

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

REQUEST_ID = b"x-request-id"
GONE = 499
"""The status that is counted when the caller has gone before the answer."""
PHRASES = {
    503: "not ready",
    504: "the answer took too long",
    429: "too many requests at once",
    500: "something went wrong here; the server's log says what",
}
_ENTITY = (b"content-type", b"content-length")
_GOOD = b"content-type: application/json\r\ncontent-length: %d\r\nx-request-id: %b\r\n"


class Answering:
    """`send` of one request."""

    before: Callable[[], None] | None = None
    """Called when a good answer is about to be sent."""
    failed: Message | None = None
    body = b""

    def __init__(self, send: Send, request_id: bytes, begun: float) -> None:
        """Begun: when the request came, by time.perf_counter."""
        self.send, self.request_id, self.begun, self.status = send, request_id, begun, GONE

    async def __call__(self, message: Message) -> None:
        """Pass on what is good; keep an error until it is whole."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (REQUEST_ID, self.request_id)]
            if message["status"] < 400:
                if self.before is not None:
                    self.before()
                return await self.send(message)
            self.failed = message
            return None
        if self.failed is None:
            return await self.send(message)
        self.body += message.get("body", b"")
        return None if message.get("more_body", False) else await self._flush(self.failed)

    async def good(self, body: bytes) -> None:
        """Answer with 200 and this JSON."""
        self.status = 200
        if not wire.sent(self.send, good(self.request_id, body), body):
            await self._whole(200, [], body)

    async def error(self, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        """Answer with an error of our own."""
        self.status = status
        await self._whole(status, headers or [], _error(text))

    async def _whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        names = [*headers, *json_headers(len(body)), (REQUEST_ID, self.request_id)]
        await self.send({"type": "http.response.start", "status": status, "headers": names})
        await self.send({"type": "http.response.body", "body": body})

    async def _flush(self, start: Message) -> None:
        if start["status"] == 504 or not _is_error(self.body):
            self.body = _error(PHRASES.get(start["status"], "the request failed"))
        names = [(name, value) for name, value in start["headers"] if name.lower() not in _ENTITY]
        await self.send({**start, "headers": [*names, *json_headers(len(self.body))]})
        await self.send({"type": "http.response.body", "body": self.body})


def good(request_id: bytes, body: bytes) -> bytes:
    """The lines of headers of an answer with status 200 and this JSON."""
    return _GOOD % (len(body), request_id)


def json_headers(length: int) -> list[tuple[bytes, bytes]]:
    """What says that a body is JSON of so many bytes."""
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % length)]


def _error(text: str) -> bytes:
    return json.dumps({"error": text}, separators=(",", ":")).encode()


def _is_error(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("error"), str)
