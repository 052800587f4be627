"""What stands before the service: it lets only requests through that the service can answer, and sees to the answers.

Unknown paths and methods, wrong media types and large bodies are answered here. That also keeps the labels of the
metrics bounded, which BentoML takes from the raw path.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_ID = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


class Guard:
    """An ASGI application around another.

    methods: for a path, the methods it answers; none for a path that does not exist.
    calls: the paths whose POST takes a JSON body.
    max_bytes: the largest body. seconds: how long a body may take to arrive.
    """

    def __init__(
        self,
        app: Application,
        methods: Callable[[Scope], set[str]],
        calls: set[str],
        max_bytes: int,
        seconds: float,
    ) -> None:
        self.app, self.methods, self.calls = app, methods, calls
        self.max_bytes, self.seconds = max_bytes, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request_id = _request_id(scope)
        scope["headers"] = [*_without(scope, REQUEST_ID), (REQUEST_ID, request_id)]
        answer = Answering(send, request_id)
        allowed = self.methods(scope)
        if not allowed:
            return await answer.error(404, f"there is no {shown_path(scope)} here")
        if scope["method"] not in allowed:
            words = ", ".join(sorted(allowed))
            return await answer.error(405, f"{shown_path(scope)} answers {words}", [(b"allow", words.encode())])
        if scope["method"] == "POST" and scope["path"] in self.calls:
            return await self._call(scope, receive, answer)
        return await self.app(scope, receive, answer)

    async def _call(self, scope: Scope, receive: Receive, answer: Answering) -> None:
        kind = _header(scope, b"content-type").split(b";")[0].strip().lower()
        if kind not in (b"", b"application/json") or _header(scope, b"content-encoding") not in (b"", b"identity"):
            return await answer.error(415, "send JSON, uncompressed, with the header Content-Type: application/json")
        length = _header(scope, b"content-length")
        if length.isdigit() and int(length[:20]) > self.max_bytes:
            return await self._too_large(answer)
        try:
            async with asyncio.timeout(self.seconds):
                body = await self._read(receive)
        except TimeoutError:
            return await answer.error(408, f"the body did not arrive within {self.seconds:g} seconds")
        except _TooLarge:
            return await self._too_large(answer)
        if body is None:  # the caller has gone
            return None
        scope["headers"] = [*_without(scope, b"content-type", b"content-length"), *_json(len(body))]
        return await self.app(scope, _again(body, receive), answer)

    async def _too_large(self, answer: Answering) -> None:
        await answer.error(413, f"the body is larger than {self.max_bytes:,} bytes", [(b"connection", b"close")])

    async def _read(self, receive: Receive) -> bytes | None:
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.max_bytes:
                raise _TooLarge
            more = message.get("more_body", False)
        return b"".join(parts)


class Answering:
    """`send` of one request: every answer carries the request id, and every error is a JSON object."""

    def __init__(self, send: Send, request_id: bytes) -> None:
        self.send, self.request_id = send, request_id
        self.failed: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        """Pass on what is good; keep an error until it is whole."""
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (REQUEST_ID, self.request_id)]
            if message["status"] < 400:
                return await self.send(message)
            self.failed = message
            return None
        if self.failed is None:
            return await self.send(message)
        self.body += message.get("body", b"")
        return None if message.get("more_body", False) else await self._flush(self.failed)

    async def error(self, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        """Answer with an error of our own."""
        body = _error(text)
        names = [*(headers or []), *_json(len(body)), (REQUEST_ID, self.request_id)]
        await self.send({"type": "http.response.start", "status": status, "headers": names})
        await self.send({"type": "http.response.body", "body": body})

    async def _flush(self, start: Message) -> None:
        if not _is_error(self.body):
            self.body = _error(_PHRASES.get(start["status"], "the request failed"))
        names = [(name, value) for name, value in start["headers"] if name.lower() not in _ENTITY]
        await self.send({**start, "headers": [*names, *_json(len(self.body))]})
        await self.send({"type": "http.response.body", "body": self.body})


def shown_path(scope: Scope) -> str:
    """A path as an answer repeats it."""
    path = str(scope["path"])
    return path if len(path) <= 80 else f"{path[:80]}…"


_ENTITY = (b"content-type", b"content-length")
_PHRASES = {
    503: "not ready",
    504: "the answer took too long",
    429: "too many requests at once",
    500: "something went wrong here; the server's log says what",
}


class _TooLarge(Exception):
    pass


def _request_id(scope: Scope) -> bytes:
    asked = _header(scope, REQUEST_ID)
    return asked if _SANE.fullmatch(asked) else uuid.uuid4().hex.encode()


def _header(scope: Scope, name: bytes) -> bytes:
    return next((bytes(value) for key, value in scope["headers"] if key.lower() == name), b"")


def _without(scope: Scope, *names: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in scope["headers"] if key.lower() not in names]


def _json(length: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % length)]


def _error(text: str) -> bytes:
    return json.dumps({"error": text}, separators=(",", ":")).encode()


def _again(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _is_error(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("error"), str)
