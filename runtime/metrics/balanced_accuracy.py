"""How often each class is recognised, every class counting the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import mean_of_defined, outcomes, share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class BalancedAccuracy(Metric):
    """The mean over classes of the share of their rows that are called so; classes without rows are passed over."""

    name = "balanced_accuracy"
    tasks = ("binary", "multiclass")
    greater_is_better = True
    of_decisions = True

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        hits, actual, _ = outcomes(truth, predicted, weights)
        return mean_of_defined(share(hits, actual))
