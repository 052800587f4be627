"""How much the explanations of a model may cost, told from counts and never from a clock, so that equal trainings explain alike."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ..model import Cost

SHARE = 0.15
"""Of what the training took at least."""
ALWAYS = 300_000.0
"""Microseconds beside it: a share of what every training takes to begin."""
Part = Literal["importance", "shap", "dependence"]
PARTS: Mapping[Part, float] = MappingProxyType({"importance": 0.5, "shap": 0.3, "dependence": 0.2})
"""How it is divided."""


def allowed(part: Part, cost: Cost, learned: int, tested: int, predictions: int | None = None) -> float:
    """Microseconds for a part of the explanations.

    learned: rows that the model learned from; tested: rows it was judged on, each of which was a prediction.
    predictions: how many are allowed for all parts instead.
    """
    if predictions is not None:
        return PARTS[part] * predictions * cost.prediction
    return PARTS[part] * (ALWAYS + SHARE * (learned * cost.learning + tested * cost.prediction))
