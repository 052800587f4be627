"""What estimators of scikit-learn learned: linear ones as their coefficients, all others as they are."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import safe_types, shapley
from ..encoding import Encoding
from ..errors import Mistake
from ..matrix import in_class_order, probabilities
from ..model import Explanation, Fitted

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ..schema import Schema

    Array = NDArray[np.float64]

FILE = "model.skops"
_FEW = 4096
_SURE = 1e-9  # log-odds are of probabilities no nearer to 0 and 1 than this, so that they are finite


@dataclass
class Linear(Fitted):
    """A weighted sum of the encoded inputs."""

    schema: Schema
    encoding: Encoding
    weights: Array
    """(outputs, width)"""
    intercept: Array
    """(outputs,)"""
    center: Array
    """The mean of each column over the training rows, (width,)."""
    spread: Array
    """Its standard deviation."""

    @classmethod
    def of(
        cls, estimator: Any, encoding: Encoding, matrix: Array, schema: Schema, shift: float, scale: float
    ) -> Linear:
        """From a fitted LogisticRegression or linear regression, whose target was (value - shift) / scale."""
        weights = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64)) * scale
        intercept = np.atleast_1d(np.asarray(estimator.intercept_, dtype=np.float64)) * scale + shift
        if schema.task == "multiclass" and len(weights) == 1:  # two classes: the first scores 0
            weights, intercept = np.vstack([0 * weights, weights]), np.append(0.0, intercept)
        intercept = np.broadcast_to(intercept, (len(weights),)).copy()
        return cls(schema, encoding, weights, intercept, matrix.mean(axis=0), matrix.std(axis=0))

    def raw(self, frame: pl.DataFrame) -> Array:
        """The weighted sums."""
        matrix = self.encoding.apply(frame, self.schema)
        # Not a matrix product: BLAS adds in another order for one row than for many.
        sums = [(matrix * weights).sum(axis=1) for weights in self.weights]
        return np.stack(sums, axis=1) + self.intercept

    def predict(self, frame: pl.DataFrame) -> Array:
        """Probabilities or values."""
        raw = self.raw(frame)
        return probabilities(raw, self.schema) if self.schema.classification else raw[:, 0]

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """Weight times the distance from the mean: the SHAP values of a linear model whose inputs are independent."""
        moved = self.encoding.apply(frame, self.schema) - self.center
        found = np.zeros((frame.height, len(self.encoding.parts), len(self.weights)))
        for column, group in enumerate(self.encoding.groups):
            found[:, group, :] += moved[:, column, None] * self.weights[:, column]
        base = (self.weights * self.center).sum(axis=1) + self.intercept
        return Explanation(base, found, "weights times the distance from the mean, exact")

    def importance(self) -> dict[str, float]:
        """Weight times spread, summed over the columns of each input and over the classes."""
        return _shares((np.abs(self.weights) * self.spread).sum(axis=0), self.encoding)

    def save(self, folder: Path) -> None:
        """Write model.skops."""
        arrays = {name: getattr(self, name) for name in ("weights", "intercept", "center", "spread")}
        safe_types.save({"kind": "linear", "encoding": self.encoding.state(), **arrays}, folder / FILE)


@dataclass
class Learned(Fitted):
    """An estimator that is not linear."""

    schema: Schema
    encoding: Encoding
    estimator: Any
    background: Array
    """Training rows that stand for what is usual, encoded, (rows, width)."""
    shift: float
    scale: float
    """The target was (value - shift) / scale."""
    trusted: frozenset[str] | None = None
    """Types that the project lets the file hold besides; never written into it. None: it has no say."""

    def predict(self, frame: pl.DataFrame) -> Array:
        """Probabilities or values."""
        matrix = self.encoding.apply(frame, self.schema)
        if not self.schema.classification:
            return self._values(matrix)
        return in_class_order(self._probabilities(matrix), self.schema)

    def raw(self, frame: pl.DataFrame) -> Array:
        """Log-odds of the positive class, logarithms of probabilities, or the value."""
        return self._score(self.encoding.apply(frame, self.schema))

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """SHAP values against usual training rows, estimated from sampled orders of the inputs."""
        matrix, groups = self.encoding.apply(frame, self.schema), self.encoding.groups
        base = self._score(self.background).mean(axis=0)
        found = shapley.contributions(self._score, matrix, self.background, groups, len(self.encoding.parts))
        return Explanation(base, found, "SHAP values, sampled", exact=False)

    def importance(self) -> dict[str, float]:
        """How much impurity the splits on each input take away, where the estimator knows."""
        found = getattr(self.estimator, "feature_importances_", None)
        return {} if found is None else _shares(np.asarray(found, dtype=np.float64), self.encoding)

    def save(self, folder: Path) -> None:
        """Write model.skops."""
        plain = {name: getattr(self, name) for name in ("estimator", "background", "shift", "scale")}
        safe_types.save({"kind": "learned", "encoding": self.encoding.state(), **plain}, folder / FILE, self.trusted)

    def _score(self, matrix: Array) -> Array:
        """(rows, outputs)"""
        if not self.schema.classification:
            return self._values(matrix)[:, None]
        logs = np.log(np.clip(self._probabilities(matrix), _SURE, 1 - _SURE))
        return logs[:, 1:] - logs[:, :1] if self.schema.task == "binary" else logs

    def _values(self, matrix: Array) -> Array:
        if not len(matrix):
            return np.empty(0)
        with _threads(len(matrix)):
            found = np.asarray(self.estimator.predict(matrix), dtype=np.float64).reshape(len(matrix))
        return found * self.scale + self.shift

    def _probabilities(self, matrix: Array) -> Array:
        """(rows, classes), numbered as matrix.targets numbers them."""
        found = np.zeros((len(matrix), len(self.schema.classes or [])))
        if len(matrix):
            with _threads(len(matrix)):
                found[:, self.estimator.classes_] = self.estimator.predict_proba(matrix)
        return found


def load(folder: Path, schema: Schema, trusted: frozenset[str] = frozenset()) -> Linear | Learned:
    """What `save` wrote.

    trusted: types of the project that the file may hold besides.
    Raises Mistake when the file is damaged, holds types that are not allowed, or belongs to other columns.
    """
    state = safe_types.load(folder / FILE, trusted)
    kinds: dict[str, Any] = {"linear": Linear, "learned": Learned}
    try:
        made = kinds[state.pop("kind")]
        found: Linear | Learned = made(schema, Encoding.of(state.pop("encoding")), **state)
    except (KeyError, TypeError, AttributeError) as error:
        raise Mistake(f"{FILE} was not written by overture.") from error
    if list(found.encoding.parts) != list(schema.inputs):
        raise Mistake(f"{FILE} belongs to other columns than this run.")
    return found


def _threads(rows: int) -> AbstractContextManager[Any]:
    """One thread for few rows: on a busy machine threads that wait for each other cost far more than they save."""
    return nullcontext() if rows > _FEW else _pools().limit(limits=1)


@cache
def _pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _shares(columns: Array, encoding: Encoding) -> dict[str, float]:
    """Figures of columns as shares of their inputs; none when all are zero."""
    sums = np.bincount(encoding.groups, weights=columns, minlength=len(encoding.parts))
    total = float(sums.sum())
    return dict(zip(encoding.parts, (sums / total).tolist(), strict=True)) if total > 0 else {}
