"""How often the most probable class is the true one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import decided, mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Accuracy(Metric):
    """The share of rows whose most probable class is the true one."""

    name = "accuracy"
    tasks = ("binary", "multiclass")
    greater_is_better = True
    of_decisions = True

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        return mean((decided(predicted) == truth).astype(float), weights)
