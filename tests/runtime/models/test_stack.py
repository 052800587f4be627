"""What is particular to models that are made of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.model import MODELS, Fitted, Model
from overture.runtime.options import problems
from overture.runtime.parts import learned
from overture.runtime.schema import Schema

TREES = {"kind": "sklearn", "estimator": "sklearn.ensemble.RandomForestRegressor", "params": {"n_estimators": 20}}
FOREST = {**TREES, "estimator": "sklearn.ensemble.RandomForestClassifier"}
LOGISTIC = {"kind": "sklearn", "classifier": "sklearn.linear_model.LogisticRegression"}
RIDGE = {"kind": "sklearn", "regressor": "sklearn.linear_model.Ridge"}
DUMMY = {"kind": "sklearn", "estimator": "sklearn.dummy.DummyRegressor"}


def rows(task: str, count: int = 600) -> tuple[pl.DataFrame, Schema]:
    random = np.random.default_rng(2)
    a, b = random.normal(size=count), random.normal(size=count)
    score = a + 3 * (b > 0) + random.normal(0, 0.5, count)
    target: Any = score * 1000 + 5000 if task == "regression" else np.where(score > 1.5, "yes", "no")
    frame = pl.DataFrame({"a": a, "b": b, "y": target})
    kind = column("number" if task == "regression" else "category")
    declared = Schema(
        task=task, features={"a": column("number"), "b": column("number")}, target="y", target_column=kind
    )
    return frame, learned(frame, frame.clear(), declared)


def model(written: dict[str, Any]) -> Model:
    return MODELS[written["kind"]].model_validate({"seed": 1, "threads": 1, **written})


def fitted(written: dict[str, Any], frame: pl.DataFrame, schema: Schema) -> Fitted:
    return model(written).fit(frame, None, schema, lambda done, most: None)


def error(found: Fitted, frame: pl.DataFrame) -> float:
    return float(((found.predict(frame) - frame["y"].to_numpy()) ** 2).mean())


def test_a_stack_is_no_worse_than_its_best_member_and_passes_over_one_that_knows_nothing() -> None:
    frame, schema = rows("regression", 1200)
    train, test = frame[:600], frame[600:]
    members = {"trees": TREES, "sum": RIDGE, "nothing": DUMMY}
    found = fitted({"kind": "stack", "members": members}, train, schema)
    alone = [error(fitted(member, train, schema), test) for member in members.values()]
    assert error(found, test) < 1.02 * min(alone)
    weights = found.weights[:, 0]  # type: ignore[attr-defined]
    assert (weights >= 0).all()
    assert weights[2] < 0.05
    assert weights[:2].sum() == pytest.approx(1, abs=0.1)


def test_weights_come_from_rows_that_members_had_not_seen() -> None:
    frame, schema = rows("regression", 400)
    noise = frame.with_columns(y=pl.col("y").shuffle(1))
    deep = {**TREES, "params": {"n_estimators": 20, "min_samples_leaf": 1}}
    found = fitted({"kind": "stack", "members": {"deep": deep, "nothing": DUMMY}}, noise, schema)
    assert found.weights[0, 0] < 0.2  # type: ignore[attr-defined]  # it knows its own rows by heart


def test_a_blend_is_the_weighted_mean() -> None:
    frame, schema = rows("binary")
    members = {"trees": FOREST, "sum": LOGISTIC}
    found = fitted({"kind": "blend", "members": members, "weights": {"trees": 3}}, frame, schema)
    one, two = (fitted(member, frame, schema).predict(frame) for member in members.values())
    np.testing.assert_allclose(found.predict(frame), (3 * one + two) / 4, rtol=1e-12)


def test_few_rows_make_members_count_the_same() -> None:
    frame, schema = rows("binary", 18)
    found = fitted({"kind": "stack", "members": {"trees": FOREST, "sum": LOGISTIC}}, frame, schema)
    assert found.notes == ("too few rows for folds, so every member counts the same",)
    forests = fitted({"kind": "stack", "members": {"one": FOREST, "two": FOREST}}, frame, schema)
    alone = fitted(FOREST, frame, schema).predict(frame)
    assert ((forests.predict(frame) > 0.5) == (alone > 0.5)).all()


def test_what_is_wrong_with_a_member_is_told_with_its_place() -> None:
    members = {
        "sum": {**LOGISTIC, "params": {"c": 1}},
        "trees": {**FOREST, "calibration": "sigmoid"},
        "own": {"kind": "hooks"},
    }
    told = [str(it) for it in model({"kind": "stack", "members": members}).problems("binary")]
    assert told[0].startswith("model.members.sum.params.c: LogisticRegression has no parameter of that name.")
    assert told[1] == "model.members.trees.calibration: is said of the whole model, not of a member."
    assert told[2] == "model.members.own.kind: hooks cannot be a member of another model."
    assert "no regressor is named" in str(
        model({"kind": "blend", "members": {"a": LOGISTIC, "b": RIDGE}}).problems("regression")[0]
    )


def test_what_a_member_cannot_do_with_the_columns_is_told_with_its_place() -> None:
    _, schema = rows("binary")
    members = {"sum": LOGISTIC, "trees": {**FOREST, "monotone": {"aa": "increasing"}}}
    (told,) = problems(model({"kind": "stack", "members": members}), schema)
    assert str(told).startswith('model.members.trees.monotone.aa: no feature is called "aa".')
    (told,) = problems(
        model({"kind": "blend", "members": {"s": LOGISTIC, "t": FOREST}, "monotone": {"a": "increasing"}}), schema
    )
    assert "blend cannot keep to a direction" in str(told)


def test_weights_of_no_member_are_told() -> None:
    found = model({"kind": "blend", "members": {"sum": LOGISTIC, "trees": FOREST}, "weights": {"tree": 2}})
    assert [str(it) for it in found.problems("binary")] == [
        'model.weights.tree: no member is called "tree". Did you mean "trees"?'
    ]
