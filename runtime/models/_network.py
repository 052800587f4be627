"""A neural network that was learned by scikit-learn, evaluated so that a row alone gets the same bits as among many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_BLOCK = 1024  # rows at a time, so that what is in between stays in the cache


@dataclass
class Network:
    """The weights of an MLPClassifier or MLPRegressor."""

    weights: list[Array]
    """For each layer (inputs, outputs)."""
    biases: list[Array]
    """For each layer (outputs,)."""
    activation: str
    last: str
    """The activation of the last layer: identity, logistic or softmax."""
    classes_: Any = None

    @classmethod
    def of(cls, estimator: Any) -> Network:
        """From a fitted estimator."""
        weights = [np.ascontiguousarray(layer, dtype=np.float64) for layer in estimator.coefs_]
        biases = [np.asarray(layer, dtype=np.float64) for layer in estimator.intercepts_]
        classes = getattr(estimator, "classes_", None)
        return cls(weights, biases, estimator.activation, estimator.out_activation_, classes)

    def predict(self, matrix: Array) -> Array:
        """Values (rows,) for regression."""
        return self._output(matrix)[:, 0]

    def predict_proba(self, matrix: Array) -> Array:
        """Probabilities (rows, classes)."""
        found = self._output(matrix)
        return np.stack([1 - found[:, 0], found[:, 0]], axis=1) if self.last == "logistic" else found

    def _output(self, matrix: Array) -> Array:
        blocks = [self._block(matrix[at : at + _BLOCK]) for at in range(0, len(matrix), _BLOCK)]
        return np.concatenate(blocks) if blocks else np.empty((0, len(self.biases[-1])))

    def _block(self, found: Array) -> Array:
        for place, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            sums = np.broadcast_to(bias, (len(found), len(bias))).copy()
            # Not a matrix product: BLAS adds in another order for one row than for many.
            for column, line in zip(found.T, weights, strict=True):
                sums += column[:, None] * line
            found = _activated(sums, self.last if place == len(self.weights) - 1 else self.activation)
        return found


def _activated(sums: Array, activation: str) -> Array:
    if activation == "relu":
        return np.maximum(sums, 0.0)
    if activation == "tanh":
        return np.tanh(sums)
    if activation == "logistic":
        return np.exp(-np.logaddexp(0.0, -sums))
    if activation == "softmax":
        powers = [np.exp(np.ascontiguousarray(column)) for column in (sums - sums.max(axis=1, keepdims=True)).T]
        total = sum(powers[1:], powers[0])
        return np.stack([power / total for power in powers], axis=1)
    return sums
