"""SHAP values of trees beside Shapley's own formula, over all sets of columns."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from threadpoolctl import threadpool_limits

from overture.runtime import deadline
from overture.runtime.models._tree_shapley import TreeShapley
from overture.runtime.models._trees import Ensemble, Nodes, ensemble

Array = np.ndarray
WIDTH = 4
KINDS: list[Any] = [
    RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor,
    HistGradientBoostingClassifier, HistGradientBoostingRegressor,
]  # fmt: skip


def grown(kind: Any, seed: int, depth: int | None, classes: int) -> tuple[Any, Array]:
    """An estimator and the rows it has learned: two columns of numbers with gaps, one of few values, one of codes."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(60, WIDTH)).astype(np.float32).astype(np.float64)
    matrix[:, 2:] = random.integers(0, 4, (60, 2))
    matrix[random.random((60, WIDTH)) < 0.1] = np.nan
    score = np.nan_to_num(matrix[:, 0] * matrix[:, 1] + (matrix[:, 3] == 2) * 2) + random.normal(0, 0.1, 60)
    target = np.digitize(score, np.quantile(score, np.arange(1, classes) / classes)) if "Cl" in kind.__name__ else score
    own = (
        {"max_iter": 3, "categorical_features": [3], "min_samples_leaf": 2}
        if "Hist" in kind.__name__
        else {"n_estimators": 3}
    )
    with threadpool_limits(1):
        return kind(max_depth=depth, random_state=seed, **own).fit(matrix, target), matrix


def expected(nodes: Nodes, row: Array, known: tuple[int, ...], node: int = 0) -> Array:
    """What a tree gives when only some columns are known (Algorithm 1 of the paper)."""
    left, right = nodes.left[node], nodes.right[node]
    if left < 0:
        return nodes.value[node]
    column = nodes.column[node]
    if column in known:
        goes = nodes.goes_left(np.array([node]), row[[column]])[0]
        return expected(nodes, row, known, left if goes else right)
    shares = nodes.cover[[left, right]] / nodes.cover[node]
    return shares[0] * expected(nodes, row, known, left) + shares[1] * expected(nodes, row, known, right)


def summed(trees: Ensemble, row: Array, known: tuple[int, ...]) -> Array:
    values = [expected(nodes, row, known) for nodes in trees.trees]
    if not trees.boosted:
        return trees.start + np.mean(values, axis=0)
    return trees.start + np.reshape(values, (-1, trees.outputs)).sum(axis=0)


def shapley(trees: Ensemble, row: Array) -> Array:
    """(width, outputs)"""
    found = np.zeros((WIDTH, trees.outputs))
    for column in range(WIDTH):
        others = [it for it in range(WIDTH) if it != column]
        for size in range(WIDTH):
            weight = factorial(size) * factorial(WIDTH - size - 1) / factorial(WIDTH)
            for known in combinations(others, size):
                found[column] += weight * (summed(trees, row, (*known, column)) - summed(trees, row, known))
    return found


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31), st.none() | st.integers(1, 5), st.integers(2, 3))
def test_values_are_those_of_the_formula(kind: Any, seed: int, depth: int | None, classes: int) -> None:
    estimator, matrix = grown(kind, seed, depth, classes)
    trees = ensemble(estimator)
    assert trees is not None
    made = TreeShapley(trees, list(range(trees.outputs)))
    np.testing.assert_allclose(made.base, summed(trees, matrix[0], ()), atol=1e-12)
    rows = matrix[:2]
    found = made.contributions(rows)
    np.testing.assert_allclose(found, [shapley(trees, row) for row in rows], atol=1e-12)
    np.testing.assert_array_equal(found[1:], made.contributions(rows[1:]))


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_deep_trees_add_up_to_what_the_estimator_says(kind: Any) -> None:
    random = np.random.default_rng(3)
    matrix = random.normal(size=(2000, 12)).astype(np.float32).astype(np.float64)
    target = matrix[:, 0] * matrix[:, 1] + np.sin(3 * matrix[:, 2]) + random.normal(0, 0.3, 2000)
    classifies, boosts = "Classifier" in kind.__name__, "Hist" in kind.__name__
    more = {"max_leaf_nodes": None, "min_samples_leaf": 1, "max_iter": 20} if boosts else {"n_estimators": 20}
    with threadpool_limits(1):
        estimator = kind(random_state=0, **more).fit(matrix, np.digitize(target, [0, 1]) if classifies else target)
    trees = ensemble(estimator)
    assert trees is not None
    made = TreeShapley(trees, list(range(trees.outputs)))
    said = estimator.predict if not classifies else estimator.decision_function if boosts else estimator.predict_proba
    found = made.base + made.contributions(matrix[:5]).sum(axis=1)
    np.testing.assert_allclose(found, said(matrix[:5]).reshape(5, -1), rtol=1e-10, atol=1e-10)


def test_nobody_waits_any_more() -> None:
    estimator, matrix = grown(RandomForestRegressor, 0, 3, 2)
    trees = ensemble(estimator)
    assert trees is not None
    token = deadline.DEADLINE.set(0.0)
    try:
        with pytest.raises(TimeoutError):
            TreeShapley(trees, [0]).contributions(matrix)
    finally:
        deadline.DEADLINE.reset(token)
