"""How much of the target's spread the predictions explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import mean, share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class R2(Metric):
    """1 - (sum of squared errors) / (sum of squared distances from the mean); 1 is perfect, 0 is as good as the mean.

    Where all rows have the same target: 1 when every prediction is right, else 0. nan on a single row.
    """

    name = "r2"
    tasks = ("regression",)
    greater_is_better = True

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        import numpy as np

        if truth.size < 2:
            return np.full(len(weights), np.nan)
        errors = weights @ (predicted - truth) ** 2
        average = mean(truth, weights)
        spread = np.array([row @ (truth - middle) ** 2 for row, middle in zip(weights, average, strict=True)])
        rounding = weights.sum(axis=1) * (8 * np.finfo(np.float64).eps * average) ** 2
        unexplained = np.where(spread > rounding, share(errors, spread), (errors > rounding).astype(float))
        return np.where(weights.any(axis=1), 1 - unexplained, np.nan)
