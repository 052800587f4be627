"""What stands before the service: it lets only requests through that the service can answer, and sees to the answers.

Unknown paths and methods, wrong media types and large bodies are answered here. That also keeps the labels of the
metrics bounded, which BentoML takes from the raw path.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .body import TooLarge, read
from .reply import PHRASES, REQUEST_ID, Answering, Message, Send, json_headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


class Fast(Protocol):
    """What may answer a call without the application."""

    async def answer(
        self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes, receive: Receive, answer: Answering
    ) -> bool:
        """Answer, or say that the application shall."""


class Counts(Protocol):
    """What is told of every request."""

    def begun(self, inside: Mapping[str, int]) -> None:
        """A request has come; so many are inside by path, now and whenever one looks."""

    def done(self, path: str, status: int, seconds: float) -> None:
        """A request is over."""

    async def collected(self) -> None:
        """Somebody asks for the counts: have them ready."""


@dataclass
class Guard:
    """An ASGI application around another."""

    app: Application
    methods: Callable[[Scope], set[str]]
    """For a path, the methods it answers; none for a path that does not exist."""
    calls: Collection[str]
    """The paths whose POST takes a JSON body."""
    max_bytes: int
    """The largest body."""
    seconds: float
    """How long a body may take to arrive."""
    most: int = 1000
    """The most requests for one path that are inside at once."""
    fewer: Mapping[str, int] = field(default_factory=dict)
    """For some paths, fewer."""
    fast: dict[str, Fast] = field(default_factory=dict)
    """By path, what may answer its calls without the application."""
    answered: Callable[[Send], None] | None = None
    """Told of what sends, when one of these has answered."""
    counts: Counts | None = None
    watched: Callable[[str, Answering], None] | None = None
    """Told of a call that goes to the application."""
    refusal: Callable[[str, Mapping[bytes, bytes]], str | None] | None = None
    """For a path and the headers, why the caller may not; None: any caller may."""
    _inside: dict[str, int] = field(default_factory=dict, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers, path = dict(scope["headers"]), scope["path"]
        answer = Answering(send, request_id(headers), time.perf_counter())
        call = path in self.calls
        allowed = _POST if call else self.methods(scope)
        counted = path if allowed else _ELSEWHERE
        inside = self._enter(counted)
        try:
            if self.counts is not None and path == _METRICS:
                await self.counts.collected()
            await self._checked(scope, headers, receive, answer, allowed, inside if call else 0)
        finally:
            if path == _METRICS:
                self.forget(counted)
            else:
                self.leave(counted, answer.status, time.perf_counter() - answer.begun)

    def enter(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        """Take in a call that is a Fast's to answer, unless it would be refused."""
        if self.refusal is not None and self.refusal(path, headers) is not None:
            return False
        if self._inside.get(path, 0) >= self._room(path):
            return False
        self._enter(path)
        return True

    def leave(self, path: str, status: int, seconds: float) -> None:
        """A request that was taken in is over."""
        self.forget(path)
        if self.counts is not None:
            self.counts.done(path, status, seconds)

    def forget(self, path: str) -> None:
        """A request that was taken in shall not be counted."""
        self._inside[path] -= 1

    def _enter(self, path: str) -> int:
        inside = self._inside[path] = self._inside.get(path, 0) + 1
        if self.counts is not None:
            self.counts.begun(self._inside)
        return inside

    def _room(self, path: str) -> int:
        return self.fewer.get(path, self.most)

    async def _checked(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        answer: Answering,
        allowed: Collection[str],
        inside: int,
    ) -> None:
        path = scope["path"]
        if self.refusal is not None and (why := self.refusal(path, headers)) is not None:
            return await answer.error(401, why, [(b"www-authenticate", b"Bearer")])
        if not allowed:
            return await answer.error(404, f"there is no {shown_path(scope)} here")
        if scope["method"] not in allowed:
            words = ", ".join(sorted(allowed))
            return await answer.error(405, f"{shown_path(scope)} answers {words}", [(b"allow", words.encode())])
        if not inside:
            scope["headers"] = [*_without(scope, REQUEST_ID), (REQUEST_ID, answer.request_id)]
            return await self.app(scope, receive, answer)
        if inside > self._room(path):
            return await answer.error(429, PHRASES[429], [(b"retry-after", b"1")])
        return await self._call(scope, headers, receive, answer)

    async def _call(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, answer: Answering) -> None:
        if not is_json(headers):
            return await answer.error(415, "send JSON, uncompressed, with the header Content-Type: application/json")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > self.max_bytes:
            return await self._too_large(answer)
        try:
            body = await read(receive, self.max_bytes, self.seconds)
        except TimeoutError:
            return await answer.error(408, f"the body did not arrive within {self.seconds:g} seconds")
        except TooLarge:
            return await self._too_large(answer)
        if body is None:  # the caller has gone
            return None
        fast = self.fast.get(scope["path"])
        if fast is not None and await fast.answer(scope, headers, body, receive, answer):
            return None if self.answered is None else self.answered(answer.send)
        own = [*json_headers(len(body)), (REQUEST_ID, answer.request_id)]
        scope["headers"] = [*_without(scope, b"content-type", b"content-length", REQUEST_ID), *own]
        if self.watched is not None:
            self.watched(scope["path"], answer)
        return await self.app(scope, _again(body, receive), answer)

    async def _too_large(self, answer: Answering) -> None:
        await answer.error(413, f"the body is larger than {self.max_bytes:,} bytes", [(b"connection", b"close")])


def cross_origin(app: Application, origins: Sequence[str]) -> Application:
    """An application that pages of other origins may ask, too."""
    from starlette.middleware.cors import CORSMiddleware

    asked = ["authorization", "content-type", "x-api-key", "x-request-id"]
    told = ["retry-after", "x-request-id"]
    return CORSMiddleware(
        app, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=asked, expose_headers=told
    )


def is_json(headers: Mapping[bytes, bytes]) -> bool:
    """Is a body that is said to be so read here?"""
    kind = headers.get(b"content-type", b"")
    if kind != b"application/json":
        kind = kind.split(b";")[0].strip().lower()
    return kind in (b"", b"application/json") and headers.get(b"content-encoding", b"") in (b"", b"identity")


def request_id(headers: Mapping[bytes, bytes]) -> bytes:
    """The id that a caller gave, or one that nobody can guess."""
    asked = headers.get(REQUEST_ID)
    return asked if asked is not None and _SANE.fullmatch(asked) else next(_IDS)


def shown_path(scope: Scope) -> str:
    """A path as an answer repeats it."""
    path = str(scope["path"])
    return path if len(path) <= 80 else f"{path[:80]}…"


_POST = frozenset({"POST"})
_METRICS = "/metrics"
_ELSEWHERE = "elsewhere"  # what paths that do not exist are counted as
_DRAWN = 4096  # bytes of chance at a time


def _ids() -> Iterator[bytes]:
    """Ids that nobody can guess, drawn many at once: each draw is a call of the system."""
    while True:
        digits = os.urandom(_DRAWN).hex().encode()
        yield from (digits[place : place + 32] for place in range(0, len(digits), 32))


_IDS = _ids()


def _without(scope: Scope, *names: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in scope["headers"] if key.lower() not in names]


def _again(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
