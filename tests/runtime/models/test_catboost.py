"""What is particular to CatBoost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime.data.column import Column, column
from overture.runtime.errors import Mistake
from overture.runtime.model import MODELS, Fitted
from overture.runtime.models import _catboost_pool
from overture.runtime.models.catboost import Catboost
from overture.runtime.parts import learned
from overture.runtime.schema import Schema

ROWS = 1500
COLUMNS: dict[str, Column] = {
    "a;b": column("number", nullable=True),
    "city": column("category", nullable=True),
    "words": column("text", nullable=True),
}


def frame(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    number, city = random.normal(size=rows), random.choice(["x", "y", "-1", ""], rows)
    target = np.where(number + (city == "y") + random.normal(0, 0.5, rows) > 0.5, "yes", "no")
    words = [" ".join(random.choice(["good", "bad", "fair"], 4)) for _ in range(rows)]
    made = pl.DataFrame({"a;b": number, "city": city, "words": words, "y": target})
    holes = [pl.when(pl.Series(random.random(rows) > 0.1)).then(pl.col(n)).alias(n) for n in COLUMNS]
    return made.with_columns(holes)


def schema(rows: pl.DataFrame, names: list[str] | None = None, task: str = "binary") -> Schema:
    features = {name: COLUMNS[name] for name in names or COLUMNS}
    target = column("number" if task == "regression" else "category")
    return learned(rows, rows.clear(), Schema(task=task, features=features, target="y", target_column=target))


def model(**keys: Any) -> Catboost:
    return Catboost.model_validate({"kind": "catboost", "seed": 1, "threads": 1, "params": {"iterations": 40}, **keys})


def fitted(rows: pl.DataFrame, names: list[str] | None = None, **keys: Any) -> Fitted:
    return model(**keys).fit(rows, None, schema(rows, names), lambda done, most: None)


def told(params: dict[str, Any], task: str = "binary") -> dict[str, str]:
    return {str(p.path[-1]): f"{p.what} {p.hint}".strip() for p in model(params=params).problems(task)}  # type: ignore[arg-type]


@pytest.mark.parametrize("names", [["a;b"], ["a;b", "city"], list(COLUMNS)])
def test_few_rows_and_many_rows_take_different_ways_to_the_same_bits(names: list[str]) -> None:
    found, rows = fitted(frame(), names), frame(_catboost_pool.FEW + 1, seed=2)
    halves = [found.predict(rows[: _catboost_pool.FEW]), found.predict(rows[_catboost_pool.FEW :])]
    np.testing.assert_array_equal(np.concatenate(halves), found.predict(rows))


def test_a_label_nobody_has_seen_is_treated_as_missing() -> None:
    found = fitted(frame())
    new, missing = (frame(5, seed=3).with_columns(city=pl.lit(value, pl.String)) for value in ("Mars", None))
    np.testing.assert_array_equal(found.predict(new), found.predict(missing))


def test_the_order_in_which_categories_are_declared_does_not_matter_to_labels_like_minus_one() -> None:
    found = fitted(frame())
    minus_one, missing = (frame(40, seed=3).with_columns(city=pl.lit(value, pl.String)) for value in ("-1", None))
    assert not np.array_equal(found.predict(minus_one), found.predict(missing))


def test_early_stopping_finds_the_rounds_and_the_model_is_learned_again_from_all_rows() -> None:
    rows = frame()
    steps: list[tuple[int, int]] = []
    chosen = model(params={"iterations": 400, "learning_rate": 0.3}, early_stopping_rounds=10)
    first = chosen.fit(rows[:1000], rows[1000:], schema(rows), lambda *done: steps.append(done))
    assert first.rounds is not None
    assert first.rounds < 400
    assert first.summary == f"{first.rounds} of 400 trees"
    assert steps == sorted(steps)
    assert steps[0] == (1, 400)
    assert first.rounds - 4 <= steps[-1][0] < 400
    again = chosen.relearn(first, rows, lambda *done: None)
    assert again is not None
    assert again.rounds == first.rounds
    alone = model(params={"iterations": first.rounds, "learning_rate": 0.3}, early_stopping_rounds=None)
    by_hand = alone.fit(rows, None, schema(rows), lambda *done: None)
    np.testing.assert_array_equal(again.predict(rows), by_hand.predict(rows))


def test_learning_again_keeps_the_learning_rate_that_catboost_chose() -> None:
    rows = frame()
    chosen = model(params={"iterations": 400}, early_stopping_rounds=10)
    first = chosen.fit(rows[:1000], rows[1000:], schema(rows), lambda *done: None)
    again = chosen.relearn(first, rows, lambda *done: None)
    rates = [one.model.get_all_params()["learning_rate"] for one in (first, again)]  # type: ignore[union-attr]
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)


def test_no_second_fit_where_none_is_wanted() -> None:
    rows = frame()
    chosen = model(refit=False)
    first = chosen.fit(rows[:1000], rows[1000:], schema(rows), lambda *done: None)
    assert chosen.relearn(first, rows, lambda *done: None) is None


@pytest.mark.parametrize(
    "words", [["same"] * 60, [""] * 60, [None] * 60, [f"w{i}" for i in range(60)], ["a"] * 4 + [""] * 56]
)
def test_text_with_too_few_words_is_passed_over_and_said_so(words: list[str | None], tmp_path: Path) -> None:
    rows = frame(60).with_columns(pl.Series("words", words, dtype=pl.String))
    found = fitted(rows)
    predicted = found.predict(rows)
    if "words" in found.inputs:  # type: ignore[attr-defined]
        assert not found.notes
    else:
        assert found.notes == ("words: too few words to learn from, so it is passed over",)
    assert found.explain(rows).contributions.shape == (60, 3, 1)
    found.save(tmp_path)
    np.testing.assert_array_equal(Catboost.load(tmp_path, found.schema).predict(rows), predicted)


def test_inputs_that_are_all_the_same_are_a_mistake() -> None:
    rows = frame(60).with_columns(pl.lit(1.0).alias("a;b"))
    with pytest.raises(Mistake, match="every input is the same in all rows"):
        fitted(rows, ["a;b"])


def test_catboost_leaves_no_files_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fitted(frame())
    assert not list(tmp_path.iterdir())


def test_another_runs_model_is_refused(tmp_path: Path) -> None:
    fitted(frame()).save(tmp_path)
    with pytest.raises(Mistake, match="belongs to other columns"):
        Catboost.load(tmp_path, schema(frame(), ["city"]))


def test_a_mistyped_parameter_is_told_with_the_right_name() -> None:
    assert told({"iteratons": 5}) == {"iteratons": 'catboost has no parameter of that name. Did you mean "iterations"?'}


def test_every_wrong_parameter_is_told_at_once() -> None:
    found = told(
        {
            "random_seed": 1,
            "thread_count": 2,
            "n_estimators": 7,
            "depth": 17,
            "iterations": "many",
            "learning_rate": 0,
            "rsm": 2,
            "l2_leaf_reg": True,
            "grow_policy": "Depthwis",
            "early_stopping_rounds": 5,
        }
    )
    assert found == {
        "random_seed": "is not set here. Use the key seed.",
        "thread_count": "is not set here. Use the key threads.",
        "n_estimators": 'has another name here. Write "iterations".',
        "depth": "must be 1 or more and at most 16, not 17",
        "iterations": "must be a whole number, not 'many'",
        "learning_rate": "must be greater than 0, not 0",
        "rsm": "must be greater than 0 and at most 1, not 2",
        "l2_leaf_reg": "must be a number, not True",
        "grow_policy": 'no grow_policy is called "Depthwis". Did you mean "Depthwise"?',
        "early_stopping_rounds": "is not set here. Use early_stopping_rounds, the key beside params.",
    }


def test_a_loss_must_fit_the_task() -> None:
    assert not told({"loss_function": "Quantile:alpha=0.9"}, "regression")
    assert told({"loss_function": "RMSE"}) == {
        "loss_function": "RMSE is not for binary. It can be Logloss or CrossEntropy."
    }


def test_the_usual_parameters_are_checked_without_importing_catboost() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from overture.runtime.models.catboost import Catboost;"
        "assert not Catboost(params={'iterations': 5, 'depth': 3}).problems('binary'); assert 'catboost' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_catboost_itself_refuses_is_a_mistake_in_its_words() -> None:
    with pytest.raises(Mistake, match="catboost says: "):
        fitted(frame(60), params={"iterations": 5, "feature_weights": {"nobody": 2}})


def test_a_family_is_found_by_its_kind() -> None:
    assert MODELS["catboost"] is Catboost
