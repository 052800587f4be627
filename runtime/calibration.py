"""Probabilities that keep their word, learned from rows the model has not seen.

Each class is calibrated on its log-odds, and the classes are brought to sum to 1; for binary only the positive class is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import classes
from .errors import Mistake, Problem
from .matrix import probabilities as of_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .options import Method
    from .schema import Schema

    Array = NDArray[np.float64]

SURE = 1e-9  # log-odds are of probabilities no nearer to 0 and 1 than this, so that they are finite


@dataclass(frozen=True)
class Sigmoid:
    """The log-odds are stretched and moved (Platt 1999)."""

    slope: float
    offset: float

    @classmethod
    def learn(cls, odds: Array, truth: Array, weights: Array) -> Sigmoid:
        """By the most likely slope and offset, with Platt's targets, which few rows cannot drive to the extremes."""
        from scipy.optimize import minimize

        there, gone = (weights * truth).sum(), (weights * (1 - truth)).sum()
        aim = np.where(truth == 1, (there + 1) / (there + 2), 1 / (gone + 2))

        def loss(at: Array) -> tuple[float, Array]:
            raw = at[0] * odds + at[1]
            error = weights * (np.exp(-np.logaddexp(0.0, -raw)) - aim)
            value = (weights * (np.logaddexp(0.0, raw) - aim * raw)).sum()
            return float(value), np.array([(error * odds).sum(), error.sum()])

        found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)])
        return cls(float(found.x[0]), float(found.x[1]))

    def apply(self, odds: Array) -> Array:
        """Log-odds (rows,) from log-odds."""
        return self.slope * odds + self.offset


@dataclass(frozen=True)
class Isotonic:
    """Steps with straight lines between, never falling; never surer than the rows they come from allow."""

    at: list[float]
    """Log-odds, rising."""
    share: list[float]
    """The probability there."""

    @classmethod
    def learn(cls, odds: Array, truth: Array, weights: Array) -> Isotonic:
        """By pooling adjacent violators."""
        from sklearn.isotonic import IsotonicRegression

        found = IsotonicRegression().fit(odds, truth, sample_weight=weights)
        least = 1 / (len(odds) + 2)
        return cls(found.X_thresholds_.tolist(), np.clip(found.y_thresholds_, least, 1 - least).tolist())

    def apply(self, odds: Array) -> Array:
        """Log-odds (rows,) from log-odds."""
        at, share = np.array(self.at), np.array(self.share)
        if len(at) == 1:
            found = np.full(odds.shape, share[0])
        else:
            left = np.clip(np.searchsorted(at, odds, side="right") - 1, 0, len(at) - 2)
            part = np.clip((odds - at[left]) / (at[left + 1] - at[left]), 0.0, 1.0)
            found = share[left] + part * (share[left + 1] - share[left])
        raw: Array = np.log(found) - np.log1p(-found)
        return raw


@dataclass(frozen=True)
class Calibration:
    """One map for binary, one a class for multiclass."""

    method: Method
    maps: tuple[Sigmoid | Isotonic, ...]

    @classmethod
    def learn(
        cls, method: Method, predicted: Array, number: NDArray[np.int64], weights: Array, schema: Schema
    ) -> Calibration:
        """From what a model says of rows that it has not seen.

        predicted: (rows, classes) in the order of schema.classes; number: the place of each row's class in it.
        Raises Mistake when a class has no row among them, or all rows are of it.
        """
        kind = Sigmoid if method == "sigmoid" else Isotonic
        maps = []
        for place in _learned(schema):
            truth = (number == place).astype(np.float64)
            if not (weights * truth).any() or not (weights * (1 - truth)).any():
                what = f"the {len(number):,} validation rows lack a class, so no probability can be calibrated by them."
                raise Mistake(Problem(what, ("model", "calibration"), hint="Set more rows aside, or leave it out."))
            maps.append(kind.learn(odds(predicted, place), truth, weights))
        return cls(method, tuple(maps))

    def apply(self, predicted: Array, schema: Schema) -> Array:
        """Probabilities in the same shape. Each row by itself: the same bits alone and among many."""
        columns = [map.apply(odds(predicted, place)) for map, place in zip(self.maps, _learned(schema), strict=True)]
        if schema.task == "binary":
            return of_odds(columns[0][:, None], schema)
        shares = [np.exp(-np.logaddexp(0.0, -column)) for column in columns]
        total = sum(shares[1:], shares[0])
        return np.stack([share / total for share in shares], axis=1)

    def state(self) -> dict[str, Any]:
        """Plain values, to be saved."""
        return {"method": self.method, "maps": [vars(map) for map in self.maps]}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Calibration:
        """What `state` describes. Raises KeyError or TypeError when it describes none."""
        kind: Any = {"sigmoid": Sigmoid, "isotonic": Isotonic}[state["method"]]
        return cls(state["method"], tuple(kind(**map) for map in state["maps"]))


def odds(predicted: Array, place: int) -> Array:
    """The log-odds of one class, finite, shape (rows,)."""
    share = np.clip(np.ascontiguousarray(predicted[:, place]), SURE, 1 - SURE)
    raw: Array = np.log(share) - np.log1p(-share)
    return raw


def _learned(schema: Schema) -> list[int]:
    """The places of the classes that have a map."""
    order = classes.scoring_order(schema)
    return order[-1:] if schema.task == "binary" else order
