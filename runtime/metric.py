"""What every metric does. A metric is one file in `metrics/`, named as the field names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .kinds import Kinds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .schema import Task


class Metric:
    """A number that says how good predictions are."""

    name: ClassVar[str]
    tasks: ClassVar[tuple[Task, ...]]
    greater_is_better: ClassVar[bool]

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each of many weightings of the rows, which is what a bootstrap needs.

        truth: (rows,) values for regression, else class numbers 0..k-1 (binary: 1 is the positive class).
        predicted: (rows,) values; or (rows, k) probabilities in class order (binary: column 1 is the positive class).
        weights: (replicates, rows), not negative; ones give the plain metric.
        Returns (replicates,); nan where the metric is not defined, as roc_auc on one class.
        """
        raise NotImplementedError


METRICS: Kinds[Metric] = Kinds("metric", "overture.runtime.metrics", Metric)
