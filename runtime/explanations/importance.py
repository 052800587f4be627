"""What a model loses when it is shown a column in the wrong order: permutation importance (Breiman 2001)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import bootstrap
from ..measuring import scoreable
from ..metric import FunctionMetric
from .subject import Subject, rounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.int64]

MOST = 400_000
"""Rows that are predicted at most, over all columns and repeats."""
LEAST_ROWS = 200
"""Rows below which a column is shuffled fewer times instead."""
FEWEST = 30
"""Rows that each column gets, whatever a prediction costs."""
JUDGED = 1.0
"""Microseconds that it takes to judge a predicted row, under all replicates."""
MOST_COLUMNS = 60
"""Columns that are shuffled; of more, those that come first in `first`."""
REPLICATES, FEW_REPLICATES = 100, 20
"""Bootstrap replicates; few where the objective is a function of hooks.py, which is called for each of them."""


def extent(subject: Subject, columns: int) -> tuple[int, int]:
    """How many rows are looked at, and how often each of some columns is shuffled."""
    asked, columns = subject.settings.repeats, max(1, min(columns, MOST_COLUMNS))
    most = int(min(MOST, subject.allowed("importance") / (subject.model.cost.prediction + JUDGED)))
    repeats = max(1, min(asked, most // (columns * min(LEAST_ROWS, subject.rows.height))))
    return min(subject.rows.height, max(FEWEST, most // (columns * repeats))), repeats


def importance(subject: Subject, first: list[str]) -> list[dict[str, Any]]:
    """By how much the objective gets worse when a column of the held-out rows is shuffled, the greatest first.

    first: the columns, the ones that seem to matter most first. Derived columns follow the columns they are derived from.
    Each is {column, value, low, high}: the mean over the repeats, with the 95 % bootstrap interval over the rows.
    """
    import numpy as np

    names = first[:MOST_COLUMNS]
    rows, repeats = extent(subject, len(first))
    subject_rows = subject.rows.head(rows)
    target, before = subject_rows[subject.schema.target], subject.predict(subject_rows)
    replicates = FEW_REPLICATES if isinstance(subject.metric, FunctionMetric) else REPLICATES
    weights = np.vstack([*bootstrap.weights(replicates, subject_rows.height)])
    losing = _Losing(subject, target, weights)
    found = []
    for name in names:
        orders = _orders(subject, name, rows, repeats)
        shuffled = zip(orders, _shuffled(subject, name, orders), strict=True)
        drawn = np.mean([losing.more(before, predicted, order) for order, predicted in shuffled], axis=0)
        found.append({"column": name, **_interval(drawn)})
    return sorted(found, key=lambda one: -(one["value"] or 0))


class _Losing:
    """By how much the objective of rows gets worse: plain first, then under each weighting."""

    def __init__(self, subject: Subject, target: Any, weights: Array) -> None:
        import numpy as np

        self.subject, self.target = subject, target
        self.weights = np.vstack([np.ones((1, weights.shape[1])), weights])
        self.sign = -1.0 if subject.metric.greater_is_better else 1.0

    def more(self, before: Array, after: Array, order: Places) -> Array:
        """(1 + replicates,): after against before.

        order: which row each took its value of the column from. That row was drawn by chance, too, so its weight counts, as
        in the bootstrap of a mean over pairs.
        """
        weights = self.weights * self.weights[:, order]
        scores = []
        for predicted in (after, before):
            truth, scored = scoreable(self.target, predicted, self.subject.schema)
            scores.append(self.subject.metric.score(truth, scored, weights))
        return self.sign * (scores[0] - scores[1])


def _orders(subject: Subject, name: str, rows: int, repeats: int) -> list[Places]:
    """How a column is shuffled each time, whatever happens to the others."""
    import numpy as np

    chance = np.random.default_rng([subject.seed, list(subject.schema.features).index(name)])
    return [chance.permutation(rows) for _ in range(repeats)]


def _shuffled(subject: Subject, name: str, orders: list[Places]) -> Array:
    """(repeats, rows, …): what the model says when only this column is shuffled."""
    rows = subject.rows.head(orders[0].size)
    return subject.predict_each(rows.with_columns(rows[name].gather(order)) for order in orders)


def _interval(drawn: Array) -> dict[str, float | None]:
    import numpy as np

    defined = drawn[1:][np.isfinite(drawn[1:])]
    low, high = np.quantile(defined, (0.025, 0.975)) if defined.size else (np.nan, np.nan)
    return {"value": rounded(drawn[0]), "low": rounded(low), "high": rounded(high)}
