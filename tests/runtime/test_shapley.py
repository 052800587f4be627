"""Contributions add up to the score, and agree with Shapley's values where those are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.runtime import deadline, shapley

Array = np.ndarray


def crooked(matrix: Array) -> Array:
    return np.stack([np.sin(matrix).prod(axis=1), (matrix**2).max(axis=1)], axis=1)


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**31))
def test_contributions_add_up_to_the_score(inputs: int, usual: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(inputs), random.integers(1, 3, inputs))
    rows, background = random.normal(size=(3, groups.size)), random.normal(size=(usual, groups.size))
    found = shapley.contributions(crooked, rows, background, groups, inputs)
    np.testing.assert_allclose(found.sum(axis=1), crooked(rows) - crooked(background).mean(axis=0), atol=1e-12)


def test_a_sum_is_explained_exactly() -> None:
    random = np.random.default_rng(0)
    rows, background, groups = random.normal(size=(4, 5)), random.normal(size=(9, 5)), np.array([0, 0, 1, 2, 2])
    moved = rows - background.mean(axis=0)
    wanted = np.stack([moved[:, groups == group].sum(axis=1) for group in range(3)], axis=1)
    found = shapley.contributions(lambda matrix: matrix.sum(axis=1, keepdims=True), rows, background, groups, 3)
    np.testing.assert_allclose(found[:, :, 0], wanted, atol=1e-12)


def test_two_inputs_that_only_matter_together_share_alike() -> None:
    found = shapley.contributions(
        lambda matrix: matrix.prod(axis=1, keepdims=True), np.ones((1, 2)), np.zeros((1, 2)), np.array([0, 1]), 2
    )
    np.testing.assert_allclose(found[0, :, 0], [0.5, 0.5])


def test_an_input_without_columns_adds_nothing() -> None:
    found = shapley.contributions(crooked, np.ones((1, 2)), np.zeros((3, 2)), np.array([0, 2]), 4)
    assert not found[0, [1, 3]].any()


def test_memory_is_bounded_without_changing_the_answer() -> None:
    random = np.random.default_rng(1)
    rows, background, groups = random.normal(size=(1, 30)), random.normal(size=(50, 30)), np.arange(30)
    whole = shapley.contributions(crooked, rows, background, groups, 30)
    largest = 0

    def watched(matrix: Array) -> Array:
        nonlocal largest
        largest = max(largest, matrix.size)
        return crooked(matrix)

    before, shapley._CELLS = shapley._CELLS, 4000
    try:
        pieces = shapley.contributions(watched, rows, background, groups, 30)
    finally:
        shapley._CELLS = before
    assert largest <= 4000
    np.testing.assert_array_equal(pieces, whole)


def test_nobody_waits_any_more() -> None:
    token = deadline.DEADLINE.set(0.0)
    try:
        with pytest.raises(TimeoutError):
            shapley.contributions(crooked, np.ones((1, 2)), np.zeros((1, 2)), np.array([0, 1]), 2)
    finally:
        deadline.DEADLINE.reset(token)
