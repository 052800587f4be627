"""Precision and recall in one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import mean_of_defined, outcomes, share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class F1(Metric):
    """The harmonic mean of precision and recall: of the positive class, or for multiclass the mean over classes.

    0 where nothing is positive and nothing is called so; of many classes, one that no row is of and no row is called is passed over.
    """

    name = "f1"
    tasks = ("binary", "multiclass")
    greater_is_better = True
    of_decisions = True

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        import numpy as np

        hits, actual, called = outcomes(truth, predicted, weights)
        by_class = share(2 * hits, actual + called)
        return np.nan_to_num(by_class[:, 1]) if predicted.shape[1] == 2 else mean_of_defined(by_class)
