"""Trees of CatBoost in tables: the bits that CatBoost itself gives, or CatBoost itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.runtime.data.column import Column, column
from overture.runtime.model import Fitted
from overture.runtime.models import _catboost_agreed, _catboost_compile, _catboost_json, _catboost_tables
from overture.runtime.models._catboost_lines import thresholds
from overture.runtime.models._catboost_quick import QuickTables, QuickTrees
from overture.runtime.models._catboost_tables import Tables
from overture.runtime.models.catboost import Catboost
from overture.runtime.parts import learned
from overture.runtime.schema import Schema, Task

LABELS = {"two": 2, "five": 5, "dozen": 12, "many": 300}
NUMBERS = ("a", "b", "c")
Kinds = Literal["both", "numbers", "categories"]
KINDS: tuple[Kinds, ...] = ("both", "both", "numbers", "categories")
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
STATISTICS = ("Borders", "Buckets", "BinarizedTargetMeanValue", "Counter")
SIZES = (1, 2, 3, 5, 11, 16, 17, 33, 64, 128, 129, 300)


def table(task: Task, seed: int, kinds: Kinds = "both", *, count: int = 600) -> tuple[pl.DataFrame, Schema]:
    """Rows whose target depends on categories together."""
    random = np.random.default_rng(seed)
    labels = {name: random.integers(0, most, count) for name, most in LABELS.items()}
    values: dict[str, Any] = {name: random.normal(size=count).round(2) for name in NUMBERS}
    score = values["a"] + values["b"] * (values["c"] > 0) + random.normal(0, 0.2, count)
    together = (labels["five"] + labels["dozen"]) % 2 + (labels["two"] + (values["a"] > 0)) % 2
    score += 2 * together + np.sin(labels["many"])
    columns: dict[str, Column] = {}
    for name in NUMBERS:
        columns[name] = column("number", nullable=True)
        values[name] = [
            None if gone else float(it) for it, gone in zip(values[name], random.random(count) < 0.1, strict=True)
        ]
    for name, codes in labels.items():
        columns[name] = column("category", nullable=True)
        values[name] = [None if gone else f"v{it}" for it, gone in zip(codes, random.random(count) < 0.05, strict=True)]
    if kinds != "both":
        columns = {name: it for name, it in columns.items() if (name in NUMBERS) == (kinds == "numbers")}
    frame = pl.DataFrame([pl.Series(name, values[name], it.dtype) for name, it in columns.items()])
    target: Any = score if task == "regression" else np.digitize(score, np.quantile(score, [0.3, 0.7]))
    if task == "binary":
        target = np.where(score > 0, "yes", "no")
    kind = {"binary": column("category"), "multiclass": column("integer"), "regression": column("number")}[task]
    frame = frame.with_columns(pl.Series("target", target))
    return frame, learned(
        frame, frame.clear(), Schema(task=task, features=columns, target="target", target_column=kind)
    )


def asked(frame: pl.DataFrame, schema: Schema, seed: int) -> list[tuple[Any, ...]]:
    """Rows of the table, and rows of values drawn one by one, some of them missing or never seen."""
    random = np.random.default_rng(seed)
    drawn = {
        name: [
            None if gone else it
            for it, gone in zip(
                frame[name].sample(200, with_replacement=True, seed=i), random.random(200) < 0.1, strict=True
            )
        ]
        for i, name in enumerate(schema.features)
    }
    for name in drawn:
        drawn[name][:20] = [
            random.choice([-1e300, -0.0, 5e-324, 1e300]) if name in NUMBERS else "never seen" for _ in range(20)
        ]
    rows = [*frame.select(*schema.features).rows()[:200], *zip(*drawn.values(), strict=True)]
    return [rows[i] for i in random.permutation(len(rows))]


@cache
def fitted(task: Task, seed: int, kinds: Kinds = "both", **params: Any) -> Fitted:
    frame, schema = table(task, seed, kinds)
    given = {
        "iterations": 25,
        "depth": 4,
        "learning_rate": 0.3,
        "model_size_reg": 0,
        **{name: list(it) if isinstance(it, tuple) else it for name, it in params.items()},
    }
    model = Catboost.model_validate({"kind": "catboost", "seed": seed, "threads": 1, "params": given})
    return model.fit(frame, None, schema, lambda done, most: None)


def exactly(model: Any, seed: int, kinds: Kinds = "both") -> QuickTables:
    """Tables and CatBoost give the same bits, alone and among any number of rows."""
    quick, trees = model.quick(), QuickTrees(model.model, model.schema, model.inputs)
    assert isinstance(quick, QuickTables)
    rows = asked(table(model.schema.task, seed, kinds)[0], model.schema, seed)
    expected = trees.predict(rows)
    for size in SIZES:
        assert quick.predict(rows[:size]).tobytes() == expected[:size].tobytes()
    alone = np.concatenate([quick.predict([row]) for row in rows[:60]])
    assert alone.tobytes() == expected[:60].tobytes()
    assert quick.predict([]).shape == (0, *expected.shape[1:])
    return quick


def params() -> st.SearchStrategy[dict[str, Any]]:
    """Settings that shape trees, borders and statistics."""
    statistics = st.lists(
        st.builds(
            "{}:CtrBorderCount={}:Prior={}".format,
            st.sampled_from(STATISTICS),
            st.integers(2, 40),
            st.sampled_from(["0/1", "0.5/1", "1.7/1"]),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple)
    return st.fixed_dictionaries(
        {
            "iterations": st.sampled_from([1, 6, 20]),
            "depth": st.sampled_from([1, 3, 6, 8, 9, 11]),
            "one_hot_max_size": st.sampled_from([0, 2, 6, 255]),
            "max_ctr_complexity": st.sampled_from([1, 4, 4]),
            "nan_mode": st.sampled_from(["Min", "Max"]),
            "border_count": st.sampled_from([3, 32, 254, 400]),
            "boosting_type": st.sampled_from(["Plain", "Ordered"]),
        },
        optional={"simple_ctr": statistics, "combinations_ctr": statistics, "counter_calc_method": st.just("Full")},
    )


@pytest.mark.parametrize("task", TASKS)
@settings(max_examples=10, deadline=None)
@given(
    params=params(),
    seed=st.integers(0, 99),
    kinds=st.sampled_from(KINDS),
    direct=st.sampled_from([1 << 16, 40]),
)
def test_any_model_is_predicted_to_the_same_bits(
    task: Task, params: dict[str, Any], seed: int, kinds: Kinds, direct: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_catboost_compile, "DIRECT", direct)
        exactly(fitted(task, seed, kinds, **params), seed, kinds)


@pytest.mark.parametrize("kinds", ["numbers", "categories"])
@pytest.mark.parametrize("task", TASKS)
def test_columns_of_one_kind(task: Task, kinds: Kinds) -> None:
    exactly(fitted(task, 2, kinds, max_ctr_complexity=4), 2, kinds)


@pytest.mark.parametrize("loss", ["MAE", "Quantile:alpha=0.9", "MAPE", "Huber:delta=1", "LogCosh", "RMSE"])
def test_any_loss(loss: str) -> None:
    exactly(fitted("regression", 3, loss_function=loss), 3)


def test_combinations_are_looked_up_by_key_and_by_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted("binary", 5, iterations=60, depth=6, one_hot_max_size=1, max_ctr_complexity=4)
    tables = exactly(model, 5)._tables
    assert len(tables.trees) > 30
    assert max(len(it.edges) for it in tables.inputs if it.edges is not None) > 5
    monkeypatch.setattr(_catboost_compile, "DIRECT", 1)
    hashed = exactly(model, 5)._tables
    assert tables.seen is None
    assert hashed.seen is not None
    assert len(hashed.seen.known) > 100


@pytest.mark.parametrize("more", [{"grow_policy": "Depthwise"}, {"grow_policy": "Lossguide"}])
def test_trees_that_are_not_symmetric_are_asked_as_they_are(more: dict[str, Any]) -> None:
    assert isinstance(fitted("binary", 1, **more).quick(), QuickTrees)


def test_tables_of_one_name_are_asked_as_they_are() -> None:
    both = ("Borders:TargetBorderCount=1", "Borders:TargetBorderCount=4")
    assert isinstance(fitted("regression", 1, simple_ctr=both).quick(), QuickTrees)
    assert isinstance(fitted("regression", 1, simple_ctr=both[1:], combinations_ctr=both[1:]).quick(), QuickTables)


@pytest.mark.parametrize("module", [_catboost_json, _catboost_compile])
def test_a_model_that_is_too_large_is_asked_as_it_is(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted("binary", 1)
    monkeypatch.setattr(module, "LARGEST", 1000)
    assert isinstance(model.quick(), QuickTrees)


def test_no_place_for_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**keys: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryDirectory", full)
    assert isinstance(fitted("binary", 1).quick(), QuickTrees)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_rows_are_added_in_the_same_order_wherever_they_are_divided(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A last part of one row would be added up pairwise if it were treated like many."""
    model = fitted(task, 5, iterations=60)
    monkeypatch.setattr(_catboost_tables, "_AT_ONCE", 0)
    monkeypatch.setattr(_catboost_tables, "_MANY", 5)
    quick, trees = model.quick(), QuickTrees(model.model, model.schema, model.inputs)
    assert isinstance(quick, QuickTables)
    assert quick._tables.step == 5
    rows = asked(table(task, 5)[0], model.schema, 5)
    expected = trees.predict(rows)
    for size in range(1, 22):
        for start in range(0, 380, 19):
            assert quick.predict(rows[start : start + size]).tobytes() == expected[start : start + size].tobytes()


def test_a_model_that_is_written_otherwise_than_it_was_is_asked_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = fitted("binary", 1)

    def changed(*_: Any) -> Any:
        raise KeyError("oblivious_trees")

    monkeypatch.setattr(_catboost_agreed, "symmetric", changed)
    with caplog.at_level(logging.WARNING, "overture"):
        assert isinstance(model.quick(), QuickTrees)
    assert "no tables can be made" in caplog.text


def _leaves(tables: Tables) -> Tables:
    return replace(tables, leaves=np.where(np.arange(len(tables.leaves)) < 4, tables.leaves + 1e-9, tables.leaves))


def _missing(tables: Tables) -> Tables:
    number = tables.inputs[0]
    assert number.edges is not None
    return replace(tables, inputs=[replace(number, missing=number.start + len(number.edges)), *tables.inputs[1:]])


def _never_seen(tables: Tables) -> Tables:
    label = tables.inputs[-1]
    assert label.edges is None
    return replace(tables, inputs=[*tables.inputs[:-1], replace(label, missing=label.start)])


def _edges(tables: Tables) -> Tables:
    return replace(
        tables,
        inputs=[it if it.edges is None else replace(it, edges=np.nextafter(it.edges, np.inf)) for it in tables.inputs],
    )


@pytest.mark.parametrize("damage", [_leaves, _missing, _never_seen, _edges])
def test_tables_that_predict_otherwise_are_not_used(
    damage: Callable[[Tables], Tables], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = fitted("binary", 1)
    monkeypatch.setattr(_catboost_agreed, "compiled", lambda *given: damage(_catboost_compile.compiled(*given)))
    with caplog.at_level(logging.WARNING, "overture"):
        assert isinstance(model.quick(), QuickTrees)
    assert "predict otherwise" in caplog.text


@given(
    border=st.floats(width=32, allow_nan=False, allow_infinity=False),
    value=st.floats(allow_nan=False),
    near=st.integers(-3, 3),
)
def test_a_number_is_above_a_threshold_when_it_is_above_the_border_in_32_bits(
    border: float, value: float, near: int
) -> None:
    (found,) = thresholds(np.array([border], dtype=np.float32))
    beside = found
    for _ in range(abs(near)):
        beside = np.nextafter(beside, np.copysign(np.inf, near))
    largest = float(np.finfo(np.float32).max)
    for each in (value, float(beside)):
        assert (np.float32(np.clip(each, -largest, largest)) > np.float32(border)) == (each > found)
