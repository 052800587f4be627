"""One training and all it left."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Mistake
from . import manifest

if TYPE_CHECKING:
    from ..model import Fitted
    from ..schema import Schema

RUNS = "runs"
FACTS, CONFIG, SCHEMA, MODEL = "run.json", "config.yaml", "schema.json", "model"
PREDICTIONS, REPORT, CARD, EXPLANATIONS = "predictions.parquet", *manifest.TOLD
OUT_OF_FOLD = "out_of_fold.parquet"
"""What each row was predicted by the model that had not learned its fold; only where there are folds."""
PACKAGES, CHANGES, HELD = "packages.txt", "changes.patch", manifest.HELD
NEEDED = {"id", "name", "created", "task", "model", "objective", "greater_is_better", "metrics", "gain", "test_rows"}
"""What run.json must say for the run to be listed."""


_elsewhere: ContextVar[Path | None] = ContextVar("elsewhere", default=None)


def runs_folder(root: Path) -> Path:
    """Where a training of this project looks for runs and leaves its own."""
    return _elsewhere.get() or root / RUNS


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Have the trainings of the block keep their runs in another folder, which stands in the project folder too."""
    token = _elsewhere.set(folder)
    try:
        yield
    finally:
        _elsewhere.reset(token)


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, and what run.json says of it."""

    folder: Path
    facts: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Run:
        """The run in a folder; hashes are not checked yet.

        Raises Mistake when the folder holds no whole run.
        """
        shown = f"{folder.parent.name}/{folder.name}"
        if not folder.is_dir():
            raise Mistake(f"{shown} is not here.", hint="Bring it back from a copy, or train and promote again.")
        try:
            facts = json.loads((folder / FACTS).read_bytes())
            named = facts["id"] == folder.name
            if not facts.keys() >= NEEDED or facts["objective"] not in facts["metrics"]:
                raise ValueError
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Mistake(f"{shown} holds no whole run.", hint="Delete it, and train again if you need it.") from error
        if not named:
            raise Mistake(f"{shown} holds the run {facts['id']}.", hint=f"Name the folder {facts['id']} again.")
        manifest.read(folder)
        return cls(folder, facts)

    @property
    def root(self) -> Path:
        """The project folder, which runs/ stands in."""
        return self.folder.parent.parent

    @property
    def id(self) -> str:
        """Twelve hex digits: the hash of what went in."""
        return str(self.facts["id"])

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.facts["name"])

    @property
    def created(self) -> str:
        """When it was recorded, in UTC, as 2026-11-23T20:29:29.123Z."""
        return str(self.facts["created"])

    @property
    def task(self) -> str:
        """The task: binary, multiclass or regression."""
        return str(self.facts["task"])

    @property
    def model(self) -> str:
        """The model as a table of runs calls it."""
        return str(self.facts["model"]["label"])

    @property
    def objective(self) -> float:
        """The metric that compares runs, on the test rows; nan where it is not defined."""
        value = self.facts["metrics"][self.facts["objective"]]["value"]
        return math.nan if value is None else float(value)

    @property
    def manifest_sha256(self) -> str:
        """The SHA-256 of manifest.json, which stands for every byte of the run."""
        from ..files import sha256

        return sha256(self.folder / manifest.NAME)

    def schema(self) -> Schema:
        """The contract as training learned it: classes and categories included."""
        from ..schema import Schema

        return Schema.model_validate_json((self.folder / SCHEMA).read_bytes())

    @property
    def told(self) -> bool:
        """Are report, card and explanations made? A sweep leaves them to be made later, by `complete`."""
        return REPORT in manifest.read(self.folder)

    def explanations(self) -> dict[str, Any] | None:
        """What explanations.json holds; None where there are none."""
        if EXPLANATIONS not in manifest.read(self.folder):
            return None
        found: dict[str, Any] = json.loads((self.folder / EXPLANATIONS).read_bytes())
        return found

    def verify(self, manifest_sha256: str | None = None) -> None:
        """Check every file against the manifest, and the manifest against the hash given.

        Raises Mistake with every file that was changed, is missing, or does not belong there.
        """
        manifest.verify(self.folder, manifest_sha256)

    def load_model(self, manifest_sha256: str | None = None) -> Fitted:
        """The model, opened only after everything was verified.

        Raises Mistake as `verify` does, and when the model's files hold types that are not allowed.
        """
        from ..adjusted import load
        from ..model import MODELS

        self.verify(manifest_sha256)
        return load(MODELS.of(self.root)[self.facts["model"]["kind"]], self.folder / MODEL, self.schema())
