"""Every metric is scikit-learn's to twelve digits, with weights and ties, and says nan where scikit-learn only warns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from overture.runtime.metric import METRICS

Array = np.ndarray

BINARY: dict[str, Callable[[Array, Array, Array], float]] = {
    "log_loss": lambda y, p, w: sklearn.log_loss(y, p, sample_weight=w, labels=[0, 1]),
    "roc_auc": lambda y, p, w: sklearn.roc_auc_score(y, p[:, 1], sample_weight=w),
    "average_precision": lambda y, p, w: sklearn.average_precision_score(y, p[:, 1], sample_weight=w),
    "accuracy": lambda y, p, w: sklearn.accuracy_score(y, p.argmax(1), sample_weight=w),
    "balanced_accuracy": lambda y, p, w: sklearn.balanced_accuracy_score(y, p.argmax(1), sample_weight=w),
    "f1": lambda y, p, w: sklearn.f1_score(y, p.argmax(1), sample_weight=w, zero_division=0),
    "brier_score": lambda y, p, w: sklearn.brier_score_loss(y, p[:, 1], sample_weight=w),
}
MULTICLASS: dict[str, Callable[[Array, Array, Array], float]] = {
    "log_loss": lambda y, p, w: sklearn.log_loss(y, p, sample_weight=w, labels=[0, 1, 2]),
    "roc_auc": lambda y, p, w: sklearn.roc_auc_score(y, p, sample_weight=w, multi_class="ovr", average="macro"),
    "accuracy": BINARY["accuracy"],
    "balanced_accuracy": BINARY["balanced_accuracy"],
    "f1": lambda y, p, w: sklearn.f1_score(y, p.argmax(1), sample_weight=w, average="macro", zero_division=0),
}
REGRESSION: dict[str, Callable[[Array, Array, Array], float]] = {
    "root_mean_squared_error": lambda y, p, w: sklearn.root_mean_squared_error(y, p, sample_weight=w),
    "mean_absolute_error": lambda y, p, w: sklearn.mean_absolute_error(y, p, sample_weight=w),
    "r2": lambda y, p, w: sklearn.r2_score(y, p, sample_weight=w),
}
WEIGHT = st.one_of(st.integers(0, 4).map(float), st.floats(0.01, 100))


def agrees(
    name: str, theirs: Callable[[Array, Array, Array], float], truth: Array, predicted: Array, weights: Array
) -> None:
    """A weight of 0 must be as if the row were not there, which scikit-learn does not keep to everywhere."""
    there = weights > 0
    expected = theirs(
        truth[there].astype(int) if predicted.ndim == 2 else truth[there], predicted[there], weights[there]
    )
    found = METRICS[name]().score(truth, predicted, weights[None])[0]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=name)


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0, 0.1, 0.3, 0.5, 0.7, 1]) | st.floats(0, 1), WEIGHT), max_size=25
    )
)
def test_binary(rows: list[tuple[int, float, float]]) -> None:
    truth, positive, weights = np.array(rows, float).reshape(-1, 3).T
    assume({0, 1} == set(truth[weights > 0]))
    for name, theirs in BINARY.items():
        agrees(name, theirs, truth, np.column_stack([1 - positive, positive]), weights)


@given(st.lists(st.tuples(st.integers(0, 2), *[st.integers(0, 4)] * 3, WEIGHT), max_size=25))
def test_multiclass(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows, float).reshape(-1, 5)
    truth, weights, raw = table[:, 0], table[:, 4], table[:, 1:4] + 1e-3
    assume({0, 1, 2} == set(truth[weights > 0]))
    for name, theirs in MULTICLASS.items():
        agrees(name, theirs, truth, raw / raw.sum(axis=1, keepdims=True), weights)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), WEIGHT), min_size=2, max_size=25))
def test_regression(rows: list[tuple[float, float, float]]) -> None:
    truth, predicted, weights = np.array(rows).T
    there = weights > 0
    assume(there.sum() > 1)
    assume(np.ptp(truth[there]) > 1e-3 * max(1.0, np.abs(truth[there]).max()))
    for name, theirs in REGRESSION.items():
        agrees(name, theirs, truth, predicted, weights)


def one(name: str, truth: list[float], predicted: list[float] | list[list[float]]) -> float:
    return float(METRICS[name]().score(np.array(truth, float), np.array(predicted, float), np.ones((1, len(truth))))[0])


@pytest.mark.parametrize("truth", [[0.0, 0.0], [1.0, 1.0]])
def test_ranking_needs_rows_of_both_classes(truth: list[float]) -> None:
    assert np.isnan(one("roc_auc", truth, [[0.4, 0.6], [0.2, 0.8]]))


def test_average_precision_needs_a_positive_row() -> None:
    assert np.isnan(one("average_precision", [0, 0], [[0.4, 0.6], [0.2, 0.8]]))


def test_ranking_of_many_classes_needs_rows_of_each() -> None:
    assert np.isnan(one("roc_auc", [0, 1, 1], [[0.5, 0.3, 0.2]] * 3))


def test_a_class_without_rows_does_not_count() -> None:
    predicted = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1]]
    assert one("balanced_accuracy", [0, 1, 0], predicted) == 0.75
    assert one("f1", [0, 1, 0], predicted) == pytest.approx(2 / 3)


def test_a_certain_and_wrong_probability_costs_much_and_not_infinitely() -> None:
    assert one("log_loss", [1], [[1, 0]]) == pytest.approx(-np.log(np.finfo(float).eps))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 3])
def test_one_value_everywhere_is_explained_or_not(value: float) -> None:
    assert one("r2", [value] * 7, [value] * 7) == 1
    assert one("r2", [value] * 7, [value + 1] * 7) == 0


def test_a_single_row_has_no_spread() -> None:
    assert np.isnan(one("r2", [1], [2]))
