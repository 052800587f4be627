"""The way from data to service that leads through one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import Mistake, OvertureError
from ..runs import manifest
from ..runs.ledger import Entry, entries
from ..runs.run import MODEL, SCHEMA, Run
from .rows import spec_of_run
from .today import Origin, origins


@dataclass(frozen=True)
class Period:
    """A time in production, in UTC."""

    since: str
    until: str | None
    """null: it is still there."""
    by: str
    why: str


@dataclass(frozen=True)
class Lineage:
    """Where one run came from and where it went."""

    run: Run
    origins: tuple[Origin, ...]
    files: dict[str, str]
    """The SHA-256 of each file of the model, and of schema.json, by its path in the run."""
    damage: tuple[str, ...]
    """What in its folder is not as it was recorded."""
    periods: tuple[Period, ...]
    """When it was in production, the oldest first."""
    targets: dict[str, dict[str, Any]]
    """How the project serves its model today, by target."""
    bentos: tuple[str, ...]
    """The Bentos on this machine that carry it."""

    @property
    def in_production(self) -> bool:
        """Is it there now?"""
        return bool(self.periods) and self.periods[-1].until is None

    def as_dict(self) -> dict[str, Any]:
        """The whole for a machine to read."""
        facts = self.run.facts
        data, inputs = facts["data"], facts.get("inputs", {})
        return {
            "data": {
                "description": data.get("description", ""),
                "sources": [asdict(origin) for origin in self.origins],
                "read": data.get("read"),
                "left_out": data.get("dropped"),
                "set_aside": data.get("aside"),
                "content": data.get("content"),
            },
            "contract": {"schema": self.files.get(SCHEMA), "configuration": inputs.get("config")},
            "split": {**facts.get("split", {}), "rows": facts.get("rows")},
            "run": {
                "id": self.run.id,
                "name": self.run.name,
                "created": self.run.created,
                "git": facts.get("git"),
                "code": inputs.get("code", {}),
                "environment": inputs.get("environment", {}),
                "whole": not self.damage,
                "damage": list(self.damage),
            },
            "model": {
                "kind": facts["model"].get("kind"),
                "label": self.run.model,
                "files": {path: hash_ for path, hash_ in self.files.items() if path != SCHEMA},
                "objective": facts["objective"],
                "metrics": facts["metrics"],
            },
            "production": {"now": self.in_production, "periods": [asdict(it) for it in self.periods]},
            "service": {"targets": self.targets, "bentos": list(self.bentos)},
        }


def lineage(root: Path, run: Run, *, look: bool = True) -> Lineage:
    """Follow one run back to its data and on to its service.

    look: compare its inputs with those of today, too; every file is hashed and every database read.
    Raises Mistake when the ledger is damaged.
    """
    from ..packaging.bento import carrying

    try:
        dataset = spec_of_run(run, root).data
    except OvertureError:
        dataset = None
    kept = manifest.read(run.folder)
    return Lineage(
        run,
        tuple(origins(run, root, dataset, look=look)),
        {path: hash_ for path, hash_ in kept.items() if path == SCHEMA or path.startswith(f"{MODEL}/")},
        tuple(_damage(run)),
        tuple(periods(entries(root), run.id)),
        _targets(root, run),
        tuple(carrying(run)),
    )


def periods(found: Sequence[Entry], run_id: str) -> list[Period]:
    """When a run was in production, by the entries of the ledger in their order."""
    made: list[Period] = []
    current: Entry | None = None
    for entry in found:
        if current is not None and entry.run != run_id:
            made.append(Period(current.at, entry.at, current.by, current.why))
            current = None
        elif current is None and entry.run == run_id:
            current = entry
    return made if current is None else [*made, Period(current.at, None, current.by, current.why)]


def _damage(run: Run) -> list[str]:
    try:
        run.verify()
    except Mistake as mistake:
        return [problem.what for problem in mistake.problems]
    return []


def _targets(root: Path, run: Run) -> dict[str, dict[str, Any]]:
    """The targets of conf/ today, which may be others than when the run was trained; those where conf/ is broken."""
    from ..config.load import load

    try:
        serving = load(root).spec.serving
    except OvertureError:
        try:
            serving = spec_of_run(run, root).serving
        except OvertureError:
            return {}
    return {name: it for name, it in serving.model_dump(mode="json").items() if it is not None}
