"""A sweep: its folder, what was asked for, and the jobs that were run so far."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import Mistake
from ..files import write
from ..ids import meant
from .job import Job

SWEEPS = "sweeps"
FACTS, JOBS, PAGE, LOCK = "sweep.json", "jobs", "leaderboard.html", ".lock"
NEEDED = {"id", "kind", "created", "words", "jobs", "metrics"}


@dataclass(frozen=True)
class Sweep:
    """What sweep.json says, and the folder it stands in."""

    folder: Path
    facts: dict[str, Any]

    @classmethod
    def begin(cls, root: Path, sweep_id: str, facts: dict[str, Any]) -> Sweep:
        """A sweep that is there already goes on, but for jobs that failed or were killed; what was asked for may have grown."""
        folder = root / SWEEPS / sweep_id
        before = _facts(folder) or {}
        created = before.get("created") or datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        kept = {"best": before["best"]} if "best" in before else {}
        sweep = cls(folder, {"id": sweep_id, "created": created, **facts, **kept})
        (folder / JOBS).mkdir(parents=True, exist_ok=True)
        sweep.write()
        for file in (folder / JOBS).glob("[0-9]*.json"):
            job = Job.read(file)
            if job is None or job.state in ("running", "failed"):  # killed, or worth another try
                file.unlink(missing_ok=True)
        return sweep

    @classmethod
    def open(cls, folder: Path) -> Sweep:
        """The sweep of a folder.

        Raises Mistake when sweep.json is missing or damaged.
        """
        facts = _facts(folder)
        if facts is None:
            raise Mistake(f"{SWEEPS}/{folder.name} holds no sweep.", hint="Delete it; its runs stay.")
        return cls(folder, facts)

    @property
    def id(self) -> str:
        """Eight hex digits: the hash of what was asked for."""
        return str(self.facts["id"])

    @property
    def root(self) -> Path:
        """The project folder."""
        return self.folder.parent.parent

    @property
    def search(self) -> bool:
        """Are its jobs trials, which never see a test row?"""
        return bool(self.facts["kind"] == "search")

    @property
    def judged(self) -> str:
        """Of a search, by what its trials are judged, in words."""
        return str(self.facts.get("judged", "on validation rows"))

    @property
    def planned(self) -> int:
        """How many jobs were asked for."""
        return int(self.facts["jobs"])

    @property
    def metrics(self) -> dict[str, bool]:
        """What its trials make better: by metric, whether more is better."""
        return dict(self.facts["metrics"])

    def write(self) -> None:
        """Write sweep.json."""
        write(self.folder / FACTS, json.dumps(self.facts, indent=1, ensure_ascii=False) + "\n")

    def keep(self, job: Job) -> None:
        """Write what is known of a job; one that has ended is safe on the disk afterwards."""
        write(self.folder / JOBS / f"{job.number:05}.json", job.text())

    def job(self, number: int) -> Job | None:
        """What is known of a job; None: it was not begun."""
        return Job.read(self.folder / JOBS / f"{number:05}.json")

    def jobs(self) -> list[Job]:
        """Every job that was begun, by number."""
        found = (Job.read(file) for file in sorted((self.folder / JOBS).glob("[0-9]*.json")))
        return [job for job in found if job is not None]

    def best(self) -> dict[str, Any] | None:
        """Of a search that ended: the number of its best trial, its overrides, and the run they gave."""
        found = self.facts.get("best")
        return dict(found) if found else None


def sweeps(root: Path) -> list[Sweep]:
    """Every sweep of a project, the newest first."""
    found = [*_opened(root)]
    return sorted(found, key=lambda sweep: (sweep.facts["created"], sweep.id), reverse=True)


def find(root: Path, wanted: str) -> Sweep:
    """The sweep of an id, of the beginning of one, or the "last".

    Raises Mistake when there is none, or more than one.
    """
    known = sweeps(root)
    if not known:
        raise Mistake("there are no sweeps yet.", hint="Make one: python train.py sweep=catboost")
    if wanted == "last":
        return known[0]
    ids = sorted(sweep.id for sweep in known)
    return meant(wanted, known, "sweep", f"There are: {', '.join(ids[:5])}.")


def _opened(root: Path) -> Iterator[Sweep]:
    for folder in sorted((root / SWEEPS).glob("*")):
        facts = _facts(folder)
        if facts is not None:
            yield Sweep(folder, facts)


def _facts(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / FACTS).read_bytes())
        return found if found.keys() >= NEEDED and found["id"] == folder.name else None
    except (OSError, ValueError, AttributeError):
        return None
