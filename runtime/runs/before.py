"""What the latest run was trained on, for data that must not differ too much from it."""

from __future__ import annotations

from pathlib import Path

from ..data.checking import Before
from ..data.stored import Stored
from .store import runs


def before(root: Path) -> Before | None:
    """The rows and columns of the latest run that is there; None: there is none."""
    found = [run for run in runs(root) if isinstance(run.facts["data"].get("stored"), dict)]
    if not found:
        return None
    latest = max(found, key=lambda run: (run.created, run.id))
    data = latest.facts["data"]
    return Before(latest.id, data["read"], Stored(**data["stored"]))
