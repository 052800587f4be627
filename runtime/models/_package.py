"""Packages that only some families need."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

from ..errors import Mistake, Problem


def lacking(name: str, extra: str) -> list[Problem]:
    """Nothing, or that a package is not installed, with the command that mends it."""
    if find_spec(name) is not None:
        return []
    what = f"needs the package {name}, which is not installed."
    return [Problem(what, ("model", "kind"), hint=f'Run: pip install "overture[{extra}]"')]


def package(name: str, extra: str) -> Any:
    """The module of a package that an extra of overture brings.

    Raises Mistake with the command that installs it, when it is not there.
    """
    if problems := lacking(name, extra):
        raise Mistake(problems)
    return importlib.import_module(name)
