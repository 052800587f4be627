"""What uvicorn keeps to itself, where it is the server: a whole answer in one write, and the protocol of a connection.

Each write is a call of the system, dearer than what the lane does.
"""

from __future__ import annotations

from typing import Any

_OF_A_REQUEST = {
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
    "scope",
    "more_body",
}
_OF_A_CONNECTION = {
    "transport",
    "flow",
    "server_state",
    "client",
    "scheme",
    "scope",
    "cycle",
    "pipeline",
    "limit_concurrency",
}
_CALLED = {"_unset_keepalive_if_required", "on_response_complete", "data_received", "connection_lost", "shutdown"}
_OK, _LINE = b"HTTP/1.1 200 OK\r\n", b"%b: %b\r\n"
CLOSE = b"connection: close\r\n\r\n"
"""The end of a head after which the connection is closed."""


def _known(kind: type[Any], used: set[str]) -> type[Any] | None:
    return kind if used.issubset(kind.__init__.__code__.co_names) else None


_CYCLE: type[Any] | None = None
_PROTOCOL: type[Any] | None = None
try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

    _CYCLE = _known(RequestResponseCycle, _OF_A_REQUEST)
    _PROTOCOL = _known(HttpToolsProtocol, _OF_A_CONNECTION) if vars(HttpToolsProtocol).keys() >= _CALLED else None
except ImportError:
    pass


class _Start:
    """The first lines of a good answer, which change once a second."""

    def __init__(self) -> None:
        self._of: Any = None
        self._lines = b""

    def __call__(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        if headers is not self._of:
            self._of, self._lines = headers, b"".join([_OK, *[_LINE % pair for pair in headers]])
        return self._lines


started = _Start()
"""The status 200 and the headers that uvicorn gives every answer."""


def sent(send: Any, lines: bytes, body: bytes) -> bool:
    """Send an answer with status 200 and these lines of headers; False: nothing was sent, it has to go the ordinary way."""
    cycle: Any = getattr(send, "__self__", None)
    if type(cycle) is not _CYCLE or cycle.response_started or cycle.access_log or cycle.flow.write_paused:
        return False
    if cycle.disconnected:
        return True
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    end = b"\r\n" if cycle.keep_alive else CLOSE
    cycle.transport.write(b"".join((started(cycle.default_headers), lines, end, body)))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


def behind(send: Any) -> Any:
    """Uvicorn's protocol of the connection that a request came on; None: it is not known, or watched already."""
    cycle: Any = getattr(send, "__self__", None)
    if type(cycle) is not _CYCLE or cycle.access_log or cycle.disconnected:
        return None
    found: Any = getattr(cycle.on_response, "__self__", None)
    if type(found) is not _PROTOCOL or found.limit_concurrency is not None or found.transport.is_closing():
        return None
    return found if found.transport.get_protocol() is found else None
