"""The functions of a project's hooks.py, found by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .errors import Mistake, Place, Problem, nearest

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Hooks:
    """Where a project does things its own way; what it does not define is None."""

    root: Path
    """The project folder, which hooks.py stands in."""
    features: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """Adds columns computed from other columns of the same row; runs in training, batch and serving alike."""

    @classmethod
    def of(cls, module: ModuleType) -> Hooks:
        """The hooks of an imported hooks.py.

        Raises Mistake for a name that is almost one of a hook, or that is no function.
        """
        file = Path(inspect.getfile(module)).resolve()
        problems = []
        for name, value in vars(module).items():
            if name == "features" and not callable(value):
                problems.append(Problem("must be a function.", key=name, place=Place(file.name)))
            elif inspect.isfunction(value) and value.__module__ == module.__name__ and _almost(name):
                line = inspect.getsourcelines(value)[1]
                hint = f'Did you mean "features"? A function of your own may start with "_".'
                problems.append(Problem("no hook has this name.", key=name, place=Place(file.name, line), hint=hint))
        if problems:
            raise Mistake(problems)
        return cls(file.parent, getattr(module, "features", None))


def _almost(name: str) -> bool:
    return name != "features" and not name.startswith("_") and nearest(name, ["features"]) is not None
