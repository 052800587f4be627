"""How far probabilities are from what came true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class BrierScore(Metric):
    """The mean square of (probability of the positive class - 1 where it came true, else 0)."""

    name = "brier_score"
    tasks = ("binary",)
    greater_is_better = False

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        return mean((predicted[:, 1] - truth) ** 2, weights)
