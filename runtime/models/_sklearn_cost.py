"""About what estimators of scikit-learn cost, told from what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Cost
from ._network import Network

if TYPE_CHECKING:
    from ._trees import Ensemble


def cost(estimator: Any, trees: Ensemble | None, width: int) -> Cost:
    """What a fitted estimator costs beside the encoding.

    width: columns of the encoded matrix.
    """
    if trees is not None:
        many = len(trees.trees)
        return Cost(0.1 * many, 0.3 * many) if trees.boosted else Cost(0.4 * many, 4.0 * many)
    if isinstance(estimator, Network):
        weights = sum(layer.size for layer in estimator.weights)
        return Cost(1.0 + 0.002 * weights, 0.015 * weights)
    home = type(estimator).__module__
    if home.startswith(
        "sklearn.neighbors."
    ):  # a tree of few columns leads to the nearest rows, one of many passes by all
        near = min(estimator.n_samples_fit_, 2 ** min(width, 40))
        return Cost(10.0 + near * (0.005 + 0.004 * width), 0.0)
    if home.startswith("sklearn.dummy"):
        return Cost(0.1, 0.0)
    return Cost()
