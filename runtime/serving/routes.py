"""Which methods the paths of a service answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.routing import BaseRoute, Match, Mount
from starlette.staticfiles import StaticFiles

from .guard import Scope


def methods(routes: list[BaseRoute]) -> Callable[[Scope], set[str]]:
    """For a request, the methods its path answers. Static files count one by one: their folder matches any name."""
    files = {
        f"{mount.path}/{file.relative_to(mount.app.directory).as_posix()}"
        for mount in routes
        if isinstance(mount, Mount) and isinstance(mount.app, StaticFiles) and mount.app.directory is not None
        for file in Path(mount.app.directory).rglob("*")
        if file.is_file()
    }
    others = [route for route in routes if not (isinstance(route, Mount) and isinstance(route.app, StaticFiles))]

    def answered(scope: Scope) -> set[str]:
        if scope["path"] in files:
            return {"GET", "HEAD"}
        for route in others:
            if route.matches(scope)[0] is not Match.NONE:
                return set(getattr(route, "methods", None) or {scope["method"]})
        return set()

    return answered
