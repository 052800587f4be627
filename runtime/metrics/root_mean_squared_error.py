"""How far predictions are off, in the unit of the target, large errors weighing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RootMeanSquaredError(Metric):
    """The root of the mean square of (prediction - truth)."""

    name = "root_mean_squared_error"
    tasks = ("regression",)
    greater_is_better = False

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        import numpy as np

        return np.sqrt(mean((predicted - truth) ** 2, weights))
