"""What a run is about to do, so that the next run knows what a killed one did.

A file that already holds what the journal says was written by that run, not by a person: what it was generated from is its base.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .manifest import FOLDER, Manifest, digest, read_base

if TYPE_CHECKING:
    from .plan import Step

NAME = f"{FOLDER}/journal.json"


def write(steps: Iterable[Step]) -> str:
    """The text of the journal: for each file what it will hold, and what will be remembered of it."""
    entries = {
        step.path: {"data": _sha(step.data), "bases": [digest(base) for base in step.bases], "once": step.once}
        for step in steps
    }
    return json.dumps(entries, indent=1) + "\n"


def settle(root: Path, last: Manifest) -> Manifest:
    """What was generated last, with what a killed run did; without one, as it is."""
    try:
        entries = json.loads((root / NAME).read_bytes())
    except (FileNotFoundError, ValueError):
        return last
    for path, entry in entries.items():
        file = root / path
        texts = tuple(read_base(root, path, sha) for sha in entry["bases"])
        if _sha(file.read_bytes() if file.is_file() else None) != entry["data"] or None in texts:
            continue
        bases = {known: given for known, given in last.bases.items() if known != path}
        bases |= {path: tuple(text for text in texts if text is not None)} if texts else {}
        last = replace(last, bases=bases, once=last.once | {path} if entry["once"] else last.once - {path})
    return last


def _sha(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
