"""Worker processes of Hydra's joblib launcher, started before there is a job for them."""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher

_PLUGIN = "hydra_plugins.hydra_joblib_launcher"
_NEEDED = ("polars", "scipy.stats", "sklearn.base", "overture.runtime.config.load", "overture.runtime.runs.record")
"""What takes long to import, and every job needs."""


def start(launcher: Launcher, many: int) -> None:
    """Start the workers of a joblib launcher, so many, and have them import what every job needs; another launcher has none.

    The launcher finds them there: joblib keeps the processes of the same settings from one call to the next.
    """
    plugin = sys.modules.get(f"{_PLUGIN}.joblib_launcher")
    if plugin is not None and isinstance(launcher, plugin.JoblibLauncher):
        threading.Thread(target=_start, args=(dict(launcher.joblib), many), daemon=True).start()


def _start(settings: dict[str, Any], many: int) -> None:
    plugin = importlib.import_module(f"{_PLUGIN}._core")
    settings["backend"] = "loky"
    plugin.process_joblib_cfg(settings)
    with suppress(Exception):  # a process that dies is told of by the job that it runs
        plugin.Parallel(**settings)(plugin.delayed(_ready)() for _ in range(many))


def _ready() -> None:
    for name in _NEEDED:
        importlib.import_module(name)
