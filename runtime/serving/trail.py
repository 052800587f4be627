"""What a request that the fast lane answered leaves behind, as BentoML would have: a line in the access log and a span."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .access_log import AccessLog, Line
from .guard import Scope


@dataclass(frozen=True)
class Trail:
    """Where to leave it."""

    access: AccessLog | None = None
    """None: no line."""
    tracer: Any = None
    """Of OpenTelemetry; None: no span."""

    def leave(self, scope: Scope, headers: Mapping[bytes, bytes], length: int, status: int, seconds: float) -> None:
        """The request was answered with so many bytes after so many seconds."""
        line = None
        if self.access is not None and self.access.enabled():
            kind, size = headers.get(b"content-type", b""), headers.get(b"content-length", b"")
            asked = scope.get("client"), scope["scheme"], scope["method"], scope["path"], kind, size
            line = Line(time.time(), *asked, status, length, seconds)
        if self.tracer is not None:
            self._span(scope, headers, status, seconds, line)
        elif self.access is not None and line is not None:
            self.access.put(line)

    def close(self) -> None:
        """Write what waits."""
        if self.access is not None:
            self.access.close()

    def _span(
        self, scope: Scope, headers: Mapping[bytes, bytes], status: int, seconds: float, line: Line | None
    ) -> None:
        """The span of a request that is over, which its line names: it began some seconds ago."""
        from opentelemetry import propagate, trace

        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        now = time.time_ns()
        span = self.tracer.start_span(
            f"{scope['method']} {scope['path']}",
            context=propagate.extract(sent),
            kind=trace.SpanKind.SERVER,
            start_time=now - int(seconds * 1e9),
            attributes={
                "http.method": scope["method"],
                "http.route": scope["path"],
                "http.scheme": scope["scheme"],
                "http.status_code": status,
            },
        )
        with trace.use_span(span, end_on_exit=True):
            if self.access is not None and line is not None:
                self.access.write(line)
