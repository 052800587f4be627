"""The statistics by category (CTRs) that CatBoost asks for, computed as it computes them.

Source of the formulas: the code that CatBoost exports models as (format="python").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ._catboost_json import UnknownModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._catboost_json import Ctr

_MULTIPLIER = 0x4906BA494954CB65
_MASK = 2**64 - 1


def terms(parts: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.uint64]]:
    """What each part of a combination adds to its hash, modulo 2**64.

    parts: the values that each part may have, see `widened`. CatBoost chains them, hash = m * (hash + m * value), which is a sum.
    """
    powers = [np.uint64(pow(_MULTIPLIER, len(parts) - i + 1, _MASK + 1)) for i in range(len(parts))]
    return [part * power for part, power in zip(parts, powers, strict=True)]


def widened(hashes: Sequence[int]) -> NDArray[np.uint64]:
    """Hashes of 32 bits as numbers of 64, with their sign."""
    return np.array(hashes, dtype=np.uint32).view(np.int32).astype(np.int64).view(np.uint64)


def values(ctr: Ctr, hashes: NDArray[np.uint64]) -> NDArray[np.float32]:
    """The statistic of combinations with these hashes, in their shape; those that the table lacks have no counts.

    Raises UnknownModel for a kind that is not known.
    """
    counts = _COUNTS.get(ctr.kind)
    if counts is None:
        raise UnknownModel(f"statistics of the kind {ctr.kind}")
    count, total = counts(ctr)
    absent = np.float32(ctr.denominator if ctr.kind == _FREQUENCY else 0)
    single = [np.append(it.astype(np.float32), last) for it, last in ((count, np.float32(0)), (total, absent))]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = ((single[0] + ctr.prior[0]) / (single[1] + ctr.prior[1]) + ctr.shift) * ctr.scale
    places = np.searchsorted(ctr.hashes, hashes)
    known = np.append(ctr.hashes, np.uint64(0))[places] == hashes
    return found[np.where(known & (places < len(ctr.hashes)), places, len(ctr.hashes))]


_Two = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
_FREQUENCY = "Counter"


def _borders(ctr: Ctr) -> _Two:
    return ctr.figures[:, ctr.target_border + 1 :].sum(axis=1), ctr.figures.sum(axis=1)


def _buckets(ctr: Ctr) -> _Two:
    return ctr.figures[:, ctr.target_border], ctr.figures.sum(axis=1)


def _mean(ctr: Ctr) -> _Two:
    return ctr.figures[:, 0], ctr.figures[:, 1]


def _frequency(ctr: Ctr) -> _Two:
    return ctr.figures[:, 0], np.full(len(ctr.figures), float(ctr.denominator))


_COUNTS: dict[str, Callable[[Ctr], _Two]] = {
    "Borders": _borders,
    "Buckets": _buckets,
    "BinarizedTargetMeanValue": _mean,
    _FREQUENCY: _frequency,
}
