"""How a model is judged: metrics and their intervals, the baseline, the predictions, and what is said."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sklearn

from overture.runtime import parts, progress
from overture.runtime.data.column import column
from overture.runtime.data.rows import Rows
from overture.runtime.errors import Mistake
from overture.runtime.evaluation import DEFAULTS, Evaluation
from overture.runtime.measuring import evaluate
from overture.runtime.model import Fitted
from overture.runtime.schema import Schema
from overture.runtime.scores import Interval, Scores
from overture.runtime.splits.predefined import Predefined
from overture.runtime.splits.stratified import Stratified

from ..effort import effort


class Reader(Fitted):
    """A model that says what it reads: its probabilities, or its value, stand in columns of the rows."""

    def __init__(self, *columns: str) -> None:
        self.columns = columns

    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        values = frame.select(self.columns).to_numpy()
        return values[:, 0] if len(self.columns) == 1 else values


def made(frame: pl.DataFrame, task: str, target: str = "category", split: Any = None, **keys: Any) -> parts.Parts:
    features = {name: column("number") for name in frame.columns if name.startswith("p")}
    declared = Schema.model_validate(
        {"task": task, "features": features, "target": "y", "target_column": column(target), **keys}
    )
    frame = frame.with_columns(_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    read = Rows(frame, declared, source="s.csv", read=frame.height, dropped=0, breaches=(), unknown={}, extra=())
    return parts.split(read, split or Stratified(test=0.5, valid=0.1, seed=1))


def binary(size: int = 2000, labels: tuple[Any, Any] = ("No", "Yes"), **keys: Any) -> parts.Parts:
    """Probabilities of the two labels in sorted order; about a quarter of the rows is the second."""
    random = np.random.default_rng(0)
    p = random.beta(1, 3, size)
    y = np.where(random.random(size) < p, *reversed([np.array(label) for label in labels]))
    target = "category" if isinstance(labels[0], str) else "integer"
    return made(pl.DataFrame({"p0": 1 - p, "p1": p, "y": y}), "binary", target, **keys)


def multiclass(size: int = 1500) -> parts.Parts:
    random = np.random.default_rng(0)
    y = random.integers(0, 3, size)
    raw = random.random((size, 3)) + 0.5 * (y[:, None] == np.arange(3))
    p = raw / raw.sum(axis=1, keepdims=True)
    labels = np.array(["a", "b", "c"])[y]
    return made(pl.DataFrame({"p0": p[:, 0], "p1": p[:, 1], "p2": p[:, 2], "y": labels}), "multiclass")


def regression(size: int = 1000) -> parts.Parts:
    random = np.random.default_rng(0)
    y = random.normal(200_000, 50_000, size)
    return made(pl.DataFrame({"p": y + random.normal(0, 20_000, size), "y": y}), "regression", "number")


def judged(given: parts.Parts, **keys: Any) -> Scores:
    inputs = [name for name in given.schema.features if name.startswith("p")]
    return evaluate(Reader(*inputs), given, Evaluation(**keys))


def test_binary_metrics_are_those_of_scikit_learn() -> None:
    given = binary()
    scores = judged(given)
    truth, p = (given.test["y"] == "Yes").to_numpy(), given.test["p1"].to_numpy()
    assert list(scores.metrics) == list(DEFAULTS["binary"])
    assert scores.objective == "log_loss"
    values = {name: score.value for name, score in scores.metrics.items()}
    assert values == pytest.approx(
        {
            "log_loss": sklearn.log_loss(truth, p),
            "roc_auc": sklearn.roc_auc_score(truth, p),
            "average_precision": sklearn.average_precision_score(truth, p),
            "accuracy": sklearn.accuracy_score(truth, p > 0.5),
            "balanced_accuracy": sklearn.balanced_accuracy_score(truth, p > 0.5),
            "f1": sklearn.f1_score(truth, p > 0.5),
            "brier_score": sklearn.brier_score_loss(truth, p),
        },
        rel=1e-12,
    )
    assert scores.rows == {"train": 800, "valid": 200, "test": 1000}


def test_the_positive_class_may_come_first_in_the_alphabet() -> None:
    scores = judged(binary(labels=("churned", "stayed"), positive="churned"), metrics=["roc_auc", "f1"])
    given = binary(labels=("churned", "stayed"), positive="churned")
    truth, p = (given.test["y"] == "churned").to_numpy(), given.test["p0"].to_numpy()
    assert scores.metrics["roc_auc"].value == pytest.approx(sklearn.roc_auc_score(truth, p), rel=1e-12)
    assert scores.metrics["f1"].value == pytest.approx(sklearn.f1_score(truth, p > 0.5), rel=1e-12)


def test_the_baseline_says_the_most_frequent_class_with_the_shares_of_training() -> None:
    given = binary()
    scores = judged(given)
    seen = pl.concat([given.train, given.valid])
    share = (seen["y"] == "Yes").mean()
    truth = (given.test["y"] == "Yes").to_numpy()
    assert scores.baseline_label == 'always "No"'
    assert scores.baseline["roc_auc"] == 0.5
    assert scores.baseline["accuracy"] == pytest.approx(1 - truth.mean())
    assert scores.baseline["log_loss"] == pytest.approx(sklearn.log_loss(truth, np.full(truth.size, share)))
    assert list(scores.baseline) == list(scores.metrics)


def test_the_baseline_of_numbers_is_the_mean_of_training() -> None:
    given = regression()
    scores = judged(given)
    mean = float(np.mean([*given.train["y"], *given.valid["y"]]))
    assert scores.baseline_label == f"always the mean, {mean:,.0f}"
    assert scores.baseline["mean_absolute_error"] == pytest.approx(np.abs(given.test["y"].to_numpy() - mean).mean())
    assert scores.baseline["r2"] <= 0


@pytest.mark.parametrize("given", [binary(), multiclass(), regression()], ids=["binary", "multiclass", "regression"])
def test_intervals_hold_their_value_and_come_out_the_same_again(given: parts.Parts) -> None:
    scores, again = judged(given), judged(given)
    assert scores.metrics == again.metrics
    assert scores.gain == again.gain
    for score in scores.metrics.values():
        assert score.low < score.value < score.high


def test_intervals_are_as_wide_as_theory_says() -> None:
    given = binary(8000)
    accuracy = judged(given, metrics=["accuracy"], replicates=4000).metrics["accuracy"]
    sigma = math.sqrt(accuracy.value * (1 - accuracy.value) / given.test.height)
    assert accuracy.high - accuracy.low == pytest.approx(2 * 1.96 * sigma, rel=0.06)
    error = judged(regression(8000), metrics=["mean_absolute_error"], replicates=4000).metrics["mean_absolute_error"]
    off = np.abs(regression(8000).test.select(pl.col("p") - pl.col("y")).to_numpy())
    assert error.high - error.low == pytest.approx(2 * 1.96 * off.std() / math.sqrt(off.size), rel=0.06)


def test_more_replicates_change_an_interval_little() -> None:
    given = binary()
    few, many = (judged(given, replicates=n).metrics["roc_auc"] for n in (200, 2000))
    assert few.low == pytest.approx(many.low, abs=0.006)
    assert few.high == pytest.approx(many.high, abs=0.006)


def test_a_sample_of_many_rows_gives_the_interval_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    from overture.runtime import bootstrap

    given = binary(20_000)
    whole = judged(given).metrics
    monkeypatch.setattr(bootstrap, "MOST_ROWS", 2500)
    sampled = judged(given).metrics
    for name, score in whole.items():
        assert sampled[name].value == score.value
        assert sampled[name].low < score.value < sampled[name].high
        assert sampled[name].high - sampled[name].low == pytest.approx(score.high - score.low, rel=0.3)


def test_gain_is_how_much_better_than_the_baseline_whatever_the_metric_counts() -> None:
    for given, keys in ((binary(), {}), (binary(), {"objective": "roc_auc"}), (regression(), {}), (multiclass(), {})):
        scores = judged(given, **keys)
        value, base = scores.metrics[scores.objective].value, scores.baseline[scores.objective]
        assert scores.gain.value == pytest.approx(abs(value - base))
        assert 0 < scores.gain.low < scores.gain.value < scores.gain.high


def test_a_model_worse_than_the_baseline_gains_less_than_nothing() -> None:
    given = binary()
    assert evaluate(Reader("p1", "p0"), given, Evaluation()).gain.high < 0


def test_a_gain_is_surer_than_its_two_sides_apart() -> None:
    scores = judged(regression(), objective="root_mean_squared_error")
    error = scores.metrics["root_mean_squared_error"]
    assert scores.gain.high - scores.gain.low < 3 * (error.high - error.low)


def test_predictions_hold_a_row_for_each_test_row() -> None:
    given = binary(200)
    predictions = judged(given).predictions
    assert predictions.columns == ["_row", "target", "prediction", "probability: No", "probability: Yes"]
    assert predictions["_row"].equals(given.test["_row"])
    assert predictions["target"].equals(given.test["y"], check_names=False)
    assert predictions["probability: Yes"].equals(given.test["p1"], check_names=False)
    assert predictions["prediction"].to_list() == ["Yes" if p > 0.5 else "No" for p in given.test["p1"]]


def test_predictions_have_the_targets_own_type() -> None:
    predictions = judged(binary(200, labels=(0, 1))).predictions
    assert predictions["prediction"].dtype == pl.Int64
    assert predictions.columns[-2:] == ["probability: 0", "probability: 1"]
    assert judged(regression(60)).predictions.columns == ["_row", "target", "prediction"]


@pytest.mark.parametrize(("key", "name"), [("id", "id"), ("target", "key: target")])
def test_predictions_carry_the_key(key: str, name: str) -> None:
    frame = pl.DataFrame(
        {key: range(100), "p": [float(n) for n in range(100)], "y": [float(n % 7) for n in range(100)]}
    )
    given = made(frame, "regression", "number", key=key, key_column=column("integer"))
    predictions = judged(given).predictions
    assert predictions.columns == ["_row", name, "target", "prediction"]
    assert predictions[name].equals(given.test[key], check_names=False)


def few(y: list[str], p1: list[float], part: list[str]) -> parts.Parts:
    frame = pl.DataFrame({"p0": [1 - p for p in p1], "p1": p1, "y": y, "side": part})
    return made(frame, "binary", split=Predefined(column="side"))


def test_test_rows_of_an_unseen_class_are_predicted_and_not_scored() -> None:
    given = few(list("abaabz"), [0.1, 0.9, 0.2, 0.3, 0.8, 0.95], ["train", "train", "train", "test", "test", "test"])
    scores = judged(given)
    assert scores.metrics["accuracy"].value == 1
    assert scores.predictions["target"].to_list() == ["a", "b", "z"]
    assert scores.notes == ('1 test row of a class that no training row has, "z": not scored',)


def test_test_rows_that_are_all_of_an_unseen_class_are_a_mistake() -> None:
    given = few(list("abz"), [0.1, 0.9, 0.2], ["train", "train", "test"])
    with pytest.raises(Mistake, match="no test row has a class that a training row has"):
        judged(given)


def test_a_metric_that_is_not_defined_is_said_and_an_objective_must_be() -> None:
    given = few(list("abaa"), [0.1, 0.9, 0.2, 0.3], ["train", "train", "test", "test"])
    scores = judged(given)
    assert math.isnan(scores.metrics["roc_auc"].value)
    assert "roc_auc is not defined on these test rows" in scores.notes
    with pytest.raises(Mistake, match=r"^evaluation\.objective: roc_auc is not defined on these 2 test rows"):
        judged(given, objective="roc_auc")


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_prediction_that_is_no_number_is_a_mistake_that_names_the_first_row(wrong: float) -> None:
    given = few(list("abab"), [0.1, 0.9, 0.2, wrong], ["train", "train", "test", "test"])
    with pytest.raises(Mistake, match=r"not a number for 1 of 2 test rows, first for row 4\."):
        judged(given)


class Heard:
    """A listener that keeps what steps say."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def advance(self, step: str, text: str, done: int, total: int) -> None: ...

    def finish(self, step: str, text: str, seconds: float | None) -> None:
        self.lines.append(text)


def said(given: parts.Parts, **keys: Any) -> list[str]:
    heard = Heard()
    with progress.listening(heard):
        judged(given, **keys)
    return heard.lines


def numbers(score: Interval) -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def test_two_lines_say_how_good_the_model_is_beside_the_baseline() -> None:
    given = binary()
    scores = judged(given)
    auc, loss = scores.metrics["roc_auc"], scores.metrics["log_loss"]
    model, baseline = said(given)
    assert model == f"roc_auc {numbers(auc)}   log_loss {loss.value:.3f}"
    assert baseline == f'always "No": roc_auc 0.500     log_loss {scores.baseline["log_loss"]:.3f}'
    assert model.index("log_loss") == baseline.index("log_loss")


def test_other_tasks_say_what_is_familiar_there() -> None:
    model, baseline = said(multiclass())
    assert model.startswith("accuracy 0.")
    assert baseline.startswith(f"{judged(multiclass()).baseline_label}: accuracy 0.")
    model, baseline = said(regression())
    assert model.startswith("r2 0.")
    assert "root_mean_squared_error 2" in model
    assert baseline.startswith("always the mean, ")


def test_only_what_was_chosen_is_said() -> None:
    model, baseline = said(binary(), metrics=["brier_score"])
    assert model.startswith("brier_score 0.")
    assert "roc_auc" not in model + baseline


def test_evaluation_of_ten_thousand_rows_is_quick() -> None:
    given = binary(20_000)
    judged(given)
    assert effort(lambda: judged(given)) < 16
