"""The `serving` section: how a model is served. Each target is an option of its own, so several can be chosen at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .section import Section


class Http(Section):
    """Predictions over HTTP, by BentoML."""

    port: Annotated[int, Field(ge=1, le=65535)] = 3000
    """Where `bentoml serve` listens."""
    workers: Annotated[int, Field(ge=1, le=1024)] = 1
    """Processes that answer."""
    timeout: Annotated[int, Field(ge=1, le=3600)] = 10
    """Seconds after which a request is given up with 504."""
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """The most rows one request may hold."""
    max_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 8 << 20
    """The largest body that is read."""


class Batch(Section):
    """Predictions for whole files."""

    rows: Annotated[int, Field(ge=1, le=10_000_000)] = 65_536
    """Rows that are in memory at once."""


class Serving(Section):
    """The targets chosen; a target that is null is not generated."""

    http: Http | None = None
    batch: Batch | None = None
