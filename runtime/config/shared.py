"""The data sets of a shared catalog, and what a change of them does to the projects that use them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..errors import Mistake, OvertureError, Problem
from . import explain
from .faults import PRIMARY
from .load import Loaded, examine
from .places import Document, Places, read, scalars

if TYPE_CHECKING:
    from ..data.column import AnyColumn
    from ..data.dataset import Dataset

GROUP = "data"


@dataclass(frozen=True)
class User:
    """A project, and what is to be said of it."""

    root: Path
    loaded: Loaded | None
    problems: tuple[Problem, ...]
    """What is wrong with it, places relative to the project folder."""

    @classmethod
    def open(cls, root: Path) -> User:
        """Load a project; what cannot be loaded is told, never raised."""
        try:
            loaded, problems = examine(root)
        except OvertureError as error:
            return cls(root, None, error.problems)
        if loaded is None or problems:
            return cls(root, loaded, tuple(problems))
        try:
            found = [loaded.places.locate(problem) for problem in _production(root, loaded)]
        except OvertureError as error:
            found = list(error.problems)
        return cls(root, loaded, tuple(found))

    def uses(self, file: Path) -> bool:
        """Is its data set written in this file, or put together with it?"""
        if self.loaded is None:
            return file.stem in chosen(self.root)
        return any((self.root / document.file).resolve() == file for document in self.loaded.places.documents)


def chosen(root: Path) -> set[str]:
    """The options of data that the defaults list of a project names, for when it cannot be put together."""
    try:
        node = read(root / "conf" / f"{PRIMARY}.yaml", PRIMARY)
    except Mistake:
        return set()
    return {
        str(value.value)
        for path, value, is_key in scalars(node)
        if not is_key and path[0] == "defaults" and str(path[-1]).split()[-1].lstrip("/") == GROUP
    }


def dataset(catalog: Path, file: Path, root: Path) -> tuple[Dataset | None, list[Problem]]:
    """A data set of a catalog by itself, or what is wrong with its file, places relative to the catalog's folder.

    root: the folder where relative paths of its sources start.
    """
    from omegaconf import OmegaConf

    from ..data.dataset import Dataset

    name = file.relative_to(catalog).as_posix()
    try:
        node = read(file, name)
    except Mistake as error:
        return None, list(error.problems)
    plain = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    items = plain.items() if isinstance(plain, dict) else ()
    content: dict[str, Any] = {str(key): value for key, value in items if key != "defaults"}
    places = Places([Document(name, (GROUP,), node)])
    try:
        made = Dataset.model_validate(content, context=root)
        found = made.problems()
    except ValidationError as error:
        made = None
        told = explain.problems(error, Dataset, content, root)
        found = [replace(problem, path=(GROUP, *problem.path)) for problem in told]
    return made, [places.locate(problem) for problem in found]


def _production(root: Path, loaded: Loaded) -> Iterator[Problem]:
    """What the model in production was trained with, and the contract of today does not hold any more."""
    from ..runs.ledger import production
    from ..runs.run import Run, runs_folder

    promoted = production(root)
    if promoted is None or not (folder := runs_folder(root) / promoted.run_id).is_dir():
        return
    schema, now = Run.open(folder).schema(), loaded.spec.contract
    what = f"the model in production ({promoted.run_id})"
    learned = {**schema.features, schema.target: schema.target_column} if not schema.target_from else schema.features
    for name, column in learned.items():
        here = now.columns.get(name)
        if here is None:
            yield Problem(f"{name} is not there; {what} takes it, as {_said(column)}.", (GROUP, "columns"), hint=_NEXT)
        elif (change := _change(column, here)) is not None:
            key, said = change
            where = (GROUP, "columns", name, *([key] if key else []))
            yield Problem(f"{said} expected by {what}.", where, hint=_NEXT)


_NEXT = "Take the change back, or train and promote anew: python train.py"


def _said(column: AnyColumn) -> str:
    return str(getattr(column, "type", "a column"))


def _change(before: AnyColumn, now: AnyColumn) -> tuple[str, str] | None:
    """The key that promises less than before, and what was promised; None where a row that fits now fits the model too."""
    if _said(before) != _said(now):
        return "type", f"is {_said(now)}, but {_said(before)} is"
    if now.nullable and not before.nullable:
        return "nullable", "values may be missing, but a value in every row is"
    old, new = getattr(before, "values", None), getattr(now, "values", None)
    if old is not None and new is not None and (more := [label for label in new if label not in old]):
        return "values", f"{', '.join(map(str, more[:3]))} may come, but only {', '.join(map(str, old[:12]))} are"
    return None
