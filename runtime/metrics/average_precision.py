"""How pure the top of the ranking is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import by_score, share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class AveragePrecision(Metric):
    """The mean over positive rows of the precision among the rows that score no less. nan without positive rows."""

    name = "average_precision"
    tasks = ("binary",)
    greater_is_better = True

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        import numpy as np

        sums, wholes = [], []
        for negatives, positives in by_score(truth == 1, predicted[:, 1], weights):
            gains = positives[::-1]
            found = np.cumsum(gains)
            called = found + np.cumsum(negatives[::-1])
            sums.append(gains @ share(found, np.where(called > 0, called, 1)))
            wholes.append(found[-1])
        return share(np.array(sums), np.array(wholes))
