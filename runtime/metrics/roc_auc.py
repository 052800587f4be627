"""How well scores rank the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metric import Metric
from ._weighted import by_score, share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RocAuc(Metric):
    """The chance that a positive row scores above a negative one, ties counting half (Mann and Whitney, 1947).

    For multiclass the mean over classes, each against the rest. nan unless every class has rows.
    """

    name = "roc_auc"
    tasks = ("binary", "multiclass")
    greater_is_better = True

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting of the rows."""
        import numpy as np

        classes = predicted.shape[1]
        ranked = [1] if classes == 2 else range(classes)
        areas = [_area(truth == number, predicted[:, number], weights) for number in ranked]
        found: NDArray[np.float64] = np.mean(areas, axis=0)
        return found


def _area(positive: NDArray[np.bool_], score: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    areas, wholes = [], []
    for negatives, positives in by_score(positive, score, weights):
        below = np.cumsum(negatives)
        wholes.append(below[-1] * positives.sum())
        areas.append(positives @ (below - negatives / 2))
    return share(np.array(areas), np.array(wholes))
