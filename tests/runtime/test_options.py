"""An option that a task, a family or the columns cannot bear is refused, and the rest does what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.data.rows import Rows
from overture.runtime.errors import Mistake
from overture.runtime.fitting import fit
from overture.runtime.model import MODELS, Fitted, Model
from overture.runtime.parts import Parts, learned
from overture.runtime.schema import Schema
from overture.runtime.spec import Spec

COLUMNS = {
    "age": {"type": "integer"},
    "price": {"type": "number", "nullable": True},
    "city": {"type": "category"},
    "counts": {"type": "number", "min": 0},
    "y": {"type": "category", "values": ["no", "yes"]},
    "number": {"type": "number"},
    "grade": {"type": "category", "values": ["a", "b", "c"]},
}
TARGETS = {"binary": "y", "multiclass": "grade", "regression": "number"}
LOGISTIC = {"kind": "sklearn", "classifier": "sklearn.linear_model.LogisticRegression"}
RIDGE = {"kind": "sklearn", "regressor": "sklearn.linear_model.Ridge"}
NEIGHBORS = {"kind": "sklearn", "estimator": "sklearn.neighbors.KNeighborsClassifier"}


def told(task: str, model: dict[str, Any], **data: Any) -> list[str]:
    columns = {name: keys for name, keys in COLUMNS.items() if name not in set(TARGETS.values()) - {TARGETS[task]}}
    written = {"sources": {"one": {"kind": "csv", "path": "one.csv"}}, "columns": columns, **data}
    spec = Spec.model_validate(
        {
            "name": "x",
            "task": task,
            "target": TARGETS[task],
            "data": written,
            "model": model,
            "split": {"kind": "random"},
        }
    )
    return [str(problem) for problem in spec.problems()]


@pytest.mark.parametrize(
    ("task", "model"),
    [
        ("binary", {**LOGISTIC, "class_weight": "balanced", "calibration": "sigmoid", "threshold": 0.2}),
        ("binary", {"kind": "catboost", "class_weight": {"yes": 5}, "monotone": {"age": "increasing"}}),
        ("binary", {**LOGISTIC, "threshold": {"cost": {"false_negative": 5}}}),
        ("multiclass", {"kind": "catboost", "class_weight": {"a": 2}, "calibration": "isotonic"}),
        ("regression", {"kind": "catboost", "interval": {"level": 0.8, "method": "quantile"}}),
        ("regression", {**RIDGE, "interval": {}}),
    ],
)
def test_options_that_fit_are_taken(task: str, model: dict[str, Any]) -> None:
    assert told(task, model, weight="counts") == []


@pytest.mark.parametrize(
    ("task", "model", "words"),
    [
        (
            "regression",
            {**RIDGE, "class_weight": "balanced"},
            "model.class_weight: regression has no classes to weigh.",
        ),
        ("binary", {**NEIGHBORS, "class_weight": "balanced"}, "k_neighbors cannot let classes count unequally."),
        ("binary", {**LOGISTIC, "class_weight": {"yse": 2}}, 'y has no class yse. Did you mean "yes"?'),
        ("binary", {**LOGISTIC, "class_weight": {True: 2}}, "quote the label"),
        ("binary", {**LOGISTIC, "monotone": {"age": "increasing"}}, "logistic cannot keep to a direction for binary."),
        ("multiclass", {"kind": "catboost", "monotone": {"age": "increasing"}}, "keep to a direction for multiclass."),
        (
            "binary",
            {"kind": "catboost", "monotone": {"aeg": "increasing"}},
            'no feature is called "aeg". Did you mean "age"?',
        ),
        (
            "binary",
            {"kind": "catboost", "monotone": {"city": "increasing"}},
            "city is a category, which has no direction.",
        ),
        ("regression", {**RIDGE, "calibration": "sigmoid"}, "regression has no probabilities to calibrate."),
        ("multiclass", {**LOGISTIC, "threshold": 0.5}, "only binary is decided by a threshold, not multiclass."),
        ("binary", {**LOGISTIC, "interval": {}}, "an interval is about a number; binary has none."),
        ("regression", {**RIDGE, "interval": {"method": "quantile"}}, "ridge cannot learn quantiles. Write residual"),
    ],
)
def test_options_that_do_not_fit_are_refused(task: str, model: dict[str, Any], words: str) -> None:
    found = told(task, model)
    assert len(found) == 1
    assert words in found[0].replace("logistic_regression", "logistic")


def test_a_weight_is_a_number_that_every_row_has_and_the_family_can_use() -> None:
    assert "no feature" not in str(told("binary", LOGISTIC, weight="counts"))
    assert 'data.columns has no "count". Did you mean "counts"?' in told("binary", LOGISTIC, weight="count")[0]
    assert "the weight of a row must be a number; city is a category." in told("binary", LOGISTIC, weight="city")[0]
    assert "price is the weight of a row, which may not be missing." in told("binary", LOGISTIC, weight="price")[0]
    assert "age is the weight of a row, which is 0 or more. Add min: 0" in told("binary", LOGISTIC, weight="age")[0]
    assert told("binary", NEIGHBORS, weight="counts")[0].startswith("data.weight: k_neighbors cannot let rows count")


def test_a_weight_is_read_and_is_no_feature() -> None:
    columns = {"age": COLUMNS["age"], "counts": COLUMNS["counts"], "y": COLUMNS["y"]}
    data = {"sources": {"one": {"kind": "csv", "path": "one.csv"}}, "columns": columns, "weight": "counts"}
    spec = Spec.model_validate(
        {"name": "x", "task": "binary", "target": "y", "data": data, "model": LOGISTIC, "split": {"kind": "random"}}
    )
    assert list(spec.contract.inputs) == ["age"]
    assert "counts" in spec.contract.columns


def parts(task: str, rows: int = 1500, noise: float = 1.0, weighed: bool = False) -> Parts:
    """A score of two columns; each third of the rows trains, validates and tests."""
    random = np.random.default_rng(3)
    a, b, counts = random.normal(size=rows), random.normal(size=rows), random.integers(0, 3, rows).astype(float)
    score = a + 0.5 * b + random.normal(0, noise, rows)
    target: Any = score if task == "regression" else np.digitize(score, [-1, 1])
    kind = {"binary": column("category"), "multiclass": column("integer"), "regression": column("number")}[task]
    if task == "binary":
        target = np.where(score > 1.2, "yes", "no")
    frame = pl.DataFrame({"a": a, "b": b, "counts": counts, "y": target}).with_row_index("_row")
    features = {"a": column("number"), "b": column("number")}
    weight = {"weight": "counts", "weight_column": column("number")} if weighed else {}
    schema = Schema(task=task, features=features, target="y", target_column=kind, **weight)
    third = rows // 3
    cut = [frame[:third], frame[third : 2 * third], frame[2 * third :]]
    rows_read = Rows(frame, schema, "", frame.height, 0, (), {}, ())
    return Parts(cut[0], cut[1], cut[2], learned(cut[0], cut[1], schema), rows_read, "random", ())


def model(written: dict[str, Any]) -> Model:
    return MODELS[written["kind"]].model_validate({"seed": 1, "threads": 1, **written})


def trained(written: dict[str, Any], given: Parts) -> Fitted:
    return fit(model(written), given)


TREES = {"kind": "catboost", "params": {"iterations": 40}, "early_stopping_rounds": None}
GRADIENT = {"kind": "sklearn", "estimator": "sklearn.ensemble.HistGradientBoostingClassifier"}
SHALLOW = {"kind": "sklearn", "estimator": "sklearn.ensemble.RandomForestClassifier", "params": {"n_estimators": 20}}
WEIGHING = [TREES, LOGISTIC, GRADIENT, SHALLOW]


@pytest.mark.parametrize("written", WEIGHING, ids=["catboost", "logistic", "hist_gradient_boosting", "random_forest"])
def test_a_weight_of_a_class_raises_its_probability(written: dict[str, Any]) -> None:
    given = parts("binary")
    plain = trained(written, given).predict(given.test)[:, 1].mean()
    heavy = trained({**written, "class_weight": {"yes": 6}}, given).predict(given.test)[:, 1].mean()
    even = trained({**written, "class_weight": "balanced"}, given).predict(given.test)[:, 1].mean()
    assert heavy > plain + 0.1
    assert even > plain + 0.05


@pytest.mark.parametrize("written", WEIGHING[:3], ids=["catboost", "logistic", "hist_gradient_boosting"])
def test_a_row_without_weight_teaches_nothing(written: dict[str, Any]) -> None:
    given = parts("binary", weighed=True)
    odd = given.train.with_columns(
        y=pl.when(pl.col("counts") == 0).then(pl.lit("yes")).otherwise("y"),
        a=pl.when(pl.col("counts") == 0).then(-pl.col("a")).otherwise("a"),
    )
    one, two = trained(written, given), trained(written, replace(given, train=odd))
    mean = np.abs(one.predict(given.test) - two.predict(given.test)).mean()
    assert mean < 0.06  # where trees cut is looked up in all rows


def test_weights_that_are_all_0_are_a_mistake() -> None:
    given = parts("binary", weighed=True)
    none = given.train.with_columns(counts=pl.lit(0.0))
    with pytest.raises(Mistake, match="counts must be 0 or more, and more than 0 for some row"):
        trained(LOGISTIC, replace(given, train=none, valid=none.clear()))


MONOTONE = [
    ("regression", {"kind": "catboost", "params": {"iterations": 60}, "early_stopping_rounds": None}),
    ("binary", {"kind": "catboost", "params": {"iterations": 60}, "early_stopping_rounds": None}),
    ("binary", GRADIENT),
    ("regression", {"kind": "sklearn", "estimator": "sklearn.ensemble.HistGradientBoostingRegressor"}),
    ("binary", SHALLOW),
]


@pytest.mark.parametrize(("task", "written"), MONOTONE, ids=lambda it: it if isinstance(it, str) else it["kind"])
def test_a_direction_is_kept_everywhere(task: str, written: dict[str, Any]) -> None:
    given = parts(task, 600, noise=2)
    found = trained({**written, "monotone": {"a": "increasing", "b": "decreasing"}}, given)
    for name, sign in (("a", 1), ("b", -1)):
        rows = pl.concat([given.test.head(20)] * 30).sort("_row")
        moved = rows.with_columns(pl.Series(name, np.tile(np.linspace(-4, 4, 30), 20)))
        said = found.predict(moved)
        said = (said if task == "regression" else said[:, 1]).reshape(20, 30)
        assert (sign * np.diff(said, axis=1) >= -1e-12).all()


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_calibration_mends_probabilities_that_exaggerate(task: str, method: str) -> None:
    from sklearn.metrics import log_loss

    given = parts(task, 3000)
    unlike = {"kind": "sklearn", "estimator": "sklearn.tree.DecisionTreeClassifier", "params": {"max_depth": 8}}
    plain, found = trained(unlike, given), trained({**unlike, "calibration": method}, given)
    truth = given.test["y"].to_list()
    assert log_loss(truth, found.predict(given.test)) < log_loss(truth, plain.predict(given.test))
    np.testing.assert_allclose(found.predict(given.test).sum(axis=1), 1, rtol=1e-12)
    assert found.facts()["calibration"] == {"method": method, "rows": 1000}


def test_the_sigmoid_is_that_of_scikit_learn() -> None:
    from sklearn.calibration import _sigmoid_calibration

    from overture.runtime.calibration import Sigmoid

    random = np.random.default_rng(0)
    odds = random.normal(size=500)
    truth = (random.random(500) < 1 / (1 + np.exp(-(2 * odds - 1)))).astype(float)
    slope, offset = _sigmoid_calibration(odds, truth)
    found = Sigmoid.learn(odds, truth, np.ones(500))
    np.testing.assert_allclose([found.slope, found.offset], [-slope, -offset], rtol=1e-3)


def test_a_threshold_is_where_wrong_decisions_cost_least() -> None:
    given = parts("binary", 6000)
    written = {**LOGISTIC, "threshold": {"cost": {"false_positive": 1, "false_negative": 9}}}
    found = trained(written, given)
    positive, truth = found.predict(given.valid)[:, 1], given.valid["y"].to_numpy() == "yes"

    def cost(threshold: float) -> float:
        called = positive >= threshold
        return float((called & ~truth).sum() + 9 * (~called & truth).sum())

    assert cost(found.threshold or 0) == min(map(cost, [*np.unique(positive), 2.0]))
    assert 0.02 < (found.threshold or 0) < 0.25  # perfect probabilities would say 0.1
    assert found.facts()["threshold"]["mean_cost"] == pytest.approx(cost(found.threshold or 0) / given.valid.height)


def test_a_threshold_changes_what_is_predicted_and_not_how_probable_it_is() -> None:
    from overture.runtime.evaluation import Evaluation
    from overture.runtime.measuring import evaluate

    given = parts("binary")
    plain, found = trained(LOGISTIC, given), trained({**LOGISTIC, "threshold": 0.1}, given)
    np.testing.assert_array_equal(found.predict(given.test), plain.predict(given.test))
    scores = evaluate(found, given, Evaluation(replicates=20))
    table = scores.predictions
    assert (table["prediction"] == "yes").to_list() == (table["probability: yes"] >= 0.1).to_list()
    right = (table["prediction"] == table["target"]).mean()
    assert scores.metrics["accuracy"].value == pytest.approx(right)
    before = evaluate(plain, given, Evaluation(replicates=20))
    assert scores.metrics["log_loss"] == before.metrics["log_loss"]
    assert scores.metrics["accuracy"] != before.metrics["accuracy"]


@pytest.mark.parametrize("level", [0.5, 0.9])
@pytest.mark.parametrize(
    "written",
    [
        {**RIDGE, "interval": {"method": "residual"}},
        {**TREES, "interval": {"method": "quantile"}},
        {
            "kind": "sklearn",
            "regressor": "sklearn.ensemble.HistGradientBoostingRegressor",
            "params": {"max_iter": 40},
            "interval": {"method": "quantile"},
        },
    ],
    ids=["residual", "catboost", "hist_gradient_boosting"],
)
def test_an_interval_holds_the_share_it_promises(written: dict[str, Any], level: float) -> None:
    from overture.runtime.evaluation import Evaluation
    from overture.runtime.measuring import evaluate

    given = parts("regression", 4500)
    found = trained({**written, "interval": {**written["interval"], "level": level}}, given)
    values = found.predict(given.test)
    low, high = found.bounds(given.test, values).T
    truth = given.test["y"].to_numpy()
    assert level - 0.05 < ((truth >= low) & (truth <= high)).mean() < level + 0.06
    assert (low <= values).all()
    assert (values <= high).all()
    scores = evaluate(found, given, Evaluation(replicates=20))
    assert any(note.startswith("intervals hold ") for note in scores.notes)


def test_too_few_validation_rows_are_a_mistake_and_never_a_guess() -> None:
    with pytest.raises(Mistake, match=r"level 0\.9 needs 9 validation rows; there are 4"):
        trained({**RIDGE, "interval": {}}, parts("regression", 12))
    few = parts("binary", 60)
    with pytest.raises(Mistake, match="lack a class"):
        trained({**LOGISTIC, "calibration": "sigmoid"}, replace(few, valid=few.valid.filter(pl.col("y") == "no")))


def test_rows_that_adjust_are_not_learned_from() -> None:
    given = parts("regression")
    other = replace(given, valid=given.valid.with_columns(pl.col("y") * 100))
    written = {"kind": "catboost", "params": {"iterations": 300}, "interval": {}}
    one, two = trained(written, given), trained(written, other)
    np.testing.assert_array_equal(one.predict(given.test), two.predict(given.test))
    assert one.rounds == two.rounds != 300


ADJUSTED = [
    ("binary", {**TREES, "calibration": "sigmoid", "threshold": {"cost": {"false_negative": 5}}}),
    ("binary", {**LOGISTIC, "calibration": "isotonic"}),
    ("multiclass", {**TREES, "calibration": "sigmoid"}),
    ("multiclass", {**GRADIENT, "calibration": "isotonic", "class_weight": "balanced"}),
    ("regression", {**TREES, "interval": {"method": "quantile"}}),
    ("regression", {**RIDGE, "interval": {}}),
]


@pytest.mark.parametrize(("task", "written"), ADJUSTED, ids=[str(i) for i in range(len(ADJUSTED))])
def test_adjusted_answers_are_kept_bit_for_bit_alone_and_among_many(
    task: str, written: dict[str, Any], tmp_path: Any
) -> None:
    from overture.runtime.adjusted import load

    given = parts(task)
    found = trained(written, given)
    found.save(tmp_path)
    again = load(MODELS[written["kind"]], tmp_path, given.schema)
    rows = given.test.head(200)
    predicted = found.predict(rows)
    np.testing.assert_array_equal(again.predict(rows), predicted)
    np.testing.assert_array_equal(np.concatenate([found.predict(rows[i : i + 1]) for i in range(50)]), predicted[:50])
    assert (again.threshold, again.level, again.facts()) == (found.threshold, found.level, found.facts())
    if found.level is not None:
        np.testing.assert_array_equal(again.bounds(rows, predicted), found.bounds(rows, predicted))
        alone = [found.bounds(rows[i : i + 1], predicted[i : i + 1]) for i in range(20)]
        np.testing.assert_array_equal(np.concatenate(alone), found.bounds(rows, predicted)[:20])
    why = found.explain(rows[:3])
    np.testing.assert_allclose(why.base + why.contributions.sum(axis=1), found.raw(rows[:3]), atol=1e-9)
    if task == "binary" and written["calibration"] == "sigmoid":
        np.testing.assert_allclose(found.raw(rows)[:, 0], np.log(predicted[:, 1] / predicted[:, 0]), atol=1e-6)
    quick = found.quick()
    if quick is not None:
        np.testing.assert_array_equal(quick.predict(list(rows.select("a", "b").iter_rows())), predicted)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"calibration": {"method": "sigmoid", "maps": [{}]}}'])
def test_a_damaged_adjustment_is_refused(content: bytes, tmp_path: Any) -> None:
    from overture.runtime.adjusted import FILE, load

    given = parts("binary", 300)
    trained({**LOGISTIC, "calibration": "sigmoid"}, given).save(tmp_path)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(Mistake, match="damaged"):
        load(MODELS["sklearn"], tmp_path, given.schema)
