"""What a person starts as a process, run inside of this one: several times quicker, since its libraries are there already."""

import runpy
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a newer httpx
    from starlette.testclient import TestClient

_OWN = ("client", "hooks", "service", "test_service")


def script(monkeypatch: pytest.MonkeyPatch, name: str, *words: str) -> object:
    """Run a script of the project we stand in, as `python NAME WORDS` does, and give its exit code."""
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    forget_modules()  # of a project that another test left
    monkeypatch.setattr(sys, "argv", [name, *words])
    monkeypatch.syspath_prepend(Path.cwd())
    try:
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(name, run_name="__main__")
    finally:
        forget_modules()
    return ended.value.code


def forget_modules() -> None:
    """Make the modules of one project unknown, before another has modules of the same names."""
    for name in _OWN:
        sys.modules.pop(name, None)


def forget_metrics() -> None:
    """Empty the registry of metrics: a process has one, and a server runs one service."""
    from bentoml._internal.configuration.containers import BentoMLContainer

    registry = BentoMLContainer.metrics_client.get().registry
    for collector in list(registry._collector_to_names):
        registry.unregister(collector)


def application(root: Path) -> Any:
    """The application of a project's service, as a server imports it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # BentoML's own
        for name in ("hooks", "service"):
            spec = util.spec_from_file_location(name, root / f"{name}.py")
            assert spec is not None
            assert spec.loader is not None
            module = sys.modules[name] = util.module_from_spec(spec)
            spec.loader.exec_module(module)
        forget_metrics()
        return next(found for found in vars(module).values() if hasattr(found, "to_asgi")).to_asgi()


@contextmanager
def served(root: Path) -> Iterator[TestClient]:
    """A client of a project's service."""
    app = application(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield client
