"""Packages that only some kinds of sources need."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import Mistake, Problem


def driver(module: str, extra: str) -> Any:
    """The module of a package that an extra of overture brings.

    Raises Mistake with the command that installs it, when it is not there.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        what = f"needs the package {error.name}, which is not installed."
        raise Mistake(Problem(what, ("kind",), hint=f'Run: pip install "overture[{extra}]"')) from None
