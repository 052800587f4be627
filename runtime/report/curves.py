"""The numbers behind the figures, computed from truth and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Flags = NDArray[np.bool_]

POINTS = 240
"""Points a drawn curve has at most; more cannot be seen."""


@dataclass(frozen=True)
class Ranked:
    """How many rows are found, and how many of them rightly, as the threshold comes down through every score."""

    found: Floats
    """(points,) rows at or above each distinct score, from none to all."""
    right: Floats
    """(points,) positive rows among them."""

    @classmethod
    def of(cls, truth: Flags, score: Floats) -> Ranked:
        """From (rows,) truth and the score of the positive class; rows of equal score come together."""
        import numpy as np

        order = np.argsort(-score, kind="stable")
        ends = np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)
        right = np.cumsum(truth[order])[ends]
        return cls(np.append(0.0, ends + 1.0), np.append(0.0, right))

    def roc(self) -> tuple[Floats, Floats]:
        """False positive rate and true positive rate."""
        wrong = self.found - self.right
        return _thinned(wrong / max(wrong[-1], 1), self.right / max(self.right[-1], 1))

    def precision_recall(self) -> tuple[Floats, Floats]:
        """Recall and precision, from the highest score on."""
        return _thinned(self.right[1:] / max(self.right[-1], 1), self.right[1:] / self.found[1:])


@dataclass(frozen=True)
class Bins:
    """Rows in bins of about equal size, by rising prediction."""

    predicted: Floats
    """(bins,) the mean prediction."""
    middle: Floats
    low: Floats
    high: Floats
    """(bins,) what was true: the middle, and where 95 % (calibration) or the middle half (errors) of it lies."""
    rows: Whole


def calibration(truth: Flags, score: Floats, most: int = 10) -> Bins:
    """Share of positive rows by predicted probability, with its 95 % interval."""
    import numpy as np

    groups = _groups(score, most)
    rows = np.array([group.size for group in groups])
    share = np.array([truth[group].mean() for group in groups])
    predicted = np.array([score[group].mean() for group in groups])
    return Bins(predicted, share, *wilson(share, rows), rows)


def wilson(share: Any, rows: Any) -> tuple[Any, Any]:
    """The 95 % interval of a share of rows (Wilson 1927); numbers, or arrays of them."""
    import numpy as np

    z = 1.959964
    centre = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    reach = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return np.clip(centre - reach, 0, 1), np.clip(centre + reach, 0, 1)


def spread(error: Floats, predicted: Floats, most: int = 10) -> Bins:
    """Median and quartiles of the error by size of the prediction."""
    import numpy as np

    groups = _groups(predicted, most)
    low, middle, high = (np.array([np.quantile(error[group], q) for group in groups]) for q in (0.25, 0.5, 0.75))
    centre = np.array([predicted[group].mean() for group in groups])
    return Bins(centre, middle, low, high, np.array([group.size for group in groups]))


def confusion(truth: Whole, predicted: Whole, classes: int) -> Whole:
    """(classes, classes) rows by true class (down) and predicted class (across); rows of an unknown class are left out."""
    import numpy as np

    known = (truth >= 0) & (predicted >= 0)
    counts = np.bincount(truth[known] * classes + predicted[known], minlength=classes * classes)
    return counts.reshape(classes, classes)


def bounds(*values: Floats) -> tuple[float, float]:
    """Where all but 1 % of the values lie, so that a few extremes do not squash a figure."""
    import numpy as np

    low, high = np.quantile(np.concatenate(values), [0.005, 0.995])
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def _groups(score: Floats, most: int) -> list[Whole]:
    import numpy as np

    order = np.argsort(score, kind="stable")
    return np.array_split(order, max(1, min(most, score.size // 20)))


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    import numpy as np

    if x.size <= POINTS:
        return x, y
    kept = np.unique(np.linspace(0, x.size - 1, POINTS).round().astype(int))
    return x[kept], y[kept]
