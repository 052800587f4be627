"""What the latest run was trained on, for data that must not differ too much from it."""

from __future__ import annotations

from pathlib import Path

from ..data.checking import Before
from .store import runs


def before(root: Path) -> Before | None:
    """The rows and columns of the latest run that is there; None: there is none."""
    found = [run for run in runs(root) if run.facts["data"].get("stored")]
    if not found:
        return None
    latest = max(found, key=lambda run: (run.created, run.id))
    return Before(latest.id, latest.facts["data"]["read"], latest.facts["data"]["stored"])
