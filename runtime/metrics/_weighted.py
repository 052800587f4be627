"""Sums that several metrics share, each under many weightings of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Numbers = NDArray[np.intp]

_FEW = 16  # classes up to which a matrix product is the faster way to add up


def share(part: Array, whole: Array) -> Array:
    """part / whole, nan where the whole is 0."""
    import numpy as np

    result = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=result, where=whole != 0)
    return result


def mean(values: Array, weights: Array) -> Array:
    """The weighted mean of values (rows,) under weights (replicates, rows): (replicates,)."""
    return share(weights @ values, weights.sum(axis=1))


def mean_of_defined(values: Array) -> Array:
    """The mean over the last axis of what is not nan; nan where nothing is defined."""
    import numpy as np

    defined = ~np.isnan(values)
    return share(np.nan_to_num(values).sum(axis=-1), defined.sum(axis=-1).astype(float))


def by_class(numbers: Numbers, classes: int, weights: Array) -> Array:
    """The weight of each class, rows being of classes `numbers`: (replicates, classes). Numbers from `classes` on are left out."""
    import numpy as np

    if classes <= _FEW:
        return weights @ np.column_stack([numbers == number for number in range(classes)]).astype(np.float64)
    return np.array([np.bincount(numbers, row, classes)[:classes] for row in weights])


def outcomes(truth: Array, predicted: Array, weights: Array) -> tuple[Array, Array, Array]:
    """By class, the weight of rows that are of it and called so, of rows that are of it, of rows called so: each (replicates, classes)."""
    import numpy as np

    classes, actual, called = predicted.shape[1], truth.astype(np.intp), decided(predicted)
    right = np.where(actual == called, actual, classes)
    hits, actual_weight, called_weight = (by_class(numbers, classes, weights) for numbers in (right, actual, called))
    return hits, actual_weight, called_weight


def by_score(positive: NDArray[np.bool_], score: Array, weights: Array) -> Iterator[tuple[Array, Array]]:
    """For each replicate the weights of negative and of positive rows at each distinct score, from the lowest."""
    import numpy as np

    order = np.argsort(score, kind="stable")
    rank = np.empty(order.size, np.intp)
    rank[order] = np.cumsum(np.diff(score[order], prepend=-np.inf) > 0) - 1
    scores = int(rank[order[-1]]) + 1
    cells = rank + scores * positive
    for row in weights:
        sums: Array = np.bincount(cells, row, 2 * scores).astype(np.float64, copy=False)
        yield sums[:scores], sums[scores:]


def decided(predicted: Array) -> Numbers:
    """The class number each row is called: the most probable, the first of them when there are several."""
    numbers: Numbers = predicted.argmax(axis=1)
    return numbers
