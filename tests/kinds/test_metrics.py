"""What holds for every metric; a new one is held to it without being named here."""

from __future__ import annotations

import numpy as np
import pytest

from overture.runtime.metric import METRICS, Metric

Case = tuple[np.ndarray, np.ndarray]


CASES = [(name, task) for name in METRICS.names() for task in METRICS[name].tasks]
CASES += [(name, "many classes") for name, task in CASES if task == "multiclass"]


@pytest.fixture(params=CASES, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[Metric, Case]:
    name, task = request.param
    return METRICS[name](), case(task, 900 if task == "many classes" else 200, 0)


def case(task: str, rows: int, seed: int) -> Case:
    """Truth and fair predictions, with ties."""
    random = np.random.default_rng(seed)
    if task == "regression":
        truth = random.normal(5, 2, rows)
        return truth, (truth + random.normal(0, 1, rows)).round(1)
    classes = {"binary": 2, "multiclass": 4, "many classes": 30}[task]
    truth = random.integers(0, classes, rows)
    raw = random.integers(1, 6, (rows, classes)) + 3.0 * (truth[:, None] == np.arange(classes))
    return truth.astype(float), raw / raw.sum(axis=1, keepdims=True)


def perfect(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return truth if predicted.ndim == 1 else (truth[:, None] == np.arange(predicted.shape[1])).astype(float)


def test_a_metric_is_called_as_its_file() -> None:
    assert [METRICS[name].name for name in METRICS.names()] == METRICS.names()


def test_many_weightings_give_what_each_gives_alone(pair: tuple[Metric, Case]) -> None:
    metric, (truth, predicted) = pair
    weights = np.random.default_rng(1).poisson(1, (7, truth.size)).astype(float)
    together = metric.score(truth, predicted, weights)
    alone = [metric.score(truth, predicted, weights[[i]])[0] for i in range(7)]
    assert together.shape == (7,)
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_weighing_a_row_is_repeating_it(pair: tuple[Metric, Case]) -> None:
    metric, (truth, predicted) = pair
    counts = np.random.default_rng(2).poisson(1, truth.size)
    repeated, again = np.repeat(truth, counts), np.repeat(predicted, counts, axis=0)
    weighed = metric.score(truth, predicted, counts[None].astype(float))
    np.testing.assert_allclose(weighed, metric.score(repeated, again, np.ones((1, repeated.size))), rtol=1e-12)


def test_the_unit_of_the_weights_does_not_matter(pair: tuple[Metric, Case]) -> None:
    metric, (truth, predicted) = pair
    weights = np.random.default_rng(3).random((3, truth.size))
    scores = metric.score(truth, predicted, weights)
    np.testing.assert_allclose(metric.score(truth, predicted, weights * 1000), scores, rtol=1e-12)


def test_the_order_of_the_rows_does_not_matter(pair: tuple[Metric, Case]) -> None:
    metric, (truth, predicted) = pair
    order = np.random.default_rng(4).permutation(truth.size)
    weights = np.random.default_rng(5).random((3, truth.size))
    scores = metric.score(truth, predicted, weights)
    np.testing.assert_allclose(metric.score(truth[order], predicted[order], weights[:, order]), scores, rtol=1e-12)


def test_no_weight_at_all_has_no_metric(pair: tuple[Metric, Case]) -> None:
    metric, (truth, predicted) = pair
    assert np.isnan(metric.score(truth, predicted, np.zeros((2, truth.size)))).tolist() == [True, True] or (
        metric.name == "f1" and predicted.shape[1] == 2
    )


def test_perfect_predictions_are_better_than_fair_ones(pair: tuple[Metric, Case]) -> None:
    metric, (truth, predicted) = pair
    ones = np.ones((1, truth.size))
    best, fair = metric.score(truth, perfect(truth, predicted), ones)[0], metric.score(truth, predicted, ones)[0]
    assert best > fair if metric.greater_is_better else best < fair


def test_nothing_given_is_changed(pair: tuple[Metric, Case]) -> None:
    metric, (truth, predicted) = pair
    weights = np.random.default_rng(6).random((3, truth.size))
    before = truth.copy(), predicted.copy(), weights.copy()
    metric.score(truth, predicted, weights)
    for left, was in zip((truth, predicted, weights), before, strict=True):
        np.testing.assert_array_equal(left, was)
