"""What is declared about columns is what an estimator sees, and what cannot be is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime import preprocessing
from overture.runtime.data.column import column
from overture.runtime.encoding import Encoding, Need
from overture.runtime.models.sklearn import Sklearn
from overture.runtime.parts import learned
from overture.runtime.preprocessing import Preprocessing
from overture.runtime.schema import Schema

ROWS = 500
COLUMNS = {
    "a": column("number", nullable=True),
    "city": column("category", nullable=True),
    "seen": column("timestamp", nullable=True),
    "born": column("date"),
    "words": column("text"),
}
KINDS = {"regression": "number", "binary": "category", "multiclass": "integer"}


def rows(task: str = "regression") -> tuple[pl.DataFrame, Schema]:
    random = np.random.default_rng(1)
    a, city = random.normal(5, 2, ROWS), random.integers(0, 40, ROWS)
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    score = a + city % 7 + random.normal(0, 0.5, ROWS)
    target: Any = score if task == "regression" else np.digitize(score, [7, 10])
    if task == "binary":
        target = np.where(score > 8, "yes", "no")
    frame = pl.DataFrame(
        {
            "a": a,
            "city": [f"city {i:02}" for i in city],
            "seen": [start + dt.timedelta(hours=int(i)) for i in random.integers(0, 9000, ROWS)],
            "born": [start.date() + dt.timedelta(days=int(i)) for i in random.integers(0, 900, ROWS)],
            "words": random.choice(["good day", "bad day", "fair night"], ROWS),
            "y": target,
        },
        schema_overrides={"seen": pl.Datetime("us", "UTC")},
    ).with_columns(pl.when(pl.int_range(ROWS) % 10 > 0).then(pl.col("a")).alias("a"))
    declared = Schema(task=task, features=COLUMNS, target="y", target_column=column(KINDS[task]), timezone="Asia/Tokyo")
    return frame, learned(frame, frame.clear(), declared)


def encoded(name: str, need: Need = "scaled", task: str = "regression", **keys: Any) -> np.ndarray:
    """The columns of one input, of the rows it was learned from."""
    frame, schema = rows(task)
    given = Preprocessing.model_validate(keys)
    told = {"takes_missing": need == "native", "seed": 1, "given": given}
    encoding = Encoding.learn(frame, schema, need, **told)
    again = Encoding.of(encoding.state())
    matrix = encoding.training(frame, schema, need, **told)
    np.testing.assert_array_equal(encoding.apply(frame, schema), again.apply(frame, schema))
    return matrix[:, encoding.groups == list(schema.inputs).index(name)]


def test_what_stands_in_for_a_missing_number() -> None:
    frame, _ = rows()
    there = frame["a"].drop_nulls()
    for keys, fill in (({"missing": "mean"}, there.mean()), ({"missing": "constant", "fill": -9}, -9)):
        found = encoded("a", scaling="none", **keys)
        assert found.shape == (ROWS, 2)
        assert found[frame["a"].is_null().to_numpy()].tolist() == [[pytest.approx(fill), 1.0]] * 50
    assert encoded("a", scaling="none", indicator=False).shape == (ROWS, 1)
    assert np.isnan(encoded("a", "native")).sum() == 50


def test_how_numbers_are_scaled() -> None:
    plain = encoded("a", scaling="robust")[:, 0]
    low, middle, high = np.quantile(plain, [0.25, 0.5, 0.75])
    np.testing.assert_allclose([middle, high - low], [0, 1], atol=1e-12)
    assert encoded("a", scaling="standard")[:, 0].std() == pytest.approx(1)
    assert encoded("a", "native", missing="median", scaling="none").shape == (ROWS, 2)


def test_one_column_may_differ() -> None:
    found = encoded("a", scaling="standard", columns={"a": {"scaling": "none", "missing": "constant", "fill": 3}})
    assert found[0].tolist() == [3, 1]


def test_labels_may_be_places_or_columns() -> None:
    assert encoded("city", categories="ordinal", scaling="none").shape == (ROWS, 1)
    assert encoded("city", categories="ordinal").std() == pytest.approx(1)
    assert encoded("city", "native", categories="one_hot").shape == (ROWS, 40)
    assert encoded("city", labels=5).shape == (ROWS, 6)


@pytest.mark.parametrize(("task", "width"), [("regression", 1), ("binary", 1), ("multiclass", 3)])
@pytest.mark.parametrize("need", ["ordered", "scaled"])
def test_target_means_do_not_know_the_rows_own_target(task: str, width: int, need: Need) -> None:
    found = encoded("city", need, task, categories="target")
    assert found.shape == (ROWS, width)
    frame, schema = rows(task)
    shuffled = frame.with_columns(pl.col("city").shuffle(3))
    given = Preprocessing(categories="target", smoothing=0)
    told = {"takes_missing": False, "seed": 1, "given": given}
    encoding = Encoding.learn(shuffled, schema, need, **told)
    place = encoding.groups == 1
    one = {"binary": "yes", "multiclass": 0}.get(task)
    truth = (shuffled["y"] if one is None else shuffled["y"] == one).cast(float).to_numpy()
    leaking = encoding.apply(shuffled, schema)[:, place][:, 0]
    honest = encoding.training(shuffled, schema, need, **told)[:, place][:, 0]
    assert abs(np.corrcoef(leaking, truth)[0, 1]) > 0.2  # a label that says nothing seems to say much
    assert abs(np.corrcoef(honest, truth)[0, 1]) < 0.12


def test_a_label_that_was_never_seen_has_the_overall_mean() -> None:
    frame, schema = rows()
    encoding = Encoding.learn(
        frame, schema, "ordered", takes_missing=False, seed=1, given=Preprocessing(categories="target")
    )
    new = frame.head(2).with_columns(city=pl.Series(["Atlantis", None]))
    np.testing.assert_allclose(encoding.apply(new, schema)[:, encoding.groups == 1][:, 0], frame["y"].mean())


def test_parts_of_the_calendar_in_the_zone_of_the_data() -> None:
    frame, _ = rows()
    hours = frame["seen"].dt.convert_time_zone("Asia/Tokyo").dt.hour().to_numpy()
    assert encoded("seen", "ordered", calendar=["hour"])[:, 1].tolist() == hours.tolist()
    np.testing.assert_allclose(encoded("seen", calendar=["hour"])[:, 1], np.sin(2 * np.pi * hours / 24))
    found = encoded("born", "ordered", calendar=["month", "weekday", "weekend", "day", "quarter", "hour"])
    days = frame["born"].dt
    wanted = [days.month() - 1, days.weekday() - 1, days.weekday() > 5, days.day() - 1, days.quarter() - 1]
    np.testing.assert_array_equal(found[:, 1:], np.stack([part.cast(float).to_numpy() for part in wanted], axis=1))


def test_a_missing_moment_is_on_no_circle() -> None:
    frame, schema = rows()
    given = Preprocessing(calendar=["month", "hour"])
    encoding = Encoding.learn(frame, schema, "scaled", takes_missing=False, seed=1, given=given)
    none = frame.head(1).with_columns(seen=pl.lit(None, frame.schema["seen"]))
    assert encoding.apply(none, schema)[0, encoding.groups == 2][1:].tolist() == [0, 0, 0, 0]


def test_a_text_may_have_fewer_columns_or_none() -> None:
    assert encoded("words", text={"columns": 2}).shape == (ROWS, 2)
    assert encoded("words", text={"columns": 0}).shape == (ROWS, 0)
    assert encoded("words", columns={"words": {"text": {"columns": 1}}}).shape == (ROWS, 1)


@pytest.mark.parametrize(
    ("need", "keys", "words"),
    [
        ("scaled", {"missing": "native"}, "model.preprocessing.missing: this estimator takes no missing values."),
        (
            "ordered",
            {"categories": "native"},
            "model.preprocessing.categories: this estimator does not know categories.",
        ),
        (
            "scaled",
            {"columns": {"aa": {}}},
            'model.preprocessing.columns.aa: no feature is called "aa". Did you mean "a"?',
        ),
        ("scaled", {"columns": {"words": {"scaling": "none"}}}, "words is a text, of which this says nothing."),
        ("scaled", {"columns": {"a": {"categories": "target"}}}, "a is a number, of which this says nothing."),
        ("scaled", {"columns": {"born": {"calendar": ["hour"]}}}, "born is a date, which has no hour."),
    ],
)
def test_what_cannot_be_is_refused(need: Need, keys: dict[str, Any], words: str) -> None:
    found = [*preprocessing.problems(Preprocessing.model_validate(keys), rows()[1], need, False)]
    assert len(found) == 1
    assert words in str(found[0])


EVERYTHING = {
    "missing": "mean",
    "categories": "target",
    "scaling": "robust",
    "calendar": ["month", "weekday", "hour"],
    "text": {"columns": 3},
}


@pytest.mark.parametrize("task", KINDS)
@pytest.mark.parametrize("name", ["Ridge", "LogisticRegression", "RandomForest", "HistGradientBoosting"])
def test_everything_at_once_is_learned_kept_and_predicted_bit_for_bit(task: Any, name: str, tmp_path: Any) -> None:
    modules = {"Ridge": "linear_model", "LogisticRegression": "linear_model"}
    suffix = "" if name in modules else "Regressor" if task == "regression" else "Classifier"
    chosen = Sklearn(
        estimator=f"sklearn.{modules.get(name, 'ensemble')}.{name}{suffix}",
        preprocessing=Preprocessing.model_validate(EVERYTHING),
        seed=1,
        threads=1,
    )
    if chosen.problems(task):
        return
    frame, schema = rows(task)
    found = chosen.fit(frame, None, schema, lambda done, most: None)
    some = frame.head(60).with_columns(city=pl.when(pl.int_range(60) % 2 > 0).then(pl.col("city")))
    predicted = found.predict(some)
    assert np.isfinite(predicted).all()
    np.testing.assert_array_equal(np.concatenate([found.predict(some[i : i + 1]) for i in range(60)]), predicted)
    found.save(tmp_path)
    np.testing.assert_array_equal(Sklearn.load(tmp_path, schema).predict(some), predicted)
    quick = found.quick()
    if quick is not None:
        plain = list(some.select(*COLUMNS).iter_rows())
        np.testing.assert_array_equal(quick.predict(plain), predicted)
