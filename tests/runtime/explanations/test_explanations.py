"""What is told of a model is what it does: checked against models whose inside is known, and against other ways to compute the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime import classes
from overture.runtime.data.column import column
from overture.runtime.explanations.dependence import dependence
from overture.runtime.explanations.explaining import explained
from overture.runtime.explanations.held import Held, losses
from overture.runtime.explanations.importance import importance
from overture.runtime.explanations.segments import segments
from overture.runtime.explanations.settings import Explanations
from overture.runtime.explanations.subject import Subject
from overture.runtime.explanations.summary import summary
from overture.runtime.explanations.worst import worst
from overture.runtime.hooks import Hooks
from overture.runtime.model import Cost, Explanation, Fitted, Model
from overture.runtime.models.catboost import Catboost
from overture.runtime.models.sklearn import Sklearn
from overture.runtime.runs.run import Run
from overture.runtime.schema import Schema, Task

from ..models.plain_rows import training
from ..runs.conftest import train


class Weighted(Fitted):
    """Twice x, and a little of the label; nothing of the rest."""

    cost = Cost(1.0)

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def raw(self, frame: pl.DataFrame) -> Any:
        return (2 * frame["x"] + 0.5 * (frame["label"] == "b")).fill_null(1.0).to_numpy()[:, None]

    def predict(self, frame: pl.DataFrame) -> Any:
        raw = self.raw(frame)[:, 0]
        if not self.schema.classification:
            return raw
        share = 1 / (1 + np.exp(-raw))
        return np.column_stack([1 - share, share])

    def explain(self, frame: pl.DataFrame) -> Explanation:
        base = np.zeros(1)
        parts = [2 * frame["x"].fill_null(0.5), 0.5 * (frame["label"] == "b")]
        found = np.column_stack([*parts, *[np.zeros(frame.height)] * (len(self.schema.inputs) - 2)])
        return Explanation(base, found[:, :, None], "by hand")


FEATURES = {
    "x": column("number", nullable=True),
    "label": column("category"),
    "noise": column("number"),
    "who": column("category", personal=True),
}


def rows(count: int, seed: int = 0) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "_row": np.arange(1, count + 1),
            "x": chance.normal(size=count),
            "label": chance.choice(["a", "b", "c"], count),
            "noise": chance.normal(size=count),
            "who": [f"secret {i % 7}" for i in range(count)],
        }
    )


def subject(task: Task, count: int = 2000, seed: int = 0, truth: Any = None, **asked: Any) -> Subject:
    """The model above on rows whose truth follows it, but for noise."""
    target = column("number") if task == "regression" else column("category")
    known = {} if task == "regression" else {"classes": ["no", "yes"], "positive": "yes"}
    schema = Schema(task=task, features=FEATURES, target="y", target_column=target, **known)
    model, frame = Weighted(schema), rows(count, seed)
    predicted, chance = model.predict(frame), np.random.default_rng(seed + 1)
    if task == "regression":
        truth = predicted + chance.normal(size=count) if truth is None else truth(frame, predicted)
        predictions = pl.DataFrame({"_row": frame["_row"], "target": truth, "prediction": predicted})
    else:
        share = predicted[:, 1] if truth is None else truth(frame, predicted[:, 1])
        truth = np.where(chance.random(count) < share, "yes", "no")
        said = np.array(["no", "yes"])[classes.decide(predicted, schema)]
        shares = {"probability: no": predicted[:, 0], "probability: yes": predicted[:, 1]}
        predictions = pl.DataFrame({"_row": frame["_row"], "target": truth, "prediction": said, **shares})
    settings = Explanations(**asked)
    held = Held.choose(frame.with_columns(y=pl.Series(truth)), predictions, schema, settings, 42)
    objective = "root_mean_squared_error" if task == "regression" else "log_loss"
    return Subject.of(model, Hooks(Path()), held, settings, objective, 42)


def test_a_column_is_worth_what_shuffling_it_costs() -> None:
    asked = subject("regression", 4000)

    found = {one["column"]: one for one in importance(asked, ["x", "label", "noise", "who"])}

    assert list(found)[:2] == ["x", "label"]
    # errors of variance 1 become errors of variance 1 + 2 * variance of what the column adds
    for name, added in (("x", 4.0), ("label", 0.25 * 2 / 9)):
        expected = np.sqrt(1 + 2 * added) - 1
        assert found[name]["value"] == pytest.approx(expected, rel=0.1)
        assert found[name]["low"] < found[name]["value"] < found[name]["high"]
    assert found["noise"] == {"column": "noise", "value": 0.0, "low": 0.0, "high": 0.0}


@pytest.mark.parametrize("objective", ["log_loss", "roc_auc"])
def test_more_is_worse_whichever_way_the_objective_goes(objective: str) -> None:
    asked = subject("binary")
    asked = Subject.of(asked.model, Hooks(Path()), asked.held, asked.settings, objective, 42)

    (first, *_) = importance(asked, ["noise", "x"])

    assert first["column"] == "x"
    assert first["low"] > 0.01


def test_the_interval_of_a_columns_worth_holds_the_worth() -> None:
    truth = np.sqrt(1 + 2 * 4.0) - 1
    inside = 0
    for seed in range(40):
        (found,) = importance(subject("regression", 600, seed), ["x"])
        inside += found["low"] <= truth <= found["high"]

    assert inside >= 34  # 38 of 40 are expected; fewer than 34 has a chance below 2 %


def test_shap_values_are_summed_up_as_they_are() -> None:
    asked = subject("binary")

    found = summary(asked)

    assert found["apart"] == pytest.approx(0, abs=1e-12)
    assert [one["input"] for one in found["inputs"]][:2] == ["x", "label"]
    first = asked.rows.head(found["rows"])
    assert found["inputs"][0]["size"] == pytest.approx(float((2 * first["x"]).abs().mean()), rel=1e-5)
    shades = {shade for _, shade in found["inputs"][0]["points"]}
    assert {shade for _, shade in found["inputs"][1]["points"]} == {None}
    assert all(0 <= shade <= 1 for shade in shades)


def test_dependence_follows_the_model() -> None:
    x, label = dependence(subject("regression"), ["x", "label"])

    at, mean = np.array(x["at"]), np.array(x["curves"][0]["mean"])
    assert np.diff(mean) / np.diff(at) == pytest.approx(2, rel=1e-3)
    assert sum(x["rows"]) == 2000
    for line in x["single"]:
        assert np.diff(line) / np.diff(at) == pytest.approx(2, rel=1e-3)
    assert label["at"] == ["a", "b", "c"]
    a, b, c = label["curves"][0]["mean"]
    assert (b - a, c - a) == (pytest.approx(0.5, abs=1e-4), pytest.approx(0, abs=1e-4))


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_the_worst_errors_are_the_worst(task: Task) -> None:
    asked = subject(task, 3000, rows=100, errors=7)

    found = worst(asked, ["x", "label", "who"])

    every = subject(task, 3000, rows=3000, errors=0).held
    expected = sorted(every.losses, reverse=True)[:7]
    assert [one["loss"] for one in found["rows"]] == pytest.approx(expected, rel=1e-5)
    assert (found["columns"], found["hidden"]) == (["x", "label"], ["who"])
    for one in found["rows"]:
        row = rows(3000).row(one["row"] - 1, named=True)
        assert one["values"] == [f"{row['x']:.6g}", row["label"]]


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_weak_group_is_found_and_said_in_words(task: Task) -> None:
    def truth(frame: pl.DataFrame, predicted: Any) -> Any:
        weak = ((frame["label"] == "c") & (frame["x"] > 0.5)).to_numpy()
        if task == "binary":
            return np.where(weak, 1 - predicted, predicted)
        chance = np.random.default_rng(5).normal(size=frame.height)
        return predicted + chance * np.where(weak, 4, 1)

    found = segments(subject(task, 8000, truth=truth))

    where = {one["column"]: one["is"] for one in found[0]["where"]}
    assert where["label"] == "c"
    assert float(where["x"].removeprefix("above ").split(",")[0]) >= 0.4
    assert found[0]["loss"]["low"] > found[0]["elsewhere"]
    assert "who" not in json.dumps(found)
    assert (found[0]["wrong"] is None) == (task == "regression")


def test_where_errors_are_the_same_everywhere_hardly_a_group_is_told() -> None:
    told = 0
    for seed in range(40):
        told += bool(segments(subject("regression", 1500, seed)))

    assert told <= 5  # at most one in 40 is expected by chance


def test_rows_of_a_class_nobody_learned_are_passed_over() -> None:
    asked = subject("binary", 400)
    strange = asked.held.predictions.with_columns(
        target=pl.when(pl.int_range(pl.len()) % 4 == 0).then(pl.lit("maybe")).otherwise("target")
    )

    found = losses(strange, asked.schema)

    assert np.isnan(found[::4]).all()
    assert np.isfinite(found[1::4]).all()
    held = Held.choose(asked.held.frame, strange, asked.schema, asked.settings, 42)
    assert held.of == 300
    assert np.isfinite(held.losses[held.sampled]).all()


MODELS: list[tuple[Model, Task]] = [
    (Catboost(params={"iterations": 10}, early_stopping_rounds=None, threads=1), "multiclass"),
    (Catboost(params={"iterations": 10}, early_stopping_rounds=None, threads=1), "regression"),
    (Sklearn(classifier="sklearn.linear_model.LogisticRegression", threads=1, seed=1), "multiclass"),
    (Sklearn(regressor="sklearn.linear_model.Ridge", threads=1, seed=1), "regression"),
    (
        Sklearn(classifier="sklearn.ensemble.HistGradientBoostingClassifier", params={"max_iter": 5}, threads=1),
        "binary",
    ),
    (Sklearn(estimator="sklearn.neighbors.KNeighborsClassifier", threads=1), "multiclass"),
]


@pytest.mark.parametrize(("model", "task"), MODELS, ids=str)
def test_every_family_is_explained_on_columns_of_every_type(model: Model, task: Task) -> None:
    frame, schema = training(task, text=isinstance(model, Catboost))
    fitted = model.fit(frame, None, schema, lambda done, most: None)
    predicted = fitted.predict(frame)
    columns: dict[str, Any] = {"_row": np.arange(frame.height), "target": frame["target"]}
    if schema.classification:
        known = schema.classes or []
        said = pl.Series(known, dtype=frame["target"].dtype).gather(classes.decide(predicted, schema))
        columns |= {"prediction": said}
        columns |= {f"probability: {classes.text(label)}": predicted[:, i] for i, label in enumerate(known)}
    else:
        columns |= {"prediction": predicted}
    settings, predictions = Explanations(columns=20), pl.DataFrame(columns)
    held = Held.choose(frame.with_columns(_row=predictions["_row"]), predictions, schema, settings, 1)
    objective = "log_loss" if schema.classification else "root_mean_squared_error"

    found = explained(Subject.of(fitted, Hooks(Path()), held, settings, objective, 1))

    assert found["notes"] == []
    assert {one["column"] for one in found["importance"]} == set(schema.features)
    assert {one["column"] for one in found["dependence"]} == set(schema.features) - {"words"}
    assert found["shap"]["apart"] < 1e-6
    assert len(found["errors"]["rows"]) == 10
    text = json.dumps(found, allow_nan=False)
    assert text == json.dumps(explained(Subject.of(fitted, Hooks(Path()), held, settings, objective, 1)))


def test_what_is_derived_follows_the_column_it_is_derived_from(make_project: Callable[..., Path]) -> None:
    from ...conftest import DATA

    derived = DATA.replace("columns:", "derive:\n  decade: age / 10\ncolumns:")
    root = make_project(data=derived, rows=1200)
    run = train(root, "~model.params.iterations")
    found = run.explanations() or {}

    assert found["importance"][0]["column"] == "age"
    assert {one["column"] for one in found["importance"]} == {"age", "city", "income"}
    assert {one["input"] for one in found["shap"]["inputs"]} == {"age", "city", "income", "decade"}
    assert "decade" not in {one["column"] for one in found["dependence"]}
    # the model leans on both; when age is shuffled, decade goes along
    assert found["importance"][0]["value"] > 0.1


def test_nothing_personal_is_kept_or_shown(make_project: Callable[..., Path]) -> None:
    from ...conftest import DATA

    data = DATA.replace("id:     {type: integer, min: 1}", "id:     {type: integer, min: 1, personal: true}")
    data = data.replace(', "New York"]}', ', "New York"], personal: true}').replace(
        "income: {type: number, nullable: true}", "income: {type: number, nullable: true, personal: true}"
    )
    assert data.count("personal") == 3
    run: Run = train(make_project(data=data, rows=1200), "~model.params.iterations")

    kept = {name: (run.folder / name).read_text() for name in ("explanations.json", "report.html", "card.md")}
    found = json.loads(kept["explanations.json"])
    assert [one["key"] for one in found["errors"]["rows"]] == [None] * 10
    assert sorted(found["errors"]["hidden"]) == ["city", "income"]
    assert {one["column"] for one in found["dependence"]} == {"age"}
    for text in kept.values():
        assert "Oslo" not in text
        assert "New York" not in text
