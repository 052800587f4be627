"""What estimators of scikit-learn learned: linear ones as their coefficients, all others as they are."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import safe_types, shapley
from ..encoding import Encoding
from ..errors import Mistake
from ..matrix import in_class_order, probabilities
from ..model import Cost, Explanation, Fitted
from ..threads import pools
from ._packed_forest import packed, unpacked
from ._sklearn_cost import cost
from ._trees import Ensemble, ensemble

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ..quick import Quick
    from ..schema import Schema
    from ._tree_shapley import TreeShapley

    Array = NDArray[np.float64]

FILE = "model.skops"
_FEW = 4096
_SURE = 1e-9  # log-odds are of probabilities no nearer to 0 and 1 than this, so that they are finite


@dataclass
class Linear(Fitted):
    """A weighted sum of the encoded inputs."""

    encoded = True

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

    @property
    def cost(self) -> Cost:  # type: ignore[override]
        """By weights."""
        return self.encoding.cost + Cost(0.5 + 0.01 * self.weights.size, 0.1 * self.weights.size)

    def raw(self, frame: pl.DataFrame) -> Array:
        """The weighted sums."""
        return self._sums(self.encoding.apply(frame, self.schema))

    def predict(self, frame: pl.DataFrame) -> Array:
        """Probabilities or values."""
        return self._outputs(self.encoding.apply(frame, self.schema))

    def quick(self) -> Quick | None:
        """The same sums of plain rows; none where an input is text."""
        from ._encoding_quick import quick_encoding
        from ._linear_quick import QuickLinear

        encode = quick_encoding(self.encoding, self.schema)
        return None if encode is None else QuickLinear(encode, self._outputs)

    def _sums(self, matrix: Array) -> Array:
        """(rows, outputs)"""
        # Not a matrix product: BLAS adds in another order for one row than for many.
        sums = [(matrix * weights).sum(axis=1) for weights in self.weights]
        return np.stack(sums, axis=1) + self.intercept

    def _outputs(self, matrix: Array) -> Array:
        raw = self._sums(matrix)
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

    encoded = True

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
        return self._outputs(self.encoding.apply(frame, self.schema))

    def quick(self) -> Quick | None:
        """The same predictions of plain rows, where the estimator is a forest or hist_gradient_boosting and no input is text."""
        from ._boosting_quick import QuickBoosting
        from ._encoding_quick import quick_encoding
        from ._forest_quick import QuickForest

        trees, encode = self._trees, quick_encoding(self.encoding, self.schema)
        if trees is None or encode is None:
            return None
        if not trees.boosted:
            return QuickForest(encode, trees, self._of_sums, self._outputs)
        try:
            return QuickBoosting(self.encoding, self.schema, trees, self._of_sums)
        except MemoryError:
            return None

    def raw(self, frame: pl.DataFrame) -> Array:
        """The value; log-odds of the positive class or logarithms of probabilities; for forests the probabilities themselves,
        which are what their trees add up to."""
        return self._score(self.encoding.apply(frame, self.schema))

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """Exact SHAP values of trees; for others SHAP values against usual training rows, estimated from sampled orders of the inputs."""
        matrix, groups = self.encoding.apply(frame, self.schema), self.encoding.groups
        if self._exact is not None:
            shares = self._exact.contributions(matrix) * self.scale
            found = np.zeros((len(matrix), len(self.encoding.parts), shares.shape[2]))
            for column, group in enumerate(groups):
                found[:, group] += shares[:, column]
            base, nodes = self._exact.base * self.scale + self.shift, self._exact.nodes
            return Explanation(base, found, "SHAP values, exact", nodes=nodes)
        usual = shapley.usual(self.background)
        base = self._score(usual).mean(axis=0)
        found = shapley.contributions(self._score, matrix, usual, groups, len(self.encoding.parts))
        return Explanation(base, found, "SHAP values, sampled", exact=False)

    def importance(self) -> dict[str, float]:
        """How much impurity the splits on each input take away, where the estimator knows."""
        found = getattr(self.estimator, "feature_importances_", None)
        return {} if found is None else _shares(np.asarray(found, dtype=np.float64), self.encoding)

    def save(self, folder: Path) -> None:
        """Write model.skops."""
        plain = {"background": self.background, "shift": self.shift, "scale": self.scale, **packed(self.estimator)}
        safe_types.save({"kind": "learned", "encoding": self.encoding.state(), **plain}, folder / FILE, self.trusted)

    @cached_property
    def _trees(self) -> Ensemble | None:
        """The trees, where the estimator has them and learned every class."""
        trees, classes = ensemble(self.estimator), len(self.schema.classes or [])
        if trees is None or not self.schema.classification:
            return trees
        sums = 1 if trees.boosted and self.schema.task == "binary" else classes
        return trees if len(self.estimator.classes_) == classes and trees.outputs == sums else None

    @cached_property
    def _exact(self) -> TreeShapley | None:
        from ._tree_shapley import TreeShapley

        trees = self._trees
        if trees is None:
            return None
        outputs = [1] if self.raw_is_probability and self.schema.task == "binary" else [*range(trees.outputs)]
        try:
            return TreeShapley(trees, outputs)
        except ValueError:
            return None

    @property
    def cost(self) -> Cost:  # type: ignore[override]
        """By trees, layers, or rows kept to be compared with."""
        return self.encoding.cost + cost(self.estimator, self._trees, len(self.encoding.groups))

    @property
    def raw_is_probability(self) -> bool:  # type: ignore[override]
        """That of a forest is."""
        return self.schema.classification and self._trees is not None and not self._trees.boosted

    @property
    def _boosted(self) -> bool:
        """Are its sums of trees raw scores of the classes?"""
        return self.schema.classification and self._trees is not None and self._trees.boosted

    def _outputs(self, matrix: Array) -> Array:
        if not self.schema.classification:
            return self._values(matrix)
        return self._of_sums(self._margins(matrix) if self._boosted else self._probabilities(matrix))

    def _of_sums(self, sums: Array) -> Array:
        """Probabilities or values, from what the estimator says."""
        if not self.schema.classification:
            return sums[:, 0] * self.scale + self.shift
        return probabilities(sums, self.schema) if self._boosted else in_class_order(sums, self.schema)

    def _score(self, matrix: Array) -> Array:
        """(rows, outputs)"""
        if not self.schema.classification:
            return self._values(matrix)[:, None]
        if self._boosted:
            return self._margins(matrix)
        found = self._probabilities(matrix)
        if self.raw_is_probability:
            return found[:, 1:] if self.schema.task == "binary" else found
        logs = np.log(np.clip(found, _SURE, 1 - _SURE))
        return logs[:, 1:] - logs[:, :1] if self.schema.task == "binary" else logs

    def _margins(self, matrix: Array) -> Array:
        """(rows, outputs): the raw scores of boosted trees."""
        if not len(matrix):
            return np.empty((0, len(self._trees.start) if self._trees else 0))
        with _threads(len(matrix)):
            found = np.asarray(self.estimator.decision_function(matrix), dtype=np.float64)
        return np.ascontiguousarray(found.reshape(len(matrix), -1))

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
    try:
        made: Any = {"linear": Linear, "learned": Learned}[state.pop("kind")]
        found: Linear | Learned = made(schema, Encoding.of(state.pop("encoding")), **unpacked(state))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Mistake(f"{FILE} was not written by overture.") from error
    if list(found.encoding.parts) != list(schema.inputs):
        raise Mistake(f"{FILE} belongs to other columns than this run.")
    return found


def _threads(rows: int) -> AbstractContextManager[Any]:
    """One thread for few rows: on a busy machine threads that wait for each other cost far more than they save."""
    return nullcontext() if rows > _FEW else pools().limit(limits=1)


def _shares(columns: Array, encoding: Encoding) -> dict[str, float]:
    """Figures of columns as shares of their inputs; none when all are zero."""
    sums = np.bincount(encoding.groups, weights=columns, minlength=len(encoding.parts))
    total = float(sums.sum())
    return dict(zip(encoding.parts, (sums / total).tolist(), strict=True)) if total > 0 else {}
