"""How surprised the truth finds the probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LogLoss(Metric):
    """The mean of -log(probability given to the class that came true), probabilities kept off 0 and 1 by the spacing of doubles."""

    name = "log_loss"
    tasks = ("binary", "multiclass")
    greater_is_better = False

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        import numpy as np

        least = np.finfo(np.float64).eps
        given = predicted[np.arange(truth.size), truth.astype(np.intp)]
        return mean(-np.log(np.clip(given, least, 1 - least)), weights)
