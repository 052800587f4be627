"""A shared catalog: its data sets, how old and large their data are, and the projects that use them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overture.runtime.config import catalogs, shared
from overture.runtime.errors import Mistake, OvertureError, Problem
from overture.runtime.runs.ledger import production

if TYPE_CHECKING:
    from overture.runtime.data.dataset import Dataset

DEPTH = 3
"""How many folders below the given one a project may lie."""


@dataclass(frozen=True)
class Use:
    """A project that uses a data set."""

    project: str
    """Its folder, relative to where projects were looked for."""
    production: str | None
    """The run that is in production."""


@dataclass(frozen=True)
class Entry:
    """One data set of a catalog."""

    name: str
    owner: str
    description: str
    changed: float | None
    """When its files were written last, in seconds since 1970; None where the data are no local files."""
    size: int | None
    """Bytes of its files."""
    contract: str
    """valid, invalid, kept, or broken with how often."""
    used_by: tuple[Use, ...]

    def as_dict(self) -> dict[str, Any]:
        """The data set for a machine to read."""
        age = None if self.changed is None else round(time.time() - self.changed)
        uses = [{"project": use.project, "production": use.production} for use in self.used_by]
        return {
            "name": self.name,
            "owner": self.owner,
            "description": self.description,
            "age_seconds": age,
            "bytes": self.size,
            "contract": self.contract,
            "used_by": uses,
        }


def users(catalog: Path, below: Path) -> list[shared.User]:
    """The projects below a folder that name the catalog in hydra.searchpath, each loaded."""
    found = []
    for depth in range(DEPTH + 1):
        for path in sorted(below.glob("*/" * depth + "conf/config.yaml")):
            root = path.parent.parent.resolve()
            try:
                names = catalog in catalogs.named(root)
            except Mistake:  # its own `overture check` tells
                continue
            if names:
                found.append(shared.User.open(root))
    return found


def listing(catalog: Path, below: Path, projects: Sequence[shared.User], *, read: bool = False) -> list[Entry]:
    """Every data set of a catalog, by name; read: hold the rows to the contract, too."""
    return [_entry(catalog, below, file, projects, read) for file in sorted((catalog / "data").glob("*.yaml"))]


def problems(catalog: Path, projects: Sequence[shared.User]) -> Iterator[tuple[str, list[Problem]]]:
    """What is wrong, project by project, then with data sets that no project uses; places as seen from the catalog."""
    for user in projects:
        name = catalogs.shown(catalog.parent, user.root)
        yield name, [_seen_from(catalog.parent, user.root, problem) for problem in user.problems]
    for file in sorted((catalog / "data").glob("*.yaml")):
        if any(user.uses(file) for user in projects):
            continue
        _, found = shared.dataset(catalog, file, catalog)
        if found:
            yield (
                f"{catalog.name} (no project uses {file.stem})",
                [_seen_from(catalog.parent, catalog, problem) for problem in found],
            )


def _seen_from(base: Path, root: Path, problem: Problem) -> Problem:
    if problem.place is None:
        return problem
    file = catalogs.shown(base, Path(catalogs.folder(root, problem.place.file)))
    return replace(problem, place=replace(problem.place, file=file))


def _entry(catalog: Path, below: Path, file: Path, projects: Sequence[shared.User], read: bool) -> Entry:
    using = [user for user in projects if user.uses(file)]
    root = using[0].root if using else catalog
    loaded = using[0].loaded if using else None
    alone, found = shared.dataset(catalog, file, root)
    dataset = loaded.spec.data if loaded is not None and not using[0].problems else alone
    changed, size = _state(dataset, root) if dataset else (None, None)
    state = "invalid" if dataset is None or (found and alone is dataset) else _kept(dataset, root) if read else "valid"
    uses = tuple(Use(catalogs.shown(below, user.root), _promoted(user.root)) for user in using)
    about = dataset or alone
    return Entry(
        file.stem, about.owner if about else "", about.description if about else "", changed, size, state, uses
    )


def _promoted(root: Path) -> str | None:
    try:
        found = production(root)
    except Mistake:
        return None
    return found.run_id if found else None


def _state(dataset: Dataset, root: Path) -> tuple[float | None, int | None]:
    """When the files were written last, and their bytes."""
    try:
        stats = [path.stat() for path in dataset.files(root)]
    except (OvertureError, OSError):
        return None, None
    return (max(stat.st_mtime for stat in stats), sum(stat.st_size for stat in stats)) if stats else (None, None)


def _kept(dataset: Dataset, root: Path) -> str:
    """Do the rows keep what the columns promise?"""
    from overture.runtime.data.contract import conform
    from overture.runtime.data.joins import joined

    try:
        raw = joined(dataset, root, dict(dataset.columns))
        found = conform(raw.frame, dict(dataset.columns), timezone=dataset.timezone, numbers=raw.numbers)
    except OvertureError as error:
        return f"unreadable: {error.problems[0].what}"
    breaches = [*raw.breaches, *found.breaches]
    return f"broken: {len(breaches)} {'breach' if len(breaches) == 1 else 'breaches'}" if breaches else "kept"
