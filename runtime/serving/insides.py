"""What BentoML and uvicorn keep to themselves and overture reads; whatever is missing raises where it is called."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
from pathlib import Path

import psutil

from .access_log import AccessLog
from .meter import Meter
from .trail import Trail

_LOOK = 1.0  # seconds between two looks for the parent


def metered() -> Meter:
    """What counts requests, under BentoML's names."""
    from bentoml._internal.container import BentoMLContainer
    from bentoml._internal.context import server_context
    from bentoml._internal.server.http.instruments import RunnerTrafficMetricsMiddleware  # noqa: F401

    labels = {
        "service_name": server_context.bento_name,
        "service_version": server_context.bento_version,
        "runner_name": server_context.service_name,
    }
    namespace = BentoMLContainer.api_server_config.metrics.namespace.get()
    return Meter(BentoMLContainer.metrics_client.get(), namespace, BentoMLContainer.duration_buckets.get(), labels)


def trail() -> Trail:
    """Where requests leave their lines and spans, as BentoML is configured."""
    from bentoml._internal.container import BentoMLContainer

    access = BentoMLContainer.api_server_config.logging.access
    words = ("request_content_length", "request_content_type", "response_content_length", "response_content_type")
    shown = {word: getattr(access, word).get() for word in words} if access.enabled.get() else None
    traced = BentoMLContainer.tracing.exporter_type.get() is not None
    return Trail(
        AccessLog(shown) if shown is not None else None,
        BentoMLContainer.tracer_provider.get().get_tracer("overture") if traced else None,
    )


def one_access_log() -> None:
    """Uvicorn makes a line for each request even where its level lets none through, unless no handler could take it."""
    access = logging.getLogger("uvicorn.access")
    if not access.handlers and not access.isEnabledFor(logging.INFO):
        access.propagate = False


def end_with_parent() -> None:
    """Have a worker stop when the command that started it is gone: killed, it could not tell its workers, who would hold the port."""
    from bentoml._internal.context import server_context

    parent, loop = os.getppid(), asyncio.get_running_loop()

    def look() -> None:
        if os.getppid() == parent:
            loop.call_later(_LOOK, look)
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    if server_context.worker_index is not None:
        look()


def counted_apart() -> None:
    """Have each command that serves count for itself: BentoML has one folder for all, and empties it when the next starts."""
    from bentoml._internal.container import BentoMLContainer

    here = f"{socket.gethostname()}-"  # others may share the folder, whose processes have numbers of their own
    folder = Path(BentoMLContainer.bentoml_home.get()) / "overture" / "metrics"
    for left in folder.glob("*"):
        number = left.name.removeprefix(here)
        if left.name != number and number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    BentoMLContainer.prometheus_multiproc_dir.set(str(folder / f"{here}{os.getpid()}"))


def this_machine() -> None:
    """Listen to this machine alone, unless another host was asked for."""
    from bentoml._internal.container import BentoMLContainer

    if BentoMLContainer.http.host.get() == "0.0.0.0":  # noqa: S104
        BentoMLContainer.http.host.set("127.0.0.1")
