"""What is particular to estimators of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.errors import Mistake
from overture.runtime.model import Fitted
from overture.runtime.models.sklearn import Sklearn
from overture.runtime.parts import learned
from overture.runtime.schema import Schema, Task


def frame(task: Task, rows: int = 200) -> pl.DataFrame:
    random = np.random.default_rng(0)
    a, b = random.normal(size=rows), random.integers(0, 3, rows)
    score = a + (b == 1)
    target: Any = score * 50_000 + 200_000 if task == "regression" else np.digitize(score, [0, 1])
    if task == "binary":
        target = np.where(score > 0, "yes", "no")
    labels = pl.Series(np.array(["x", "y", "z"])[b])
    return pl.DataFrame({"a": a, "b": labels, "y": target}).with_columns(
        pl.when(pl.int_range(rows) % 9 > 0).then(pl.col("a")).alias("a")
    )


def fitted(name: str, task: Task, rows: pl.DataFrame | None = None, **params: Any) -> Fitted:
    rows = frame(task) if rows is None else rows
    target = {"binary": column("category"), "multiclass": column("integer"), "regression": column("number")}[task]
    features = {"a": column("number", nullable=True), "b": column("category")}
    declared = Schema(task=task, features=features, target="y", target_column=target)
    chosen = Sklearn(estimator=name, params=params, seed=3, threads=1)
    assert not chosen.problems(task)
    return chosen.fit(rows, None, learned(rows, rows.clear(), declared), lambda done, most: None)


def told(task: Task = "binary", **keys: Any) -> list[str]:
    return [str(problem) for problem in Sklearn(**keys).problems(task)]


ANY = [
    ("sklearn.neighbors.KNeighborsClassifier", "multiclass"),
    ("sklearn.neighbors.KNeighborsRegressor", "regression"),
    ("sklearn.neural_network.MLPClassifier", "binary"),
    ("sklearn.neural_network.MLPRegressor", "regression"),
    ("sklearn.dummy.DummyClassifier", "multiclass"),
    ("sklearn.dummy.DummyRegressor", "regression"),
    ("sklearn.ensemble.GradientBoostingClassifier", "multiclass"),
    ("sklearn.ensemble.AdaBoostRegressor", "regression"),
    ("sklearn.ensemble.BaggingClassifier", "binary"),
    ("sklearn.tree.DecisionTreeClassifier", "binary"),
    ("sklearn.naive_bayes.GaussianNB", "multiclass"),
    ("sklearn.svm.SVR", "regression"),
    ("sklearn.linear_model.LinearRegression", "regression"),
    ("sklearn.linear_model.PoissonRegressor", "regression"),
    ("sklearn.linear_model.HuberRegressor", "regression"),
    ("sklearn.linear_model.LogisticRegressionCV", "binary"),
    ("sklearn.discriminant_analysis.LinearDiscriminantAnalysis", "binary"),
]


@pytest.mark.parametrize(("name", "task"), ANY, ids=[name.rpartition(".")[2] for name, _ in ANY])
def test_any_estimator_learns_is_kept_and_explained(name: str, task: Task, tmp_path: Any) -> None:
    params = {"max_iter": 300} if "MLP" in name else {}
    found, rows = fitted(name, task, **params), frame(task)
    predicted = found.predict(rows)
    assert np.isfinite(predicted).all()
    if "Dummy" not in name:
        right = (
            predicted.argmax(axis=1) == np.unique(rows["y"].to_numpy(), return_inverse=True)[1]
            if task != "regression"
            else None
        )
        assert right.mean() > 0.8 if right is not None else np.corrcoef(predicted, rows["y"])[0, 1] > 0.8
    found.save(tmp_path)
    again = Sklearn.load(tmp_path, found.schema)
    np.testing.assert_array_equal(again.predict(rows), predicted)
    why = again.explain(rows[:2])
    scale = np.abs(found.raw(rows[:2])).max()
    np.testing.assert_allclose(why.base + why.contributions.sum(axis=1), found.raw(rows[:2]), atol=scale * 1e-9)
    alone = np.concatenate([found.predict(rows[i : i + 1]) for i in range(50)])
    np.testing.assert_allclose(alone, predicted[:50], rtol=1e-12)


def test_a_mistyped_name_is_told_with_the_right_one() -> None:
    assert told(classifier="sklearn.ensemble.RandomForestClasifier") == [
        'model.classifier: scikit-learn has no estimator "sklearn.ensemble.RandomForestClasifier". Did you mean "sklearn.ensemble.RandomForestClassifier"?'
    ]
    assert 'Did you mean "sklearn.linear_model.Ridge"?' in told("regression", regressor="Ridge")[0]


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "sklearn.os.System",
        "sklearn.._x.Y",
        "sklearn.utils._testing.Hack",
        "sklearn.ensemble",
        "sklearn.utils.Bunch",
        "",
    ],
)
def test_only_estimators_of_scikit_learn_are_accepted(name: str) -> None:
    assert "scikit-learn has no estimator" in told(classifier=name)[0]


def test_nothing_else_is_even_imported() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from overture.runtime.models.sklearn import Sklearn;"
        "assert Sklearn(classifier='antigravity.Gravity').problems('binary'); assert 'antigravity' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_estimator_must_fit_the_task() -> None:
    assert "is no classifier, which binary needs" in told(estimator="sklearn.linear_model.Ridge")[0]
    only = {"regressor": "sklearn.linear_model.Ridge"}
    assert told(**only)[0].startswith("model.classifier: no classifier is named, which binary needs")
    assert not told("regression", **only)


def test_a_classifier_must_give_probabilities() -> None:
    assert "gives no probabilities, and binary needs them" in told(classifier="sklearn.svm.LinearSVC")[0]
    sgd = "sklearn.linear_model.SGDClassifier"
    assert "gives no probabilities with these params" in told(classifier=sgd)[0]
    assert not told(classifier=sgd, params={"loss": "log_loss"})


def test_estimators_made_of_others_are_refused() -> None:
    assert "cannot be written in YAML" in told(classifier="sklearn.ensemble.VotingClassifier")[0]


def test_every_wrong_parameter_is_told_at_once_in_scikit_learns_words() -> None:
    params = {"n_estimatrs": 5, "random_state": 1, "n_jobs": 2, "max_depth": "deep", "min_samples_leaf": -1}
    found = told(classifier="sklearn.ensemble.RandomForestClassifier", params=params)
    assert len(found) == 5
    assert 'Did you mean "n_estimators"?' in found[0]
    assert found[1] == "model.params.random_state: is not set here. Use the key seed."
    assert found[2] == "model.params.n_jobs: is not set here. Use the key threads."
    assert "The 'max_depth' parameter of RandomForestClassifier must be" in found[3]


def test_what_scikit_learn_refuses_is_a_mistake_in_its_words() -> None:
    with pytest.raises(Mistake, match=r"scikit-learn says: Some value.s. of y are out of the valid range"):
        fitted("sklearn.linear_model.GammaRegressor", "regression", frame("regression").with_columns(-pl.col("y")))


def test_no_more_neighbors_are_asked_than_there_are_rows() -> None:
    found = fitted("sklearn.neighbors.KNeighborsClassifier", "binary", frame("binary", 3), n_neighbors=5)
    assert found.notes == ("fewer rows than 5 neighbors, so all of them are",)


def test_a_fit_that_did_not_converge_says_so() -> None:
    found = fitted("sklearn.linear_model.LogisticRegression", "multiclass", max_iter=1)
    assert any("failed to converge" in note for note in found.notes)


def test_early_stopping_is_left_out_where_a_class_has_too_few_rows() -> None:
    rows = frame("binary").vstack(frame("binary", 1).with_columns(y=pl.lit("maybe")))
    found = fitted(
        "sklearn.ensemble.HistGradientBoostingClassifier", "multiclass", rows, early_stopping=True, max_iter=5
    )
    assert found.notes == ("too few rows to stop early by, so every round is kept",)
    assert found.predict(rows).shape == (201, 3)


def test_a_linear_model_is_the_sum_that_scikit_learn_computes() -> None:
    from sklearn.linear_model import Ridge

    rows = frame("regression").drop_nulls()
    found = fitted("sklearn.linear_model.Ridge", "regression", rows, alpha=1e-9)
    matrix = np.stack([rows["a"].to_numpy(), *(rows["b"] == label for label in "xyz")], axis=1)
    by_hand = Ridge(alpha=1e-9).fit(matrix, rows["y"]).predict(matrix)
    np.testing.assert_allclose(found.predict(rows), by_hand, rtol=1e-6)


def test_the_unit_of_the_target_does_not_matter() -> None:
    rows = frame("regression")
    thousand = rows.with_columns(pl.col("y") / 1000)
    one, two = (fitted("sklearn.linear_model.ElasticNet", "regression", r, alpha=0.1) for r in (rows, thousand))
    np.testing.assert_allclose(one.predict(rows), 1000 * two.predict(rows), rtol=1e-9)


def test_threads_do_not_change_the_model() -> None:
    rows = frame("regression")
    declared = fitted("sklearn.ensemble.RandomForestRegressor", "regression", n_estimators=20).schema
    found = [
        Sklearn(
            estimator="sklearn.ensemble.RandomForestRegressor", params={"n_estimators": 20}, seed=3, threads=threads
        ).fit(rows, None, declared, lambda done, most: None)
        for threads in (1, 2)
    ]
    np.testing.assert_array_equal(found[0].predict(rows), found[1].predict(rows))
