"""What evaluation found out about a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import figures

if TYPE_CHECKING:
    import polars as pl

    from .slices import Slice


@dataclass(frozen=True)
class Interval:
    """A number and where, with a confidence of 95 %, it lies; nan where it is not defined."""

    value: float
    low: float
    high: float

    @property
    def turned(self) -> Interval:
        """The same seen from the other side: a gain as a loss."""
        return Interval(-self.value, -self.high, -self.low)

    def __str__(self) -> str:
        return figures.interval(self.value, self.low, self.high)


@dataclass(frozen=True)
class Spread:
    """A metric over folds; nan where it is not defined in one of them."""

    folds: tuple[float, ...]
    """On the rows of each fold."""
    mean: float
    deviation: float
    """The standard deviation over folds; nan of a single one."""
    low: float
    high: float
    """Where the mean lies with a confidence of 95 %, by Student's t with the correction of Nadeau and Bengio (2003) for models
    that share the rows they learn from."""

    def __str__(self) -> str:
        return figures.spread(self.mean, self.deviation)


@dataclass(frozen=True)
class CrossValidation:
    """The metrics of models that each were fitted without one fold, on the rows of that fold."""

    objective: str
    greater_is_better: bool
    metrics: dict[str, Spread]
    """By name, the objective first."""
    rows: tuple[tuple[int, int], ...]
    """For each fold how many rows were learned from, and how many held out."""
    rounds: tuple[int | None, ...]
    """For each fold how many rounds its model has, where that was found by early stopping."""
    predictions: pl.DataFrame
    """Out of fold: one row a row held out, as Scores.predictions, and "fold"."""
    notes: tuple[str, ...] = ()
    """What a person should know before trusting the numbers."""

    @property
    def value(self) -> float:
        """The mean of the objective."""
        return self.metrics[self.objective].mean


@dataclass(frozen=True)
class BaselineScores:
    """The metrics of a prediction without a model."""

    name: str
    """dummy or last value."""
    label: str
    """What it says, for people: always "No"."""
    metrics: dict[str, float]


@dataclass(frozen=True)
class Scores:
    """The metrics of a model on its test rows, beside those of baselines."""

    objective: str
    """The metric that compares runs."""
    metrics: dict[str, Interval]
    """By name, the objective first."""
    baselines: tuple[BaselineScores, ...]
    """The same metrics for what predicts without a model, the best in the objective first."""
    gain: Interval
    """How much better than the best baseline the model is in the objective, paired over the same rows; positive is better."""
    predictions: pl.DataFrame
    """One row a test row: "_row", the key if there is one, "target", "prediction", and "probability: <class>" for each class."""
    rows: dict[str, int]
    """How many rows each part has."""
    notes: tuple[str, ...]
    """What a person should know before trusting the numbers."""
    slices: tuple[Slice, ...] = ()
    """The same metrics on parts of the test rows."""
    folds: CrossValidation | None = None
    """The same metrics by cross-validation; None: there were no folds."""

    @property
    def baseline(self) -> dict[str, float]:
        """The metrics of the best baseline, which the model has to beat."""
        return self.baselines[0].metrics

    @property
    def baseline_label(self) -> str:
        """What the best baseline says, for people."""
        return self.baselines[0].label
