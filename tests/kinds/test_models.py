"""What holds for every packaged model and every task it claims; a new one is held to it without being named here."""

from __future__ import annotations

import datetime as dt
import math
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from overture.runtime.data.column import column
from overture.runtime.errors import Mistake
from overture.runtime.model import MODELS, Fitted, Model
from overture.runtime.parts import learned
from overture.runtime.schema import Schema

PACKAGED = sorted(file.name.removesuffix(".yaml") for file in (files("overture.conf") / "model").iterdir())
TASKS = ("binary", "multiclass", "regression")
SMALLER = {
    "iterations": 30,
    "max_iter": 60,
    "n_estimators": 20,
    "num_iterations": 30,
    "max_rounds": 300,
    "outer_bags": 2,
}
ROWS = 240

COLUMNS = {
    "age": column("integer", nullable=True),
    "income; net": column("number", nullable=True),
    "member": column("boolean", nullable=True),
    "city": column("category", nullable=True),
    "size": column("category", values=[1, 2, 3], nullable=True),
    "words": column("text", nullable=True),
    "seen": column("timestamp", nullable=True),
    "born": column("date", nullable=True),
    "nothing": column("number", nullable=True),
    "constant": column("integer"),
}
TARGETS = {"binary": column("category"), "multiclass": column("integer"), "regression": column("number")}


def schema(task: str, names: list[str] | None = None) -> Schema:
    features = {name: COLUMNS[name] for name in names or COLUMNS}
    return Schema(task=task, features=features, target="y", target_column=TARGETS[task])


def frame(task: str, rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    """Rows of every type of column with a tenth of the values missing, and a target that follows from some of them."""
    random = np.random.default_rng(seed)
    age, income, city = random.integers(18, 90, rows), random.normal(0, 1e6, rows), random.integers(0, 4, rows)
    score = (age - 50) / 20 + income / 1e6 + 2.0 * (city == 1) + random.normal(0, 0.3, rows)
    target: Any = score * 1000
    if task == "binary":
        target = np.where(score > 0.5, "no", "yes")
    if task == "multiclass":
        target = np.digitize(score, [-0.5, 1]) * 10
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    data: dict[str, Any] = {
        "age": age,
        "income; net": income,
        "member": random.random(rows) < 0.5,
        "city": np.array(["Oslo", "Rome", "", "-1"])[city],
        "size": random.integers(1, 4, rows),
        "words": [" ".join(random.choice(["good", "bad", "Größe", "!"], 3)) for _ in range(rows)],
        "seen": [start + dt.timedelta(hours=int(hours)) for hours in random.integers(0, 9999, rows)],
        "born": [start.date() - dt.timedelta(days=int(days)) for days in random.integers(0, 9999, rows)],
        "nothing": np.zeros(rows),
        "constant": np.ones(rows, dtype=int),
    }
    holes = {name: pl.Series(random.random(rows) < (1 if name == "nothing" else 0.1)) for name in COLUMNS}
    made = pl.DataFrame({name: pl.Series(values, dtype=COLUMNS[name].dtype) for name, values in data.items()})
    missing = [pl.when(~holes[n]).then(pl.col(n)).alias(n) for n in COLUMNS if n != "constant"]
    return made.with_columns(missing).with_columns(pl.Series("y", target))


def packaged(name: str) -> dict[str, Any]:
    written: dict[str, Any] = yaml.safe_load((files("overture.conf") / "model" / f"{name}.yaml").read_text())
    return written


def model(name: str, **keys: Any) -> Model:
    written = smaller({**packaged(name), "seed": 7, "threads": 1, **keys})
    return MODELS[written["kind"]].model_validate(written)


def smaller(written: dict[str, Any]) -> dict[str, Any]:
    """The same model with less work to do."""
    params = written.get("params", {})
    less = {key: min(value, SMALLER[key]) if key in SMALLER else value for key, value in params.items()}
    members = {name: smaller(member) for name, member in written.get("members", {}).items()}
    folds = {"folds": 2} if written["kind"] == "stack" else {}
    return {**written, **({"params": less} if params else {}), **({"members": members} if members else {}), **folds}


def claimed() -> list[tuple[str, str]]:
    return [(name, task) for name in PACKAGED for task in TASKS if not model(name).problems(task)]


def fitted(name: str, task: str, rows: pl.DataFrame | None = None, names: list[str] | None = None) -> Fitted:
    rows = frame(task) if rows is None else rows
    chosen = model(name)
    known = learned(rows, rows.clear(), schema(task, names))
    train, valid = (rows[:-60], rows[-60:]) if chosen.uses_validation() and rows.height > 60 else (rows, None)
    return chosen.fit(train, valid, known, lambda done, most: None)


@pytest.fixture(scope="module", params=claimed(), ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[Fitted, pl.DataFrame]:
    """A fitted model, and rows it has not seen: with missing values everywhere and labels that are new."""
    name, task = request.param
    new = frame(task, 40, seed=1).with_columns(
        pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.lit("Paris")).otherwise(pl.col("city")).alias("city")
    )
    empty = new.head(1).with_columns(pl.lit(None, new.schema[c]).alias(c) for c in COLUMNS if c != "constant")
    return fitted(name, task), pl.concat([new, empty])


def test_every_packaged_model_does_some_task() -> None:
    assert {name for name, _ in claimed()} == set(PACKAGED)


def test_predictions_have_the_shape_of_the_task(pair: tuple[Fitted, pl.DataFrame]) -> None:
    found, rows = pair
    predicted = found.predict(rows)
    assert predicted.dtype == np.float64
    assert np.isfinite(predicted).all()
    if not found.schema.classification:
        assert predicted.shape == (rows.height,)
        return
    assert predicted.shape == (rows.height, len(found.schema.classes or []))
    np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-12)
    assert (predicted >= 0).all()


def test_it_has_learned_what_there_is_to_learn(
    pair: tuple[Fitted, pl.DataFrame], request: pytest.FixtureRequest
) -> None:
    found, _ = pair
    if request.node.callspec.params["pair"][0] == "dummy":
        return
    rows = frame(found.schema.task)
    predicted = found.predict(rows)
    if found.schema.classification:
        likely = np.array(found.schema.classes)[predicted.argmax(axis=1)]
        assert (likely == rows["y"].to_numpy()).mean() > 0.7
    else:
        assert np.corrcoef(predicted, rows["y"].to_numpy())[0, 1] > 0.7


def test_a_row_alone_gets_the_same_bits_as_among_many(pair: tuple[Fitted, pl.DataFrame]) -> None:
    found, rows = pair
    many = pl.concat([rows] * 20)
    alone = np.concatenate([found.predict(rows[i : i + 1]) for i in range(rows.height)])
    np.testing.assert_array_equal(alone, found.predict(rows))
    np.testing.assert_array_equal(np.concatenate([alone] * 20), found.predict(many))


def test_what_is_saved_and_loaded_predicts_the_same_bits(
    pair: tuple[Fitted, pl.DataFrame], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found, rows = pair
    name, _ = request.node.callspec.params["pair"]
    found.save(tmp_path)
    again = MODELS[packaged(name)["kind"]].load(tmp_path, found.schema)
    np.testing.assert_array_equal(again.predict(rows), found.predict(rows))
    np.testing.assert_array_equal(again.explain(rows[:2]).contributions, found.explain(rows[:2]).contributions)
    assert again.importance() == found.importance()
    assert again.cost == found.cost


def test_explanations_add_up_to_the_raw_score(pair: tuple[Fitted, pl.DataFrame]) -> None:
    found, rows = pair
    some = rows[-3:]
    why = found.explain(some)
    raw = found.raw(some)
    assert why.contributions.shape == (3, len(COLUMNS), raw.shape[1])
    scale = np.abs(raw).max() + 1
    np.testing.assert_allclose(why.base + why.contributions.sum(axis=1), raw, rtol=0, atol=scale * 1e-9)


def test_a_row_alone_is_explained_as_among_many(pair: tuple[Fitted, pl.DataFrame]) -> None:
    found, rows = pair
    np.testing.assert_allclose(
        found.explain(rows[1:2]).contributions, found.explain(rows[:3]).contributions[1:2], rtol=1e-12, atol=1e-12
    )


def test_raw_scores_are_the_log_odds_of_the_positive_class_or_its_probability(
    pair: tuple[Fitted, pl.DataFrame],
) -> None:
    found, rows = pair
    known = found.schema
    if known.task != "binary":
        return
    probability = found.predict(rows)[:, (known.classes or []).index(known.positive or "")]
    probability = np.clip(probability, 1e-9, 1 - 1e-9)  # log-odds are finite
    odds = np.log(probability) - np.log1p(-probability)
    wanted = probability if found.raw_is_probability else odds
    np.testing.assert_allclose(found.raw(rows)[:, 0], wanted, atol=1e-6)


def test_importance_is_shares_of_the_inputs(pair: tuple[Fitted, pl.DataFrame]) -> None:
    shares = pair[0].importance()
    if shares:
        assert list(shares) == list(COLUMNS)
        assert math.isclose(sum(shares.values()), 1)
        assert shares["constant"] == shares["nothing"] == 0
        assert min(shares["age"], shares["income; net"]) > shares["member"]


def test_columns_it_does_not_use_may_be_there(pair: tuple[Fitted, pl.DataFrame]) -> None:
    found, rows = pair
    more = rows.with_columns(pl.lit(1).alias("_row")).select(reversed([*rows.columns, "_row"]))
    np.testing.assert_array_equal(found.predict(more), found.predict(rows))


def test_no_rows_have_no_predictions(pair: tuple[Fitted, pl.DataFrame]) -> None:
    found, rows = pair
    assert found.predict(rows.clear()).shape == (0, *found.predict(rows).shape[1:])


@pytest.mark.parametrize(("name", "task"), claimed())
def test_training_again_leaves_the_same_bytes(name: str, task: str, tmp_path: Path) -> None:
    contents = []
    names = [name for name in COLUMNS if name != "words"]  # CatBoost names its text calculators by chance
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        fitted(name, task, names=names).save(folder)
        contents.append({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()})
    assert contents[0] == contents[1]


@pytest.mark.parametrize(("name", "task"), claimed())
def test_training_again_predicts_the_same_bits(name: str, task: str) -> None:
    one, two = fitted(name, task), fitted(name, task)
    np.testing.assert_array_equal(one.predict(frame(task)), two.predict(frame(task)))


@pytest.mark.parametrize(("name", "task"), claimed())
def test_two_rows_of_one_column_are_enough_whatever_its_type(name: str, task: str, tmp_path: Path) -> None:
    several, new = frame(task), frame(task, 5, seed=1)
    for number, only in enumerate(it for it in COLUMNS if it != "constant"):
        known = several if only == "nothing" else several.drop_nulls(only)
        other = (pl.col("y") != known["y"][0]) & pl.col(only).ne_missing(known[only][0]).or_(only == "nothing")
        found = fitted(name, task, known.head(1).vstack(known.filter(other).head(1)), [only])
        predicted = found.predict(new)
        assert np.isfinite(predicted).all(), only

        (folder := tmp_path / str(number)).mkdir()
        found.save(folder)
        again = MODELS[packaged(name)["kind"]].load(folder, found.schema)
        np.testing.assert_array_equal(again.predict(new), predicted)


@pytest.mark.parametrize("kind", MODELS.names())
@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_a_damaged_file_is_refused(kind: str, content: bytes | None, tmp_path: Path) -> None:
    name = "random_forest" if kind in ("sklearn", "hooks") else kind
    found = fitted(name, "binary")
    found.save(tmp_path)
    for file in [it for it in tmp_path.rglob("*") if it.is_file()]:
        file.write_bytes(file.read_bytes()[:-100] if content is None else content)
    with pytest.raises(Mistake, match="damaged"):
        MODELS[kind].load(tmp_path, found.schema)


@pytest.mark.parametrize("name", PACKAGED)
def test_a_packaged_option_says_what_it_is_and_uses_only_known_keys(name: str) -> None:
    assert (files("overture.conf") / "model" / f"{name}.yaml").read_text().startswith("# ")
    assert not packaged(name).keys() - MODELS[packaged(name)["kind"]].model_fields.keys()


@pytest.mark.parametrize(("name", "task"), claimed())
def test_the_label_is_the_name_of_the_packaged_option(name: str, task: str) -> None:
    assert model(name).label(task) == name
