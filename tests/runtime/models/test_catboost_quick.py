"""Plain rows by CatBoost."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.runtime.model import Fitted
from overture.runtime.models.catboost import Catboost
from overture.runtime.schema import Task

from .plain_rows import COLUMNS, TEXT, fit, rows, same_bits


@cache
def fitted(task: Task, text: bool) -> Fitted:
    made = Catboost.model_validate({"kind": "catboost", "seed": 1, "threads": 1, "params": {"iterations": 30}})
    return fit(made, task, text=text)


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_plain_rows_are_predicted_to_the_same_bits(task: Task, text: bool, data: Any) -> None:
    same_bits(fitted(task, text), data.draw(rows([*COLUMNS, *(TEXT if text else {})])))


def test_no_rows() -> None:
    quick = fitted("binary", False).quick()
    assert quick is not None
    assert quick.predict([]).shape == (0, 2)
