"""Forests are kept as long arrays and come back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import Ridge

from overture.runtime import safe_types
from overture.runtime.errors import Mistake
from overture.runtime.models._packed_forest import packed, unpacked
from overture.runtime.models._sklearn_fitted import FILE, load
from overture.runtime.models.sklearn import Sklearn

from .plain_rows import fit, training

RANDOM = np.random.default_rng(3)
MATRIX = RANDOM.normal(size=(300, 5))
FORESTS = [
    RandomForestClassifier(20, min_samples_leaf=2, random_state=1).fit(MATRIX, MATRIX[:, 0] > 0.3),
    ExtraTreesClassifier(20, random_state=1).fit(MATRIX, np.digitize(MATRIX[:, 1], [-1, 0, 1])),
    ExtraTreesRegressor(20, random_state=1).fit(MATRIX, MATRIX[:, 0] * MATRIX[:, 1]),
]


@pytest.mark.parametrize("forest", FORESTS, ids=lambda forest: type(forest).__name__)
def test_a_forest_comes_back_as_it_was(forest: Any, tmp_path: Path) -> None:
    safe_types.save(packed(forest), tmp_path / "forest")
    content = safe_types.load(tmp_path / "forest")
    assert content.keys() == {"estimator", "trees"}
    again = unpacked(content)["estimator"]

    assert len(forest.estimators_) == 20  # what was packed is whole still
    assert [vars(tree).keys() for tree in again.estimators_] == [vars(tree).keys() for tree in forest.estimators_]
    assert [tree.random_state for tree in again.estimators_] == [tree.random_state for tree in forest.estimators_]
    assert np.array_equal(again.predict(MATRIX), forest.predict(MATRIX))
    assert np.array_equal(again.apply(MATRIX), forest.apply(MATRIX))
    assert np.array_equal(again.feature_importances_, forest.feature_importances_)


@pytest.mark.parametrize(
    "other", [Ridge(), GradientBoostingRegressor(n_estimators=3)], ids=lambda it: type(it).__name__
)
def test_what_is_no_forest_stays_as_it_is(other: Any) -> None:
    fitted = other.fit(MATRIX, MATRIX[:, 0])

    assert packed(fitted) == {"estimator": fitted}


def test_trees_that_differ_in_their_settings_are_kept_one_by_one() -> None:
    forest = ExtraTreesRegressor(4, random_state=1).fit(MATRIX, MATRIX[:, 0])
    forest.estimators_[2].min_samples_leaf = 9

    assert packed(forest) == {"estimator": forest}


def forest() -> Any:
    given = {"classifier": "sklearn.ensemble.RandomForestClassifier", "params": {"n_estimators": 8}}
    return fit(Sklearn.model_validate({"kind": "sklearn", "seed": 1, "threads": 1, **given}), "binary")


def test_a_forest_that_was_written_tree_by_tree_is_opened_too(tmp_path: Path) -> None:
    model = forest()
    plain = {name: getattr(model, name) for name in ("estimator", "background", "shift", "scale")}
    safe_types.save({"kind": "learned", "encoding": model.encoding.state(), **plain}, tmp_path / FILE)

    rows, _ = training("binary")
    assert np.array_equal(load(tmp_path, model.schema).predict(rows), model.predict(rows))


def test_arrays_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    model = forest()
    model.save(tmp_path)
    content = safe_types.load(tmp_path / FILE)
    content["trees"]["counts"] = content["trees"]["counts"] + 1
    safe_types.save(content, tmp_path / FILE)

    with pytest.raises(Mistake, match="was not written by overture"):
        load(tmp_path, model.schema)
