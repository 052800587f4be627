"""What CatBoost says while it learns: how many trees there are, and to a trial of a search how good they are."""

from __future__ import annotations

import re
from typing import Any

from ..model import Advance
from ..sweeps import job
from ._watched import EVERY

_LOSSES = {
    "log_loss": ("Logloss", "MultiClass"),
    "root_mean_squared_error": ("RMSE",),
    "mean_absolute_error": ("MAE",),
}
"""The losses that are the same as a metric."""


class Watch:
    """A callback of CatBoost: it hands the loss on the validation rows on."""

    def __init__(self, loss: str) -> None:
        self._loss, self.hopeless = loss, False

    def after_iteration(self, info: Any) -> bool:
        """Go on?"""
        if info.iteration % EVERY == 0:
            self.hopeless = job.hopeless(info.iteration, info.metrics["validation"][self._loss][-1])
        return not self.hopeless


def watching(loss: str) -> Watch | None:
    """The callback, where the trial under way is judged by this loss; None: nobody asks."""
    return Watch(loss) if loss in _LOSSES.get(job.watched(), ()) else None


class Log:
    """What CatBoost prints while it learns, read for how many trees there are.

    Its callbacks would say so too, but each is given all earlier scores, which costs the square of the rounds.
    """

    def __init__(self, advance: Advance, total: int) -> None:
        self._advance, self._total = advance, total

    def write(self, text: str) -> None:
        if found := re.match(r"(\d+):\t", text):
            self._advance(int(found[1]) + 1, self._total)

    def flush(self) -> None:
        """Nothing is held back."""
