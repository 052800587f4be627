"""Find a class by the name of the module that holds it: `kind: csv` is the one class of `sources/csv.py`.

A project adds kinds of its own by files in folders of the same names: its `models/two_rates.py` is `kind: two_rates`.
A package adds kinds by an entry point whose group is the package here, for example
`[project.entry-points."overture.runtime.data.sources"]  hdf = "my_package.hdf:Hdf"`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, reduce
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import own
from .errors import Mistake, Place, Problem, did_you_mean

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
    from pydantic_core import CoreSchema

T = TypeVar("T")


@dataclass(frozen=True)
class Kinds(Generic[T]):
    """The classes of one package, each found by its module's name and loaded only when asked for."""

    noun: str
    package: str
    parent: type[T]
    root: Path | None = None
    """The project whose own kinds count too; None: none."""

    def of(self, root: Path | None) -> Kinds[T]:
        """These kinds, and those that a project has of its own."""
        return replace(self, root=root)

    def names(self) -> list[str]:
        """Every kind that can be written in the configuration, sorted."""
        return sorted({*_modules(self.package), *plugins(self.package), *self._files()})

    def __getitem__(self, kind: str) -> type[T]:
        """The class of a kind.

        Raises Mistake when there is no such kind, or when the file or package that has it cannot be used.
        """
        packaged, plugged, file = (
            kind in _modules(self.package),
            plugins(self.package).get(kind),
            self._files().get(kind),
        )
        if file is not None and (packaged or plugged is not None):
            what = f'there is a {self.noun} called "{kind}" already.'
            raise Mistake(Problem(what, place=Place(file), hint="Give the file another name."))
        if packaged:
            return self._only(importlib.import_module(f"{self.package}.{kind}"), f"{self.package}.{kind}")
        if plugged is not None:
            return self._plugged(plugged)
        if file is not None and self.root is not None:
            return self._only(own.module(self.root, file), file)
        raise Mistake(f'no {self.noun} is called "{kind}".', hint=did_you_mean(kind, self.names()))

    def classes(self) -> list[type[T]]:
        """Every class, in the order of the names."""
        return [self[name] for name in self.names()]

    def union(self) -> Any:
        """Any of the classes, as a type."""
        return reduce(lambda a, b: a | b, self.classes())  # type: ignore[arg-type, return-value]

    def _files(self) -> dict[str, str]:
        """By kind, the files of the project."""
        if self.root is None:
            return {}
        folder = self.package.rpartition(".")[2]
        found = sorted((self.root / folder).glob("*.py"))
        return {file.stem: f"{folder}/{file.name}" for file in found if not file.name.startswith("_")}

    def _only(self, module: ModuleType, file: str) -> type[T]:
        found = [it for it in vars(module).values() if self._is(it) and it.__module__ == module.__name__]
        if len(found) != 1:
            parent = f"{self.parent.__module__}.{self.parent.__name__}"
            what = f"must define one class made from {parent}; it defines {len(found)}."
            raise Mistake(Problem(what, place=Place(file)))
        chosen: type[T] = found[0]
        return chosen

    def _plugged(self, point: EntryPoint) -> type[T]:
        origin = f'the {self.noun} "{point.name}" of the package {point.dist.name if point.dist else point.module}'
        try:
            found = point.load()
        except Exception as error:
            what = f"{origin} cannot be imported: {type(error).__name__}: {own.first_line(error)}"
            raise Mistake(what) from error
        if not self._is(found):
            raise Mistake(f"{origin} is not made from {self.parent.__module__}.{self.parent.__name__}.")
        chosen: type[T] = found
        return chosen

    def _is(self, found: object) -> bool:
        return isinstance(found, type) and issubclass(found, self.parent)


@dataclass(frozen=True)
class ByKind:
    """For pydantic: a section whose class its key `kind` names, found when it is validated.

    The context of the validation is the project folder, or None.
    """

    kinds: Kinds[Any]

    def chosen(self, value: object, root: Path | None) -> Any:
        """The class for a value as it is written; the first kind where it names none."""
        kinds = self.kinds.of(root)
        named = value.get("kind") if isinstance(value, Mapping) else None
        return kinds[named if named in kinds.names() else kinds.names()[0]]

    def section(self, value: Any, info: ValidationInfo) -> Any:
        """The validated section. Its errors are those of a union with a discriminator."""
        from pydantic_core import PydanticCustomError, PydanticKnownError

        kinds = self.kinds.of(info.context)
        if isinstance(value, kinds.parent):
            return value
        if not isinstance(value, Mapping) or "kind" not in value:
            raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
        if value["kind"] not in kinds.names():
            expected = ", ".join(f"'{name}'" for name in kinds.names())
            named = {"discriminator": "'kind'", "tag": str(value["kind"]), "expected_tags": expected}
            raise PydanticKnownError("union_tag_invalid", named)
        try:
            found = kinds[value["kind"]]
        except Mistake as mistake:
            raise PydanticCustomError("unusable_kind", "{problem}", {"problem": mistake.problems[0]}) from None
        return found.model_validate(value, context=info.context)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_plain_validator_function(self.section)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        from pydantic import TypeAdapter

        return handler(TypeAdapter(self.kinds.union()).core_schema)


@cache
def plugins(package: str) -> dict[str, EntryPoint]:
    """The entry points of installed packages that add kinds to a package of ours, by kind."""
    return {point.name: point for point in entry_points(group=package)}


@cache
def _modules(package: str) -> tuple[str, ...]:
    folder = importlib.import_module(package).__path__
    return tuple(module.name for module in pkgutil.iter_modules(folder) if not module.name.startswith("_"))


def packages() -> list[str]:
    """The installed packages that add kinds, sorted."""
    groups = (
        "overture.runtime.data.sources",
        *(f"overture.runtime.{name}" for name in ("metrics", "models", "splits")),
    )
    points = [point for group in groups for point in plugins(group).values()]
    return sorted({point.dist.name for point in points if point.dist is not None})
