"""Train a run once more from what its folder says, and compare what comes out, to the last bit."""

from __future__ import annotations

import runpy
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, Problem
from ..files import sha256
from .completion import put_off
from .run import CONFIG, MODEL, OUT_OF_FOLD, PREDICTIONS, Run, kept_in

if TYPE_CHECKING:
    from .inputs import Inputs

SCRIPT = "train.py"


@dataclass(frozen=True)
class Reproduction:
    """How a training that was repeated compares with the run."""

    run: Run
    inputs: tuple[str, ...]
    """What is another now than when the run was recorded, each in a sentence; empty when nothing is."""
    model: bool
    """Is every file of the model the same, byte for byte?"""
    rows: int
    """How many test rows were predicted, in the run and now alike; 0 when they are other rows."""
    apart: float
    """The greatest difference between two predictions (probabilities, or values); 0.0: the same bits."""

    @property
    def same(self) -> bool:
        """Was the run reproduced: the same predictions to the last bit, from the same model?

        Where nothing that went in is another, the file of the model may be: CatBoost and skops write what they learned of
        texts in an order that nothing pins.
        """
        return self.rows > 0 and self.apart == 0.0 and (self.model or not self.inputs)


def reproduce(root: Path, run: Run) -> Reproduction:
    """Run the project's train.py with the configuration of a run, beside runs/, and compare.

    Raises Mistake when the run was changed since it was recorded, when train.py is not there or ends without a run, and
    as training does.
    """
    run.verify()
    if not (root / SCRIPT).is_file():
        raise Mistake("there is no train.py here.", hint=f"Bring it back: overture generate --restore {SCRIPT}")
    folder = Path(tempfile.mkdtemp(prefix=".again-", dir=root))
    try:
        with kept_in(folder), put_off():
            inputs = _trained(root, run)
        found = [Run.open(path) for path in folder.iterdir()]
        if len(found) != 1:
            raise Mistake(Problem("ended without leaving a run.", hint=f"Does {SCRIPT} still call record?"))
        return _compared(run, found[0], tuple(_changed(run.facts["inputs"], inputs)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _trained(root: Path, run: Run) -> Inputs:
    """Call what train.py calls main, as Hydra would, with the run's own configuration."""
    from omegaconf import OmegaConf

    from ..project import Project

    config = OmegaConf.load(run.folder / CONFIG)
    paths = list(sys.path)
    sys.path.insert(0, str(root))
    try:
        script = runpy.run_path(str(root / SCRIPT))
        main = getattr(script.get("main"), "__wrapped__", None)
        if main is None or "hooks" not in sys.modules:
            hint = f"See what overture writes: overture generate --restore {SCRIPT}"
            raise Mistake(Problem(f"{SCRIPT} has no function main under @entry, or imports no hooks.", hint=hint))
        main(config)
        return Project.from_config(config, sys.modules["hooks"]).inputs  # type: ignore[arg-type]
    finally:
        sys.path[:] = paths
        sys.modules.pop("hooks", None)


def _compared(run: Run, again: Run, inputs: tuple[str, ...]) -> Reproduction:
    same = _hashes(run.folder / MODEL) == _hashes(again.folder / MODEL)
    rows, apart = _apart(run, again)
    return Reproduction(run, inputs, same, rows, apart)


def _hashes(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): sha256(file) for file in sorted(folder.rglob("*")) if file.is_file()}


def _apart(run: Run, again: Run) -> tuple[int, float]:
    """How many test rows there are, and how far predictions are apart, those out of fold included."""
    rows, apart = _between(run, again, PREDICTIONS)
    if rows and (run.folder / OUT_OF_FOLD).exists():
        held, further = _between(run, again, OUT_OF_FOLD)
        return (rows, max(apart, further)) if held else (0, float("nan"))
    return rows, apart


def _between(run: Run, again: Run, name: str) -> tuple[int, float]:
    import numpy as np
    import polars as pl

    before, now = (pl.read_parquet(one.folder / name) for one in (run, again))
    if before.columns != now.columns or not before["_row"].equals(now["_row"]):
        return 0, float("nan")
    numbers = [name for name in before.columns if name.startswith("probability: ")] or ["prediction"]
    left, right = (frame.select(numbers).to_numpy() for frame in (before, now))
    return before.height, float(np.abs(left - right).max()) if left.size else 0.0


def _changed(before: dict[str, Any], now: Inputs) -> Iterator[str]:
    """What went in then and is another now."""
    for noun, old, new in (("data", before["data"], now.data), ("code", before["code"], now.code)):
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                what = "is new" if name not in old else "is gone" if name not in new else "has changed"
                yield f"{noun}: {name} {what}"
    old, new = before["environment"], now.environment
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"environment: {name} was {old.get(name, 'not there')}, is {new.get(name, 'not there')}"
    if before["config"] != now.config:
        yield "configuration: this overture reads it in another way"
