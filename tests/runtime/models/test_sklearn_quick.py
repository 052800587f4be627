"""Plain rows by estimators of scikit-learn."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from overture.runtime.model import Fitted
from overture.runtime.models import _boosting_quick
from overture.runtime.models._trees import ensemble
from overture.runtime.models.sklearn import Sklearn
from overture.runtime.schema import Task

from .plain_rows import COLUMNS, fit, rows, same_bits, training

TREES = {"n_estimators": 12, "min_samples_leaf": 2}
ROUNDS = {"max_iter": 12, "early_stopping": False}
CLASSIFIERS: dict[str, dict[str, Any]] = {
    "sklearn.linear_model.LogisticRegression": {},
    "sklearn.ensemble.RandomForestClassifier": TREES,
    "sklearn.ensemble.ExtraTreesClassifier": TREES,
    "sklearn.ensemble.HistGradientBoostingClassifier": ROUNDS,
}
REGRESSORS: dict[str, dict[str, Any]] = {
    "sklearn.linear_model.LinearRegression": {},
    "sklearn.linear_model.Ridge": {},
    "sklearn.linear_model.ElasticNet": {"alpha": 0.01},
    "sklearn.ensemble.RandomForestRegressor": TREES,
    "sklearn.ensemble.ExtraTreesRegressor": TREES,
    "sklearn.ensemble.HistGradientBoostingRegressor": ROUNDS,
}
CASES = [("regression", name) for name in REGRESSORS]
CASES += [(task, name) for task in ("binary", "multiclass") for name in CLASSIFIERS]


@cache
def fitted(task: Task, name: str, more: tuple[tuple[str, Any], ...] = (), **keys: Any) -> Fitted:
    params = {**CLASSIFIERS, **REGRESSORS}.get(name, {})
    key = "regressor" if task == "regression" else "classifier"
    given = {"kind": "sklearn", "seed": 1, "threads": 1, key: name, "params": {**params, **dict(more)}}
    return fit(Sklearn.model_validate(given), task, **keys)


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize(("task", "name"), CASES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_plain_rows_are_predicted_to_the_same_bits(task: Task, name: str, missing: bool, data: Any) -> None:
    same_bits(fitted(task, name, missing=missing), data.draw(rows([*COLUMNS])))


@pytest.mark.parametrize(("task", "name"), [case for case in CASES if ".ensemble." in case[1]])
def test_predictions_are_those_of_the_estimator(task: Task, name: str) -> None:
    model: Any = fitted(task, name)
    found, _ = training(task, count=300)
    matrix, quick = model.encoding.apply(found, model.schema), model.quick()
    estimator = model.estimator
    wanted = estimator.predict(matrix) if task == "regression" else estimator.predict_proba(matrix)
    if task == "binary":
        wanted = wanted[:, :: 1 if model.schema.classes[1] == model.schema.positive else -1]
    plain = found.select([*COLUMNS]).rows()
    for count in (1, 64, 300):
        np.testing.assert_allclose(quick.predict(plain[:count]), wanted[:count], atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("leaves", [2, 9, 20, 40, 100, 200])
def test_trees_of_any_number_of_leaves(leaves: int) -> None:
    more = (("max_leaf_nodes", leaves), ("min_samples_leaf", 1), ("learning_rate", 0.7))
    model = fitted("regression", "sklearn.ensemble.HistGradientBoostingRegressor", more, count=3000)
    found, _ = training("regression", count=300)
    same_bits(model, found.select([*COLUMNS]).rows())


def test_many_rows_and_none_have_the_bits_of_a_few() -> None:
    found, _ = training("binary", count=1000)
    for name in CLASSIFIERS:
        model = fitted("binary", name)
        quick = model.quick()
        assert quick is not None
        plain = found.select([*COLUMNS]).rows()
        many = quick.predict(plain)
        np.testing.assert_array_equal(many, model.predict(found))
        np.testing.assert_array_equal(many[:7], quick.predict(plain[:7]))
        assert quick.predict([]).shape == (0, 2)


def test_what_is_not_known_goes_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    boosting = "sklearn.ensemble.HistGradientBoostingClassifier"
    assert fitted("binary", boosting, text=True).quick() is None
    assert fitted("binary", "sklearn.ensemble.AdaBoostClassifier").quick() is None
    assert fitted("binary", "sklearn.neighbors.KNeighborsClassifier").quick() is None
    assert ensemble(HistGradientBoostingRegressor(loss="poisson")) is None
    assert ensemble(type("Own", (RandomForestRegressor,), {})()) is None
    monkeypatch.setattr(_boosting_quick, "LARGEST", 1000)
    assert fitted("binary", boosting).quick() is None


def test_an_input_that_no_tree_asks_for() -> None:
    more = (("max_iter", 1), ("max_leaf_nodes", 2))
    model = fitted("regression", "sklearn.ensemble.HistGradientBoostingRegressor", more)
    found, _ = training("regression")
    same_bits(model, found.select([*COLUMNS]).rows()[:20])
    alone = fitted("regression", "sklearn.ensemble.HistGradientBoostingRegressor", (("min_samples_leaf", 1000),))
    same_bits(alone, found.select([*COLUMNS]).rows()[:20])
