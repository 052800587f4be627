"""A fault in hooks.py as `bentoml serve` tells it: its file, line and what is wrong, instead of BentoML's traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from ..errors import Place, Problem
from ..own import first_line, line
from ..terminal import problem_lines

_NAME = "hooks"


def tell_faults() -> None:
    """From now on, end the process with overture's words when hooks.py cannot be imported; only under `bentoml`.

    BentoML imports service.py, which imports hooks.py, before anything of ours is asked.
    """
    if Path(sys.argv[0]).stem == "bentoml" and not any(isinstance(it, _Finder) for it in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds hooks.py where Python would."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module, with a loader that tells."""
        found = PathFinder.find_spec(fullname, path, target) if fullname == _NAME else None
        if found is not None and found.loader is not None and found.origin is not None:
            found.loader = _Telling(found.loader, Path(found.origin))
        return found


class _Telling(Loader):
    """Loads a module as another loader does."""

    def __init__(self, inner: Loader, path: Path) -> None:
        self._inner, self._path = inner, path

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the other."""
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the other; a fault ends the process, and is told in its place."""
        try:
            self._inner.exec_module(module)
        except Exception as error:
            what = f"cannot be imported: {type(error).__name__}: {first_line(error)}"
            problem = Problem(what, place=Place(self._path.name, line(error, self._path)))
            raise SystemExit("\n".join(problem_lines([problem]))) from None
