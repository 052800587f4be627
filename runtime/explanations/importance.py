"""What a model loses when it is shown a column in the wrong order: permutation importance (Breiman 2001)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import bootstrap
from ..measuring import scoreable
from .subject import Subject, rounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BUDGET = 400_000
"""Rows that are predicted at most, over all columns and repeats, as long as each column gets LEAST_ROWS."""
LEAST_ROWS = 200
MOST_COLUMNS = 60
"""Columns that are shuffled; of more, those that come first in `first`."""
REPLICATES = 100


def importance(subject: Subject, first: list[str]) -> list[dict[str, Any]]:
    """By how much the objective gets worse when a column of the held-out rows is shuffled, the greatest first.

    first: the columns, the ones that seem to matter most first. Derived columns follow the columns they are derived from.
    Each is {column, value, low, high}: the mean over the repeats, with the 95 % bootstrap interval over the rows.
    """
    import numpy as np

    names, settings = first[:MOST_COLUMNS], subject.settings
    most = max(LEAST_ROWS, BUDGET // max(1, len(names) * settings.repeats))
    subject_rows = subject.rows.head(most)
    target, before = subject_rows[subject.schema.target], subject.predict(subject_rows)
    weights = next(iter(bootstrap.weights(REPLICATES, subject_rows.height)))
    losing = _Losing(subject, target, weights)
    whole = losing.score(before)
    found = []
    for name in names:
        drawn = np.mean([losing.score(predicted) - whole for predicted in _shuffled(subject, name, most)], axis=0)
        found.append({"column": name, **_interval(drawn)})
    return sorted(found, key=lambda one: -(one["value"] or 0))


class _Losing:
    """The objective of rows, turned so that more is worse: plain first, then under each weighting."""

    def __init__(self, subject: Subject, target: Any, weights: Array) -> None:
        import numpy as np

        self.subject, self.target = subject, target
        self.weights = np.vstack([np.ones((1, weights.shape[1])), weights])
        self.sign = -1.0 if subject.metric.greater_is_better else 1.0

    def score(self, predicted: Array) -> Array:
        """(1 + replicates,)"""
        truth, scored = scoreable(self.target, predicted, self.subject.schema)
        return self.sign * self.subject.metric.score(truth, scored, self.weights)


def _shuffled(subject: Subject, name: str, most: int) -> Array:
    """(repeats, rows, …): what the model says when only this column is shuffled."""
    import numpy as np

    rows = subject.rows.head(most)
    place = list(subject.schema.features).index(name)
    chance = np.random.default_rng([subject.seed, place])
    orders = [chance.permutation(rows.height) for _ in range(subject.settings.repeats)]
    return subject.predict_each(rows.with_columns(rows[name].gather(order)) for order in orders)


def _interval(drawn: Array) -> dict[str, float | None]:
    import numpy as np

    defined = drawn[1:][np.isfinite(drawn[1:])]
    low, high = np.quantile(defined, (0.025, 0.975)) if defined.size else (np.nan, np.nan)
    return {"value": rounded(drawn[0]), "low": rounded(low), "high": rounded(high)}
