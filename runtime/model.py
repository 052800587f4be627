"""What every model family does. A family is one file in `models/`: its typed fields are its YAML keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Problem
from .kinds import Kinds
from .section import Section

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .quick import Quick
    from .schema import Schema, Task

Advance = Callable[[int, int], None]
"""Called while fitting with (rounds done, rounds at most), for a progress bar."""


@dataclass(frozen=True)
class Explanation:
    """Why rows were predicted so: base + contributions summed over inputs = raw score.

    base: (outputs,); contributions: (rows, inputs, outputs), inputs in the order of schema.inputs. One output for binary (log-odds of the
    positive class) and regression; one an class for multiclass. method: how it was computed, for people.
    exact: False where the share of each input is estimated, which costs many predictions a row.
    """

    base: NDArray[np.float64]
    contributions: NDArray[np.float64]
    method: str
    exact: bool = True


class Fitted:
    """A model that has learned: it predicts, explains and saves itself."""

    schema: Schema
    rounds: int | None = None
    """How many rounds (trees, iterations) it has, when that was found by early stopping."""
    summary: str = ""
    """How large it became, for people: "412 of 1,000 trees"; known after fitting only."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it was fitted; known after fitting only."""

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Probabilities (rows, classes) in the order of schema.classes, or values (rows,) for regression.

        frame: every input of the schema in its dtype; further columns are passed over. The same numbers, bit for bit, for
        one row alone and among many.
        """
        raise NotImplementedError

    def quick(self) -> Quick | None:
        """The same predictions without a frame, for a service that starts; None: there is no such way."""
        return None

    def raw(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """(rows, outputs): what explanations add up to; log-odds, raw class scores, or the value itself."""
        raise NotImplementedError

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """What each input added to the raw score of each row."""
        raise NotImplementedError

    def importance(self) -> dict[str, float]:
        """How much the model leans on each input: shares that sum to 1; empty when the family has no such figure."""
        return {}

    def save(self, folder: Path) -> None:
        """Write the model into an existing folder, in files that hold no code."""
        raise NotImplementedError


class Model(Section):
    """A model family and its settings."""

    kind: str
    params: dict[str, Any] = {}
    """Passed on to the library as they are."""
    seed: int | None = None
    """Another seed than the project's."""
    threads: int | None = None
    """Another number of threads than the project's; null there too: one a core."""

    def problems(self, task: Task) -> list[Problem]:
        """What in these settings the family cannot do, or not for this task; paths start with "model"."""
        raise NotImplementedError

    def uses_validation(self) -> bool:
        """Does fitting need validation rows, as early stopping does?"""
        return False

    def label(self, task: Task) -> str:
        """What a table of runs calls it, for example "random_forest"."""
        raise NotImplementedError

    def fit(
        self,
        train: pl.DataFrame,
        valid: pl.DataFrame | None,
        schema: Schema,
        advance: Advance,
    ) -> Fitted:
        """Learn from rows that hold the inputs and the target; `schema` is learned (classes, categories).

        `seed` and `threads` are filled from the project before.

        valid is None unless `uses_validation()`. Same rows, settings, seed and packages: the same model, bit for bit.
        Raises Mistake when the rows cannot teach this family.
        """
        raise NotImplementedError

    def relearn(self, fitted: Fitted, frame: pl.DataFrame, advance: Advance) -> Fitted | None:
        """The same model learned from train and valid together, with the rounds that were found; None: it stays as it is."""
        return None

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The model that `save` wrote. The caller has checked the hashes; no code is ever loaded.

        Raises Mistake when the files are damaged or hold types that are not allowed.
        """
        raise NotImplementedError


MODELS: Kinds[Model] = Kinds("model", "overture.runtime.models", Model)
