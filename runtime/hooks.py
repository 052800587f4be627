"""The functions of a project's hooks.py, found by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import own
from .errors import Mistake, Place, Problem, nearest
from .metric import METRICS, is_metric, metric

if TYPE_CHECKING:
    import polars as pl

__all__ = ["HOOKS", "Hooks", "import_hooks", "metric"]

HOOKS = "hooks.py"
NAMES = ("features", "estimator", "before_predict", "after_predict")


@dataclass(frozen=True)
class Hooks:
    """Where a project does things its own way; what it does not define is None."""

    root: Path
    """The project folder, which hooks.py stands in."""
    features: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """Adds columns computed from other columns of the same row; runs in training, batch and serving alike."""
    estimator: Callable[..., Any] | None = None
    """Makes the estimator of `kind: hooks` from the params of the configuration."""
    before_predict: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """Changes the values of rows that keep the contract, before `features`; runs in batch and serving."""
    after_predict: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame] | None = None
    """Changes what the model says of the rows; runs in batch and serving."""
    metrics: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """The functions under `@metric`, by name."""
    trusted: frozenset[str] = frozenset()
    """Types that the file of a model may hold, as "module.Name": the classes of hooks.py, and those listed there."""

    @property
    def touching(self) -> bool:
        """Is any of them given the rows that are predicted?"""
        return any(hook is not None for hook in (self.features, self.before_predict, self.after_predict))

    @classmethod
    def of(cls, module: ModuleType) -> Hooks:
        """The hooks of an imported hooks.py.

        Raises Mistake for a name that is almost one of a hook, or that is not what its name says.
        """
        file = Path(inspect.getfile(module)).resolve()
        if problems := [*_problems(module, file.name)]:
            raise Mistake(problems)
        values = vars(module)
        return cls(
            file.parent,
            **{name: values.get(name) for name in NAMES},
            metrics={name: value for name, value in values.items() if is_metric(value)},
            trusted=frozenset([*_classes(module), *values.get("trusted", ())]),
        )

    @classmethod
    def open(cls, root: Path) -> Hooks:
        """The hooks of a project.

        Raises Mistake as `of` does, and when there is no hooks.py or importing it fails.
        """
        return cls.of(import_hooks(root))


def import_hooks(root: Path) -> ModuleType:
    """The module hooks.py of a project.

    Raises Mistake when there is none, or when importing it fails.
    """
    if not (root / HOOKS).is_file():
        raise Mistake(f"there is no {HOOKS} here.", hint="An empty file of that name is enough.")
    return own.module(root, HOOKS)


def _problems(module: ModuleType, file: str) -> Iterator[Problem]:
    for name, value in vars(module).items():
        if name in NAMES and not callable(value):
            yield Problem("must be a function.", key=name, place=Place(file))
        elif name == "trusted" and not _is_names(value):
            yield Problem('must be a list of types, each as "module.Name".', key=name, place=Place(file))
        elif inspect.isfunction(value) and value.__module__ == module.__name__:
            yield from _function(name, value, Place(file, inspect.unwrap(value).__code__.co_firstlineno))


def _function(name: str, function: Callable[..., Any], place: Place) -> Iterator[Problem]:
    """What keeps a function from being found, or a metric from being told from others."""
    if is_metric(function):
        if name in METRICS.names():
            yield Problem("there is a metric of this name already.", key=name, place=place, hint="Name it otherwise.")
    elif name not in NAMES and not name.startswith("_") and (meant := nearest(name, NAMES)) is not None:
        hint = f'Did you mean "{meant}"? A function of your own may start with "_".'
        yield Problem("no hook has this name.", key=name, place=place, hint=hint)


def _is_names(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(isinstance(name, str) for name in value)


def _classes(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        if inspect.isclass(value) and value.__module__ == module.__name__:
            yield f"{value.__module__}.{value.__qualname__}"
