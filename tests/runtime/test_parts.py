"""Rows told apart, and what the visible ones teach."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime import parts, progress
from overture.runtime.data.column import column
from overture.runtime.data.rows import Rows
from overture.runtime.errors import Mistake
from overture.runtime.schema import Schema
from overture.runtime.splitting import SPLITS


def rows(frame: pl.DataFrame, task: str = "binary", target: str = "category", **keys: Any) -> Rows:
    features = {"x": column("integer"), "colour": column("category", nullable=True)}
    declared = Schema.model_validate(
        {
            "task": task,
            "features": features,
            "target": "y",
            "target_column": column(target),
            "key": "id",
            "key_column": column("integer"),
            **keys,
        }
    )
    height = frame.height
    frame = frame.with_columns(_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    return Rows(frame, declared, source="shop.csv", read=height, dropped=0, breaches=(), unknown={}, extra=())


def table(size: int, y: list[Any], part: list[str] | None = None) -> pl.DataFrame:
    random = np.random.default_rng(0)
    columns = {"id": range(size), "x": random.integers(0, 9, size), "colour": random.choice(["red", "blue"], size)}
    return pl.DataFrame({**columns, "y": y, **({"part": part} if part else {})})


def split(given: Rows, kind: str = "random", **keys: Any) -> parts.Parts:
    return parts.split(given, SPLITS[kind].model_validate({"kind": kind, "seed": 42, **keys}))


def message(given: Rows, kind: str = "random", **keys: Any) -> str:
    with pytest.raises(Mistake) as caught:
        split(given, kind, **keys)
    return str(caught.value)


class Heard:
    """A listener that keeps what steps say."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def advance(self, step: str, text: str, done: int, total: int) -> None: ...

    def finish(self, step: str, text: str, seconds: float | None) -> None:
        self.lines.append((step, text))


def test_every_row_is_in_one_part_in_its_order() -> None:
    found = split(rows(table(1000, ["No", "Yes"] * 500)))
    numbers = [frame["_row"].to_list() for frame in (found.train, found.valid, found.test)]
    assert sorted(number for part in numbers for number in part) == list(range(1, 1001))
    assert all(part == sorted(part) for part in numbers)
    assert found.split == "random"
    assert found.notes == ()


def test_rows_that_are_told_apart_are_in_memory_once() -> None:
    given = rows(table(1000, ["No", "Yes"] * 500))
    before, content = given.frame.clone(), given.content
    found = split(given)
    pieces = [frame["x"].to_numpy(allow_copy=False) for frame in (found.train, found.valid, found.test)]
    whole = [piece.to_numpy(allow_copy=False) for piece in given.frame["x"].get_chunks()[:3]]
    assert all(map(np.shares_memory, pieces, whole))
    assert given.frame.sort("_row").equals(before)
    assert rows(given.frame.drop("_row")).content == content


def test_rows_that_another_job_asks_for_stay_as_they_are() -> None:
    given = rows(table(1000, ["No", "Yes"] * 500))
    alone = split(rows(given.frame.drop("_row")))
    given.kept, before = True, given.frame
    found = split(given)
    assert given.frame is before
    assert found.train.equals(alone.train)
    assert found.test.equals(alone.test)


def test_rows_that_folds_are_made_of_keep_their_order() -> None:
    given = rows(table(1000, ["No", "Yes"] * 500))
    before = given.frame.clone()
    assert split(given, folds=3).rows.frame.equals(before)


def test_rows_of_no_part_are_not_lost() -> None:
    given = rows(
        table(100, ["No", "Yes"] * 50), time="x", time_column=column("integer"), features={"colour": column("category")}
    )
    given.frame = given.frame.with_columns(x=pl.int_range(100))
    before = given.frame.clone()
    found = split(given, "time", gap=5)
    assert found.train.height + found.valid.height + found.test.height < 100
    assert given.frame.sort("_row").equals(before)


@pytest.mark.parametrize("key", ["id", None])
def test_what_a_split_keeps_together_is_never_torn(key: str | None) -> None:
    alike = table(1000, ["No", "Yes"] * 500).with_columns(id=pl.int_range(1000) // 3)
    given = rows(alike, key=key, key_column=column("integer") if key else None)
    found = split(given)
    by = [key] if key else ["x", "colour", "y"]
    names = [set(frame.select(by).rows()) for frame in (found.train, found.valid, found.test)]
    assert not names[0] & names[1] | names[0] & names[2] | names[1] & names[2]
    assert not [note for note in found.notes if "share" in note]


def test_the_step_says_the_sizes() -> None:
    heard = Heard()
    with progress.listening(heard):
        split(rows(table(10_000, ["No", "Yes"] * 5000)), "stratified")
    assert heard.lines == [("split", "stratified: train 7,000  valid 1,000  test 2,000")]


@pytest.mark.parametrize(
    ("task", "target", "labels", "classes", "positive"),
    [
        ("binary", "category", ["stay", "go", "stay", "stay"], ["go", "stay"], "go"),
        ("binary", "boolean", [True, False, True, True], [False, True], True),
        ("binary", "integer", [1, 0, 1, 1], [0, 1], 1),
        ("multiclass", "integer", [10, 9, 2, 2], [2, 9, 10], None),
    ],
)
def test_classes_are_learned_in_the_targets_own_type(
    task: str, target: str, labels: list[Any], classes: list[Any], positive: Any
) -> None:
    learned = split(rows(table(400, labels * 100), task, target)).schema
    assert learned.classes == classes
    assert [type(label) for label in learned.classes or []] == [type(label) for label in classes]
    assert learned.positive == positive


def test_a_positive_class_that_is_declared_stays() -> None:
    assert split(rows(table(400, ["No", "Yes"] * 200), positive="No")).schema.positive == "No"


def test_a_positive_class_that_no_row_has_is_a_mistake() -> None:
    assert message(rows(table(400, ["No", "Yes"] * 200), positive="yes")) == (
        'positive: no row to learn from has y "yes". Did you mean "Yes"?'
    )


def test_regression_has_no_classes() -> None:
    learned = split(rows(table(100, [n / 3 for n in range(100)]), "regression", "number")).schema
    assert (learned.classes, learned.positive) == (None, None)


def test_categories_are_pinned_as_declared_or_sorted_as_seen_in_train_and_valid() -> None:
    frame = table(6, ["No", "Yes"] * 3, ["train", "train", "valid", "train", "test", "test"])
    frame = frame.with_columns(
        colour=pl.Series(["red", None, "blue", "red", "green", "green"]), size=pl.Series([3, 1, 1, 3, 3, 1])
    )
    given = rows(frame, derived={"size": column("category", values=[3, 1])})
    found = split(given, "predefined", column="part")
    assert found.schema.categories == {"colour": ["blue", "red"], "size": [3, 1]}
    assert found.notes == ("colour: 2 test rows with a label that no training row has",)


def test_a_class_that_only_test_rows_have_is_said() -> None:
    frame = table(6, ["a", "b", "a", "c", "c", "b"], ["train", "train", "valid", "test", "test", "test"])
    frame = frame.with_columns(colour=pl.lit("red"))
    found = split(rows(frame, "multiclass"), "predefined", column="part")
    assert found.schema.classes == ["a", "b"]
    assert found.notes == ('2 test rows of a class that no training row has, "c": not scored',)
    assert found.test.height == 3


def test_a_class_that_no_training_row_has_is_a_mistake() -> None:
    frame = table(6, ["a", "b", "c", "b", "a", "b"], ["train", "train", "valid", "train", "test", "test"])
    assert message(rows(frame, "multiclass"), "predefined", column="part") == (
        'split: no training row has y "c"; the split put all rows of that class elsewhere. '
        "Choose split=stratified, find more such rows, or leave them out."
    )


def test_one_class_is_no_task() -> None:
    assert message(rows(table(100, ["No"] * 100))) == (
        'target: every row to learn from has the same y: "No". A model needs rows of two classes to tell apart.'
    )


def test_three_classes_are_not_binary() -> None:
    assert message(rows(table(300, ["a", "b", "c"] * 100))) == (
        'task: binary needs two classes; y has 3: "a", "b" and "c". Did you mean task: multiclass?'
    )


def test_many_classes_are_not_all_listed() -> None:
    assert '"l0", "l1", "l10", "l11" and "l12", and more' in message(
        rows(table(300, [f"l{n}" for n in range(15)] * 20))
    )


@pytest.mark.parametrize("size", [1, 2])
def test_too_few_rows_are_a_mistake_that_says_so(size: int) -> None:
    found = message(rows(table(size, ["No", "Yes"][:size])), "stratified")
    assert found.startswith("split: the split (stratified) of ")
    assert found.endswith("leaves none to test with. More rows are needed.")


def test_no_rows_are_a_mistake() -> None:
    assert message(rows(table(10, ["No", "Yes"] * 5).clear())).startswith("data: there are no rows to split.")


def test_a_column_without_test_rows_is_a_mistake() -> None:
    frame = table(4, ["No", "Yes"] * 2, ["train"] * 4)
    assert message(rows(frame, divider="part", divider_column=column("category")), "predefined", column="part") == (
        'split: the split by part of 4 rows leaves none to test with. Some rows must say "train" in part, and some "test".'
    )


def test_equal_rows_without_a_key_are_explained() -> None:
    frame = table(100, ["No"] * 100).with_columns(x=pl.lit(1), colour=pl.lit("red"))
    found = message(rows(frame, key=None, key_column=None))
    assert "Set data.key to what tells them apart" in found


def test_carving_takes_a_tenth_of_each_class_and_leaves_the_rest() -> None:
    found = split(rows(table(2000, (["No"] * 9 + ["Yes"]) * 200)), valid=0.0)
    train, valid = parts.carve(found.train, found.schema, 42)
    assert sorted([*train["_row"], *valid["_row"]]) == found.train["_row"].to_list()
    for label in ("No", "Yes"):
        whole, taken = (frame.filter(pl.col("y") == label).height for frame in (found.train, valid))
        assert abs(taken - whole / 10) <= 0.5
    again = parts.carve(found.train, found.schema, 42)
    assert valid.equals(again[1])


def test_carving_leaves_every_class_to_train() -> None:
    frame = table(40, ["a"] * 38 + ["b", "c"])
    given = rows(frame, "multiclass")
    train, valid = parts.carve(given.frame, given.schema, 0)
    assert set(train["y"]) == {"a", "b", "c"}
    assert valid.height == 4
