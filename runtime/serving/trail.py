"""What a request that the fast lane answered leaves behind, as BentoML would have: a line in the access log and a span."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from .guard import Scope

_ACCESS = logging.getLogger("bentoml.access")


@dataclass(frozen=True)
class Trail:
    """Where to leave it."""

    access: Mapping[str, bool] | None = None
    """What the line names beside path and status, by BentoML's keys; None: no line."""
    tracer: Any = None
    """Of OpenTelemetry; None: no span."""
    logger: logging.Logger = field(default=_ACCESS, repr=False)

    def leave(self, scope: Scope, headers: Mapping[bytes, bytes], length: int, status: int, seconds: float) -> None:
        """The request was answered with so many bytes after so many seconds."""
        if self.tracer is None and (self.access is None or not self.logger.isEnabledFor(logging.INFO)):
            return
        with self._span(scope, headers, status, seconds):
            if self.access is not None:
                self._line(self.access, scope, headers, length, status, seconds)

    def _line(
        self,
        shown: Mapping[str, bool],
        scope: Scope,
        headers: Mapping[bytes, bytes],
        length: int,
        status: int,
        seconds: float,
    ) -> None:
        client = scope.get("client")
        asked = f"scheme={scope['scheme']},method={scope['method']},path={scope['path']}"
        if shown.get("request_content_type"):
            asked += f",type={headers.get(b'content-type', b'').decode('latin-1')}"
        if shown.get("request_content_length"):
            asked += f",length={headers.get(b'content-length', b'').decode('latin-1')}"
        told = f"status={status}"
        if shown.get("response_content_type"):
            told += ",type=application/json"
        if shown.get("response_content_length"):
            told += f",length={length}"
        address = f"{client[0]}:{client[1]}" if client else "_"
        self.logger.info("%s (%s) (%s) %.3fms", address, asked, told, seconds * 1000)

    def _span(
        self, scope: Scope, headers: Mapping[bytes, bytes], status: int, seconds: float
    ) -> AbstractContextManager[Any]:
        """The span of a request that is over: it began some seconds ago."""
        if self.tracer is None:
            return nullcontext()
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
        return trace.use_span(span, end_on_exit=True)
