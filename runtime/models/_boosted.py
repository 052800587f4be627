"""What LightGBM and XGBoost share: encoded rows, early stopping, what was learned, and its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .. import safe_types
from ..encoding import Encoding
from ..errors import Mistake, Problem, did_you_mean, listed
from ..matrix import probabilities, targets
from ..model import Cost, Explanation, Fitted
from ..weights import weights

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ..model import Model
    from ..preprocessing import Preprocessing
    from ..schema import Schema, Task

    Array = NDArray[np.float64]

ENCODING = "encoding.skops"
_NODES = 40  # of a tree, about
FEW = 4096
"""Up to so many rows one thread is quicker than several that wait for each other."""


class Engine(Protocol):
    """Trees of a library."""

    @property
    def trees(self) -> int:
        """How many rounds."""

    def margins(self, matrix: Array) -> Array:
        """(rows, outputs): the sums of the leaves, numbered as matrix.targets numbers classes."""

    def contributions(self, matrix: Array) -> Array:
        """(rows, outputs, width + 1): what each column adds, and the base."""

    def gains(self) -> Array:
        """(width,): how much the splits on each column gained."""

    def save(self, folder: Path) -> None:
        """Write a file that holds no code."""


@dataclass(frozen=True)
class Rows:
    """Rows as a library learns them."""

    matrix: Array
    target: Array
    weights: Array | None


@dataclass
class Boosted(Fitted):
    """Boosted trees and how their columns are made."""

    encoded = True

    schema: Schema
    encoding: Encoding
    engine: Engine
    summary: str = ""
    notes: tuple[str, ...] = ()

    @property
    def rounds(self) -> int | None:  # type: ignore[override]
        """How many rounds it has."""
        return self.engine.trees

    @property
    def cost(self) -> Cost:  # type: ignore[override]
        """By trees."""
        return self.encoding.cost + Cost(0.08 * self._trees, 0.2 * self._trees)

    @property
    def _trees(self) -> int:
        return self.engine.trees * (len(self.schema.classes or []) if self.schema.task == "multiclass" else 1)

    def raw(self, frame: pl.DataFrame) -> Array:
        """The sums of the leaves."""
        outputs = len(self.schema.classes or []) if self.schema.task == "multiclass" else 1
        if frame.is_empty():
            return np.empty((0, outputs))
        return self.engine.margins(self.encoding.apply(frame, self.schema))

    def predict(self, frame: pl.DataFrame) -> Array:
        """Probabilities or values."""
        raw = self.raw(frame)
        return probabilities(raw, self.schema) if self.schema.classification else raw[:, 0]

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """Exact SHAP values of the trees (Lundberg and others 2018), as the library computes them."""
        matrix = self.encoding.apply(frame, self.schema)
        shares = self.engine.contributions(matrix)
        found = np.zeros((len(matrix), len(self.encoding.parts), shares.shape[1]))
        for column, group in enumerate(self.encoding.groups):
            found[:, group] += shares[:, :, column]
        base = shares[0, :, -1].copy()
        # Libraries add up in 32 bits; what that loses goes to the input that matters most.
        lost = self.engine.margins(matrix) - base - found.sum(axis=1)
        most = np.abs(found).argmax(axis=1)
        rows, outputs = np.indices(most.shape)
        found[rows, most, outputs] += lost
        return Explanation(base, found, "SHAP values, exact", nodes=_NODES * self._trees)

    def importance(self) -> dict[str, float]:
        """How much the splits on each input gained."""
        gains = np.bincount(self.encoding.groups, weights=self.engine.gains(), minlength=len(self.encoding.parts))
        total = float(gains.sum())
        return dict(zip(self.encoding.parts, (gains / total).tolist(), strict=True)) if total > 0 else {}

    def save(self, folder: Path) -> None:
        """Write the trees in the library's own format, and encoding.skops."""
        self.engine.save(folder)
        safe_types.save({"encoding": self.encoding.state()}, folder / ENCODING)


def encoded(
    model: Model, given: Preprocessing, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema
) -> tuple[Encoding, Rows, Rows | None]:
    """How columns are made, the rows to learn from, and those to watch."""
    told: dict[str, Any] = {"takes_missing": True, "seed": model.seed or 0, "given": given}
    encoding = Encoding.learn(train, schema, "native", **told)
    if not encoding.groups.size:
        raise Mistake(Problem("no column is left to learn from: no text has words in it.", ("data", "columns")))
    matrix = encoding.training(train, schema, "native", **told)
    rows = Rows(matrix, targets(train, schema), weights(model, train, schema))
    if valid is None:
        return encoding, rows, None
    counts = weights(model, valid, schema, train)
    return encoding, rows, Rows(encoding.apply(valid, schema), targets(valid, schema), counts)


def load_encoding(folder: Path, schema: Schema) -> Encoding:
    """What `save` wrote.

    Raises Mistake when the file is damaged, or belongs to other columns.
    """
    try:
        found = Encoding.of(safe_types.load(folder / ENCODING)["encoding"])
    except (KeyError, TypeError, AttributeError) as error:
        raise Mistake(f"{ENCODING} was not written by overture.") from error
    if list(found.parts) != list(schema.inputs):
        raise Mistake(f"{ENCODING} belongs to other columns than this run.")
    return found


def objective(params: Mapping[str, Any], objectives: Mapping[Task, tuple[str, ...]], task: Task) -> str:
    """What is minimised."""
    return str(params.get("objective", objectives[task][0]))


def problems(
    params: Mapping[str, Any],
    label: str,
    known: Mapping[str, str],
    elsewhere: Mapping[str, str],
    losses: tuple[str, ...],
    task: str,
) -> Iterator[Problem]:
    """What in `params` the library does not take, or overture sets itself.

    known: by every name that is understood, the one that is used here.
    """
    for name, value in params.items():
        path = ("model", "params", name)
        if name in elsewhere:
            yield Problem("is not set here.", path, hint=elsewhere[name])
        elif name not in known:
            offered = sorted(set(known.values()) - set(elsewhere))
            yield Problem(f"{label} has no parameter of that name.", path, hint=did_you_mean(name, offered))
        elif known[name] != name:
            yield Problem("has another name here.", path, hint=f'Write "{known[name]}".')
        elif name == "objective" and value not in losses:
            yield Problem(f"{value} is not for {task}.", path, hint=f"It can be {listed(losses)}.")
