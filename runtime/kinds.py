"""Find a class by the name of the module that holds it: `kind: csv` is the one class of `sources/csv.py`.

A package outside overture adds kinds by an entry point whose group is the package's name, for example
`[project.entry-points."overture.runtime.data.sources"]  hdf = "my_package.hdf:Hdf"`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache, reduce
from importlib.metadata import entry_points
from typing import Annotated, Any, Generic, TypeVar

from .errors import Mistake, did_you_mean

T = TypeVar("T")


@dataclass(frozen=True)
class Kinds(Generic[T]):
    """The classes of one package, each found by its module's name and loaded only when asked for."""

    noun: str
    package: str
    parent: type[T]

    def names(self) -> list[str]:
        """Every kind that can be written in the configuration, sorted."""
        return sorted({*_modules(self.package), *_plugins(self.package)})

    def __getitem__(self, kind: str) -> type[T]:
        """The class of a kind.

        Raises Mistake when there is no such kind.
        """
        if kind in _modules(self.package):
            return self._own(kind)
        if kind in _plugins(self.package):
            found: type[T] = _plugins(self.package)[kind].load()
            return found
        raise Mistake(f'no {self.noun} is called "{kind}".', hint=did_you_mean(kind, self.names()))

    def classes(self) -> list[type[T]]:
        """Every class, in the order of the names."""
        return [self[name] for name in self.names()]

    def union(self) -> Any:
        """A type for pydantic: whichever class the key `kind` names."""
        from pydantic import Field

        return Annotated[reduce(lambda a, b: a | b, self.classes()), Field(discriminator="kind")]  # type: ignore[arg-type, return-value]

    def _own(self, kind: str) -> type[T]:
        module = importlib.import_module(f"{self.package}.{kind}")
        found = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, self.parent) and value.__module__ == module.__name__
        ]
        if len(found) != 1:
            raise TypeError(
                f"{module.__name__} must define exactly one {self.parent.__name__}; it defines {len(found)}"
            )
        return found[0]


@cache
def _modules(package: str) -> tuple[str, ...]:
    folder = importlib.import_module(package).__path__
    return tuple(module.name for module in pkgutil.iter_modules(folder) if not module.name.startswith("_"))


@cache
def _plugins(package: str) -> dict[str, Any]:
    return {point.name: point for point in entry_points(group=package)}
