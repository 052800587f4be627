"""The probability from which on the positive class is predicted, so that decisions cost least."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .options import Costs

    Array = NDArray[np.float64]


def tuned(positive: Array, truth: Array, weights: Array, costs: Costs) -> tuple[float, float]:
    """The threshold under which decisions on rows cost least, and what they cost a row.

    positive: the probability of the positive class, (rows,); truth: 1 where a row is of it.
    Of thresholds that cost the same, the nearest to the one that costs of perfect probabilities would give.
    """
    order = np.argsort(-positive, kind="stable")
    score, weight, true = positive[order], weights[order], truth[order]
    # Calling the first k rows positive; a threshold cannot tell rows of one score apart.
    false = np.concatenate([[0.0], np.cumsum(weight * (1 - true))]) * costs.false_positive
    missed = np.concatenate([[0.0], np.cumsum(weight * true)])
    total = false + (missed[-1] - missed) * costs.false_negative
    edges = np.concatenate([[1.0], score, [0.0]])
    apart = edges[:-1] > edges[1:]
    middle = (edges[:-1] + edges[1:]) / 2
    ideal = costs.false_positive / ((costs.false_positive + costs.false_negative) or 1.0)
    cheapest = apart & np.isclose(total, total[apart].min(), rtol=1e-12, atol=0.0)
    within = np.clip(ideal, edges[1:], edges[:-1])
    # Strictly between two scores: a score that equals the threshold is called positive.
    place = np.where((within > edges[1:]) & (within <= edges[:-1]), within, middle)[cheapest]
    chosen = int(np.abs(place - ideal).argmin())
    return float(place[chosen]), float(total[cheapest][chosen] / weight.sum())


def mean_cost(called: NDArray[np.bool_], truth: Array, costs: Costs) -> float:
    """What decisions cost a row."""
    false = (called & (truth == 0)).sum() * costs.false_positive
    return float((false + (~called & (truth == 1)).sum() * costs.false_negative) / len(truth))
