"""Sums that several metrics share, each under many weightings of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Numbers = NDArray[np.intp]


def share(part: Array, whole: Array) -> Array:
    """part / whole, nan where the whole is 0."""
    result = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=result, where=whole != 0)
    return result


def mean(values: Array, weights: Array) -> Array:
    """The weighted mean of values (rows,) under weights (replicates, rows): (replicates,)."""
    return share(weights @ values, weights.sum(axis=1))


def mean_of_defined(values: Array) -> Array:
    """The mean over the last axis of what is not nan; nan where nothing is defined."""
    defined = ~np.isnan(values)
    return share(np.nan_to_num(values).sum(axis=-1), defined.sum(axis=-1).astype(float))


def by_class(weights: Array, numbers: Numbers, classes: int) -> Array:
    """The weight of each class under weights (replicates, rows), rows being of classes `numbers`: (replicates, classes)."""
    order = np.argsort(numbers, kind="stable")
    present, starts = np.unique(numbers[order], return_index=True)
    sums = np.zeros((len(weights), classes))
    if present.size:
        sums[:, present] = np.add.reduceat(weights[:, order], starts, axis=1)
    return sums


def outcomes(truth: Array, predicted: Array, weights: Array) -> tuple[Array, Array, Array]:
    """By class, the weight of rows that are of it and called so, of rows that are of it, of rows called so: each (replicates, classes)."""
    classes, actual, called = predicted.shape[1], truth.astype(np.intp), decided(predicted)
    hits = by_class(weights * (actual == called), actual, classes)
    return hits, by_class(weights, actual, classes), by_class(weights, called, classes)


def by_score(positive: NDArray[np.bool_], score: Array, weights: Array) -> tuple[Array, Array]:
    """The weights of positive and of negative rows at each distinct score, from the lowest: each (replicates, scores)."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    sorted_weights, sorted_positive = weights[:, order], positive[order]
    positives = sorted_weights * sorted_positive
    negatives = sorted_weights - positives
    if starts.size == order.size:
        return positives, negatives
    return np.add.reduceat(positives, starts, axis=1), np.add.reduceat(negatives, starts, axis=1)


def decided(predicted: Array) -> Numbers:
    """The class number each row is called: the most probable, the first of them when there are several."""
    numbers: Numbers = predicted.argmax(axis=1)
    return numbers
