"""What every model family does. A family is one file in `models/`: its typed fields are its YAML keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from .errors import Problem
from .kinds import Kinds
from .options import Ability, Bounds, Method, Shape, Threshold, Weight
from .preprocessing import Need
from .schema import Class, Task
from .section import Section

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .held_out import HeldOut
    from .quick import Quick
    from .schema import Schema

Advance = Callable[[int, int], None]
"""Called while fitting with (rounds done, rounds at most), for a progress bar."""


@dataclass(frozen=True)
class Explanation:
    """Why rows were predicted so: base + contributions summed over inputs = raw score.

    base: (outputs,); contributions: (rows, inputs, outputs), inputs in the order of schema.inputs. One output for binary (log-odds of the
    positive class) and regression; one an class for multiclass. method: how it was computed, for people.
    exact: False where the share of each input is estimated, which costs many predictions a row.
    nodes: of trees, that each row was followed through; 0 where a row costs little.
    """

    base: NDArray[np.float64]
    contributions: NDArray[np.float64]
    method: str
    exact: bool = True
    nodes: int = 0


@dataclass(frozen=True)
class Cost:
    """About how many microseconds a model takes, told from counts alone (trees, rows kept, layers), so that it is the same everywhere.

    prediction: of a row among many. learning: what a row to learn from took at least; 0 where rows are only kept, or nothing is known.
    """

    prediction: float = 50.0
    learning: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        """Of both, one after the other."""
        return Cost(self.prediction + other.prediction, self.learning + other.learning)


class Fitted:
    """A model that has learned: it predicts, explains and saves itself."""

    schema: Schema
    rounds: int | None = None
    """How many rounds (trees, iterations) it has, when that was found by early stopping."""
    summary: str = ""
    """How large it became, for people: "412 of 1,000 trees"; known after fitting only."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it was fitted; known after fitting only."""
    encoded: bool = False
    """May `predict` and `explain` be given categories as pl.Enum of schema.labels? That saves looking up every text."""
    cost: Cost = Cost()
    """What a report goes by when it asks for predictions."""
    threshold: float | None = None
    """Binary: the positive class is predicted from this probability on; None: the most probable class."""
    level: float | None = None
    """Regression: the share of values that `bounds` promises to hold; None: there are no bounds."""
    raw_is_probability: bool = False
    """Classification: is the raw score a probability, as the mean of the trees of a forest is?"""
    folds: tuple[HeldOut, ...] = ()
    """What models that were fitted like this one, each without a fold, say of that fold; known after fitting only."""

    def facts(self) -> dict[str, Any]:
        """What a run and GET /model tell of its answers beside its parameters: calibration, threshold, interval."""
        return {}

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Probabilities (rows, classes) in the order of schema.classes, or values (rows,) for regression.

        frame: every input of the schema in its dtype; further columns are passed over. The same numbers, bit for bit, for
        one row alone and among many.
        """
        raise NotImplementedError

    def bounds(self, frame: pl.DataFrame, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows, 2): below and above which the true value lies no more often than `level` allows; only where level is set.

        values: what `predict` gives for the frame.
        """
        raise NotImplementedError

    def quick(self) -> Quick | None:
        """The same predictions without a frame, for a service that starts; None: there is no such way."""
        return None

    def raw(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """(rows, outputs): what explanations add up to; log-odds, raw class scores, probabilities, or the value itself."""
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

    takes_codes: ClassVar[bool] = False
    """May `fit`, and what it has fitted, be given categories as pl.Enum? They are a fraction of the memory of text."""
    rounds_param: ClassVar[str] = ""
    """The one of `params` that says how many rounds it has, where early stopping finds how many are best."""

    kind: str
    params: dict[str, Any] = {}
    """Passed on to the library as they are."""
    seed: int | None = None
    """Another seed than the project's."""
    threads: int | None = None
    """Another number of threads than the project's; null there too: one a core."""
    class_weight: Literal["balanced"] | dict[Class, Weight] | None = None
    """How much rows of each class count, by label, 1 where none is given; balanced: every class as much as any other."""
    monotone: dict[str, Shape] = {}
    """Columns whose growth may only raise, or only lower, the prediction: increasing or decreasing, by name."""
    calibration: Method | None = None
    """Mend the probabilities on validation rows: sigmoid for few rows (Platt), isotonic for a thousand and more."""
    threshold: Threshold | None = None
    """Binary: predict the positive class from this probability on, or from the one whose decisions cost least on validation
    rows: {cost: {false_positive: 1, false_negative: 5}}. Probabilities stay as they are."""
    interval: Bounds | None = None
    """Regression: answer with an interval too, which holds the share `level` of the true values."""

    def problems(self, task: Task) -> list[Problem]:
        """What in these settings the family cannot do, or not for this task; paths start with "model"."""
        raise NotImplementedError

    def abilities(self, task: Task) -> frozenset[Ability]:
        """What of the options that only some families have this one honours for a task."""
        return frozenset()

    def encodes(self, task: Task) -> tuple[Need, bool] | None:
        """How it needs columns encoded, and whether it takes missing values; None: it takes columns as they are."""
        return None

    def quantile(self, level: float) -> Model:
        """The same settings, to learn this quantile of a number; only with the ability "quantiles"."""
        raise NotImplementedError

    def packages(self) -> tuple[str, ...]:
        """Packages beside those that every training uses whose versions shape the model, as pip names them."""
        return ()

    def uses_validation(self) -> bool:
        """Does fitting need validation rows, as early stopping does?"""
        return False

    def get_ready(self) -> None:
        """Import what fitting needs and takes long to import; it is called while the data is read."""

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

    def settled(self, rounds: int) -> dict[str, Any]:
        """By its dotted key what has it learn so many rounds from all rows, in place of early stopping; empty: it has none."""
        if not self.rounds_param or not self.uses_validation():
            return {}
        return {f"params.{self.rounds_param}": rounds, "early_stopping_rounds": None}

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The model that `save` wrote. The caller has checked the hashes; no code is ever loaded.

        Raises Mistake when the files are damaged or hold types that are not allowed.
        """
        raise NotImplementedError


MODELS: Kinds[Model] = Kinds("model", "overture.runtime.models", Model)
