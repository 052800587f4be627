"""A whole answer in one write, where uvicorn is the server: each write is a call of the system, dearer than what the lane does."""

from __future__ import annotations

from typing import Any

_USED = {
    "transport",
    "flow",
    "access_log",
    "default_headers",
    "message_event",
    "on_response",
    "disconnected",
    "keep_alive",
    "waiting_for_100_continue",
    "response_started",
    "response_complete",
}
_OK, _LINE, _CLOSE = b"HTTP/1.1 200 OK\r\n", b"%b: %b\r\n", b"connection: close\r\n"
_KNOWN: type[Any] | None
try:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle as _Cycle

    _KNOWN = _Cycle if _USED.issubset(_Cycle.__init__.__code__.co_names) else None
except ImportError:
    _KNOWN = None


def sent(send: Any, lines: bytes, body: bytes) -> bool:
    """Send an answer with status 200 and these lines of headers; False: nothing was sent, it has to go the ordinary way."""
    cycle: Any = getattr(send, "__self__", None)
    if type(cycle) is not _KNOWN or cycle.response_started or cycle.access_log or cycle.flow.write_paused:
        return False
    if cycle.disconnected:
        return True
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    own = b"".join([_LINE % pair for pair in cycle.default_headers])
    end = b"\r\n" if cycle.keep_alive else _CLOSE + b"\r\n"
    cycle.transport.write(b"".join((_OK, own, lines, end, body)))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
