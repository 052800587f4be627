"""A configuration is judged by folds or by validation rows, and never by test rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sklearn

from overture.runtime import parts
from overture.runtime.cross_validation import cross_validation, spread
from overture.runtime.data.column import column
from overture.runtime.data.rows import Rows
from overture.runtime.errors import Mistake
from overture.runtime.evaluation import Evaluation
from overture.runtime.fitting import fit
from overture.runtime.folds import folds
from overture.runtime.measuring import evaluate
from overture.runtime.model import MODELS, Model
from overture.runtime.progress import listening
from overture.runtime.schema import Schema
from overture.runtime.scores import CrossValidation
from overture.runtime.splitting import SPLITS
from overture.runtime.validation import validate


class Heard:
    """Keeps what steps say."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def advance(self, step: str, text: str, done: int, total: int) -> None: ...

    def finish(self, step: str, text: str, seconds: float | None) -> None:
        self.lines.append((step, text))


def table(size: int = 600) -> pl.DataFrame:
    random = np.random.default_rng(0)
    a = random.normal(size=size)
    return pl.DataFrame(
        {
            "id": range(size),
            "a": a,
            "day": random.permutation(size),
            "shop": random.integers(0, 60, size),
            "y": np.where(a + random.normal(0, 1, size) > 0, "Yes", "No"),
        }
    )


def divided(frame: pl.DataFrame, kind: str = "random", task: str = "binary", **keys: Any) -> parts.Parts:
    declared = Schema.model_validate(
        {
            "task": task,
            "features": {"a": column("number")},
            "target": "y",
            "target_column": column("number" if task == "regression" else "category"),
            "key": "id",
            "key_column": column("integer"),
            "time": "day",
            "time_column": column("integer"),
        }
    )
    frame = frame.with_columns(_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    rows = Rows(frame, declared, source="s.csv", read=frame.height, dropped=0, breaches=(), unknown={}, extra=())
    return parts.split(rows, SPLITS[kind].model_validate({"kind": kind, "seed": 42, **keys}))


def model(kind: str = "sklearn", **keys: Any) -> Model:
    logistic = {"classifier": "sklearn.linear_model.LogisticRegression", "regressor": "sklearn.linear_model.Ridge"}
    given = logistic if kind == "sklearn" else {"params": {"iterations": 60, "learning_rate": 0.3, "depth": 2}}
    return MODELS[kind].model_validate({"kind": kind, "seed": 1, "threads": 1, **given, **keys})


def crossed(given: parts.Parts, chosen: Model | None = None, **keys: Any) -> CrossValidation:
    return cross_validation(fit(chosen or model(), given).folds, given.schema, Evaluation(**keys))


def test_without_folds_nothing_is_cross_validated() -> None:
    given = divided(table())
    fitted = fit(model(), given)
    assert fitted.folds == ()
    assert evaluate(fitted, given, Evaluation()).folds is None


def test_folds_that_the_model_was_not_fitted_on_are_a_mistake() -> None:
    given = divided(table(), folds=3)
    alone = model().fit(given.train, None, given.schema, lambda done, most: None)
    with pytest.raises(Mistake, match=r"^split\.folds: the model was fitted without regard to folds"):
        evaluate(alone, given, Evaluation())


def test_folds_change_neither_the_model_nor_what_the_test_rows_say() -> None:
    few, many = (divided(table(), folds=folds) for folds in (None, 4))
    one, other = (evaluate(fit(model("catboost"), given), given, Evaluation()) for given in (few, many))
    assert one.predictions.equals(other.predictions)
    assert one.metrics == other.metrics
    assert other.folds is not None


def test_a_choice_by_folds_is_what_a_run_records() -> None:
    given = divided(table(), folds=4)
    recorded = evaluate(fit(model("catboost"), given), given, Evaluation()).folds
    chosen = validate(model("catboost"), given, Evaluation())
    assert recorded is not None
    assert recorded.metrics == chosen.metrics
    assert recorded.predictions.equals(chosen.predictions)


def test_each_fold_is_scored_by_a_model_that_has_not_seen_it() -> None:
    given = divided(table(), folds=4)
    found = crossed(given)
    assert found.objective == "log_loss"
    for fold in folds(given):
        alone = model().fit(fold.train, None, fold.schema, lambda done, most: None)
        p = alone.predict(fold.held)[:, 1]
        expected = sklearn.log_loss((fold.held["y"] == "Yes").to_numpy(), p)
        assert found.metrics["log_loss"].folds[fold.number - 1] == pytest.approx(expected, rel=1e-12)
        kept = found.predictions.filter(pl.col("fold") == fold.number)
        assert kept["_row"].equals(fold.held["_row"])
        np.testing.assert_array_equal(kept["probability: Yes"].to_numpy(), p)
    assert found.value == pytest.approx(np.mean(found.metrics["log_loss"].folds))
    assert len(found.metrics["roc_auc"].folds) == 4


def test_every_row_but_those_of_the_test_is_predicted_once() -> None:
    given = divided(table(), "stratified", folds=3)
    rows = crossed(given).predictions["_row"].to_list()
    assert rows == sorted([*given.train["_row"], *given.valid["_row"]])


@pytest.mark.parametrize("folds", [None, 3])
@pytest.mark.parametrize("kind", ["random", "time"])
@pytest.mark.parametrize("family", ["sklearn", "catboost"])
def test_test_rows_are_never_read(kind: str, family: str, folds: int | None) -> None:
    from dataclasses import replace

    given = divided(table(), kind, folds=folds)
    tests = given.rows.frame["_row"].is_in(given.test["_row"].implode())
    poisoned = given.rows.frame.with_columns(
        a=pl.when(tests).then(float("nan")).otherwise("a"), y=pl.when(tests).then(pl.lit("never")).otherwise("y")
    )
    blind = replace(given, test=given.test.clear(), rows=replace(given.rows, frame=poisoned))
    seen, unseen = (validate(model(family), one, Evaluation()) for one in (given, blind))
    assert seen.metrics["log_loss"].folds == unseen.metrics["log_loss"].folds


def test_without_folds_the_validation_rows_judge_and_what_they_judge_has_not_learned_them() -> None:
    given = divided(table())
    found = validate(model(), given, Evaluation(objective="roc_auc"))
    alone = model().fit(given.train, None, given.schema, lambda done, most: None)
    p = alone.predict(given.valid)[:, 1]
    assert found.value == pytest.approx(sklearn.roc_auc_score((given.valid["y"] == "Yes").to_numpy(), p))
    assert found.rows == ((given.train.height, given.valid.height),)
    assert math.isnan(found.metrics["roc_auc"].deviation)


def test_where_there_are_no_validation_rows_they_are_carved() -> None:
    given = divided(table(), valid=0.0)
    learned, held = validate(model("catboost"), given, Evaluation()).rows[0]
    assert learned + held == given.train.height
    assert held == pytest.approx(0.1 * given.train.height, abs=2)


def test_too_few_rows_to_validate_with_are_a_mistake() -> None:
    few = table(40).filter(pl.col("id").is_in([0, 1, 2, 3, 4, 5])).with_columns(y=pl.Series(["a", "b"] * 3))
    given = divided(few, "stratified", test=0.4, valid=0.0)
    with pytest.raises(Mistake, match=r"^split\.valid: no rows are left to validate with"):
        validate(model(), given, Evaluation())


def test_whoever_hears_the_folds_may_end_them() -> None:
    class Enough(Exception):
        pass

    heard: list[tuple[int, float]] = []

    def hear(done: int, mean: float) -> None:
        heard.append((done, mean))
        if done == 2:
            raise Enough

    given = divided(table(), folds=4)
    with pytest.raises(Enough):
        validate(model(), given, Evaluation(), hear)
    values = crossed(given).metrics["log_loss"].folds
    assert heard == [(1, pytest.approx(values[0])), (2, pytest.approx((values[0] + values[1]) / 2))]


def test_a_fold_is_fitted_as_the_model_is_with_early_stopping_and_again_on_all() -> None:
    found = crossed(divided(table(), folds=3), model("catboost", early_stopping_rounds=3))
    assert all(0 < (rounds or 0) < 60 for rounds in found.rounds)


def test_a_class_that_a_fold_does_not_learn_is_not_scored_there_and_said() -> None:
    frame = table(300).with_columns(y=pl.when(pl.col("id") == 7).then(pl.lit("Maybe")).otherwise("y"))
    given = divided(frame, task="multiclass", folds=3, test=0.05)
    found = crossed(given)
    (note,) = found.notes
    assert note.startswith("1 row of fold ")
    assert note.endswith("of a class not learned: not scored")
    kept = found.predictions.filter(pl.col("target") == "Maybe")
    assert kept["probability: Maybe"].to_list() == [0.0]


def test_a_fold_that_leaves_one_class_to_learn_from_is_a_mistake() -> None:
    frame = table(300).with_columns(y=pl.when(pl.col("day") > 200).then(pl.lit("Yes")).otherwise(pl.lit("No")))
    with pytest.raises(Mistake, match=r"^split\.folds: fold 1: every row to learn from has the same y"):
        crossed(divided(frame, "time", folds=4, test=0.1, valid=0.0))


def test_an_objective_that_is_not_defined_on_a_fold_is_a_mistake() -> None:
    early = (pl.col("day") < 60) & (pl.col("day") % 2 == 0)
    frame = table(300).with_columns(y=pl.when(early).then(pl.lit("Yes")).otherwise(pl.lit("No")))
    given = divided(frame, "time", folds=4, test=0.1, valid=0.0)
    assert math.isnan(crossed(given).metrics["roc_auc"].mean)
    with pytest.raises(Mistake, match=r"^evaluation\.objective: roc_auc is not defined on the 54 rows of fold 2\."):
        crossed(given, objective="roc_auc")


def test_the_steps_say_sizes_mean_and_spread() -> None:
    heard, given = Heard(), None
    with listening(heard):
        given = divided(table(), folds=5)
        fitted = fit(model("catboost"), given)
        scores = evaluate(fitted, given, Evaluation())
    assert scores.folds is not None
    auc, loss = scores.folds.metrics["roc_auc"], scores.folds.metrics["log_loss"]
    rounds = [out.rounds for out in fitted.folds]
    assert heard.lines[1] == ("", "5 folds of 88 to 106 rows")
    assert ("folds", f"5 models, each without one fold, {min(rounds)} to {max(rounds)} rounds") in heard.lines
    (said,) = [line for _, line in heard.lines if line.startswith("over 5 folds: ")]
    assert said.split()[3:] == f"roc_auc {auc} log_loss {loss}".split()


def test_the_interval_of_the_mean_is_wider_than_if_folds_shared_nothing() -> None:
    found = spread([0.7, 0.8, 0.9], [(100, 50)] * 3)
    assert (found.mean, found.deviation) == (pytest.approx(0.8), pytest.approx(0.1))
    assert found.high - found.mean == pytest.approx(4.302653 * 0.1 * math.sqrt(1 / 3 + 0.5), rel=1e-6)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


@pytest.mark.parametrize("kind", ["random", "stratified", "time"])
def test_numbers_are_cross_validated_too(kind: str) -> None:
    frame = table().with_columns(y=pl.col("a") * 3 + 1)
    found = crossed(divided(frame, kind, "regression", folds=3))
    assert found.metrics["r2"].mean > 0.9
    assert not found.greater_is_better
    assert found.predictions.columns == ["_row", "id", "target", "prediction", "fold"]


def test_folds_take_one_fit_each_where_early_stopping_may_watch_them() -> None:
    given = divided(table(), folds=3)
    fits = []

    class Counted(MODELS["catboost"]):  # type: ignore[misc]
        def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, *rest: Any) -> Any:
            fits.append((train.height, None if valid is None else valid.height))
            return super().fit(train, valid, *rest)

    keys = {"kind": "catboost", "seed": 1, "threads": 1, "params": {"iterations": 20, "depth": 2}}
    found = validate(Counted.model_validate(keys), given, Evaluation(), once=True)

    assert fits == [(learned, held) for learned, held in found.rows]
