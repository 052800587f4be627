"""How far predictions are off, in the unit of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MeanAbsoluteError(Metric):
    """The mean of |prediction - truth|."""

    name = "mean_absolute_error"
    tasks = ("regression",)
    greater_is_better = False

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        import numpy as np

        return mean(np.abs(predicted - truth), weights)
