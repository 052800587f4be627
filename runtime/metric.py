"""What every metric does. A metric is one file in `metrics/`, named as the field names it, or a function of hooks.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from . import own
from .errors import Mistake
from .kinds import Kinds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .schema import Task

F = TypeVar("F", bound=Callable[..., Any])
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
_MARK = "_overture_metric"


class Metric:
    """A number that says how good predictions are."""

    name: str
    tasks: tuple[Task, ...]
    greater_is_better: bool
    of_decisions: bool = False
    """Does it look at which class is predicted only, and not at how probable it is?"""

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


class Decided(Metric):
    """A metric of decisions, where another threshold than the most probable class decides."""

    of_decisions = True

    def __init__(self, metric: Metric, threshold: float) -> None:
        self.metric, self.threshold = metric, threshold
        self.name, self.tasks, self.greater_is_better = metric.name, metric.tasks, metric.greater_is_better

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric of what is decided, under each weighting of the rows."""
        import numpy as np

        positive = (predicted[:, 1] >= self.threshold).astype(np.float64)
        return self.metric.score(truth, np.stack([1 - positive, positive], axis=1), weights)


def decided(metric: Metric, threshold: float | None) -> Metric:
    """The metric as it judges decisions by a threshold; itself where it looks at probabilities, or no threshold is set."""
    return metric if threshold is None or not metric.of_decisions else Decided(metric, threshold)


METRICS: Kinds[Metric] = Kinds("metric", "overture.runtime.metrics", Metric)


def metric(*, greater_is_better: bool, tasks: tuple[Task, ...] = TASKS) -> Callable[[F], F]:
    """Mark a function of hooks.py as a metric, which is called as the function is.

    The function takes (truth, predicted) and gives a number, nan where it is not defined.
    truth: (rows,) values for regression, 0 and 1 (the positive class) for binary, class numbers for multiclass.
    predicted: (rows,) values for regression, the probability of the positive class for binary; (rows, k) probabilities in
    the order of the classes for multiclass.
    """

    def marked(function: F) -> F:
        setattr(function, _MARK, (greater_is_better, tuple(tasks)))
        return function

    return marked


def is_metric(function: object) -> bool:
    """Is this marked as a metric?"""
    return hasattr(function, _MARK)


class FunctionMetric(Metric):
    """A function that `metric` has marked."""

    def __init__(self, function: Callable[..., Any], task: Task) -> None:
        self.function, self.task = function, task
        self.name = function.__name__
        self.greater_is_better, self.tasks = getattr(function, _MARK)

    def score(
        self, truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The metric under each weighting: a row that is drawn n times is there n times, and a function sees no weights.

        weights: whole numbers, as the bootstrap draws them.
        Raises Mistake, with its place, when the function fails or gives no number.
        """
        import numpy as np

        seen = predicted[:, 1] if self.task == "binary" else predicted
        drawn = (row.astype(np.int64) for row in weights)
        return np.array([self._number(np.repeat(truth, times), np.repeat(seen, times, axis=0)) for times in drawn])

    def _number(self, truth: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
        try:
            found = self.function(truth, predicted)
        except Exception as error:
            raise Mistake(own.failure(self.function, error)) from error
        try:
            return float(found)
        except (TypeError, ValueError):
            what = f"gave a {type(found).__name__}, not a number."
            raise Mistake(own.fault(self.function, what, "End it with: return float(…)")) from None
