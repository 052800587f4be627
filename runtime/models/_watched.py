"""How good trees are on the way, for the trial of a search that they belong to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ..sweeps import job

EVERY = 25
"""Trees between two scores of a trial on its way."""
_SQUARED = "l2"
Heard = Callable[[int, Mapping[str, float]], None]


def watching(losses: Mapping[str, tuple[str, ...]]) -> Heard | None:
    """What a library calls after each round with the losses on the validation rows, by its names; it raises Pruned.

    losses: by metric the library's names for it. None: no trial asks, or for none of these.
    """
    names = losses.get(job.watched(), ())

    def heard(round: int, values: Mapping[str, float]) -> None:
        name = next((name for name in names if name in values), None)
        if name is None or round % EVERY:
            return
        if job.hopeless(round, math.sqrt(values[name]) if name == _SQUARED else values[name]):
            raise job.Pruned

    return heard if names else None
