"""What each way of splitting promises beyond what all of them do."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from overture.runtime.data.column import column
from overture.runtime.errors import Mistake
from overture.runtime.schema import Schema
from overture.runtime.splits.group import Group
from overture.runtime.splits.predefined import Predefined
from overture.runtime.splits.random import Random
from overture.runtime.splits.stratified import Stratified
from overture.runtime.splits.time import Time
from overture.runtime.splitting import Split


def contract(task: str = "multiclass", key: bool = True, time: str | None = None, of: str = "date") -> Schema:
    target = column("number") if task == "regression" else column("category")
    keys = {"key": "id", "key_column": column("integer")} if key else {}
    times = {"time": time, "time_column": column(of)} if time else {}
    features = {"x": column("integer")}
    return Schema.model_validate(
        {"task": task, "features": features, "target": "y", "target_column": target, **keys, **times}
    )


def numbered(rows: int, **columns: object) -> pl.DataFrame:
    return pl.DataFrame({"id": range(rows), "x": range(rows), **columns})


def test_random_puts_these_rows_where_they_have_always_been() -> None:
    part = Random(seed=42).assign(numbered(20, y=["a"] * 20), contract())
    assert "".join(word[1] for word in part) == "rrrrrreraaererrrreer"


def test_random_moves_no_row_when_others_join() -> None:
    rows = numbered(1000, y=["a"] * 1000)
    for keyed in (True, False):
        few, all_ = (Random(seed=1).assign(part, contract(key=keyed)) for part in (rows.head(300), rows))
        assert few.equals(all_[:300])


def test_with_a_key_what_else_a_row_says_does_not_matter() -> None:
    rows = numbered(300, y=["a"] * 300)
    changed = rows.with_columns(x=pl.lit(5), y=pl.lit("b"))
    assert Random(seed=1).assign(rows, contract()).equals(Random(seed=1).assign(changed, contract()))


def test_another_seed_is_another_split() -> None:
    rows = numbered(300, y=["a"] * 300)
    assert not Random(seed=1).assign(rows, contract()).equals(Random(seed=2).assign(rows, contract()))


@given(labels=st.lists(st.sampled_from("aaaaaabbc"), min_size=1, max_size=120), seed=st.integers(0, 50))
def test_stratified_is_exact_in_every_class(labels: list[str], seed: int) -> None:
    rows = numbered(len(labels), y=labels)
    part = Stratified(test=0.25, valid=0.15, seed=seed).assign(rows, contract())
    counts = Counter(zip(labels, part, strict=True))
    for label, size in Counter(labels).items():
        assert abs(counts[label, "test"] - 0.25 * size) <= 0.5
        assert abs(counts[label, "test"] + counts[label, "valid"] - 0.4 * size) <= 0.5 + 1e-9
        assert counts[label, "train"] > 0


def test_stratified_takes_rows_of_a_class_by_their_hash_and_not_by_their_place() -> None:
    part = Stratified(seed=3).assign(numbered(1000, y=["a"] * 1000), contract())
    tests = np.flatnonzero((part == "test").to_numpy())
    assert tests.size == 200
    assert 400 < tests.mean() < 600


def test_stratified_keeps_the_spread_of_a_number_in_every_part() -> None:
    values = np.random.default_rng(0).lognormal(size=2000)
    rows = numbered(2000, y=values)
    part = Stratified(seed=3).assign(rows, contract("regression"))
    tenths = np.digitize(values, np.quantile(values, np.arange(0.1, 1, 0.1)))
    assert Counter(tenths[(part == "test").to_numpy()].tolist()) == dict.fromkeys(range(10), 40)


def test_stratified_keeps_rows_together_that_are_equal_in_all() -> None:
    rows = pl.DataFrame({"x": [1, 2, 3, 4, 5] * 40, "y": ["a"] * 200})
    part = Stratified(seed=3).assign(rows, contract(key=False))
    assert rows.with_columns(part=part).group_by("x").agg(pl.col("part").n_unique())["part"].to_list() == [1] * 5


@given(groups=st.lists(st.integers(0, 12), min_size=1, max_size=80), seed=st.integers(0, 20))
def test_a_group_is_never_torn(groups: list[int], seed: int) -> None:
    rows = numbered(len(groups), y=["a"] * len(groups), shop=groups)
    part = Group(column="shop", seed=seed).assign(rows, contract())
    assert len(set(zip(groups, part, strict=True))) == len(set(groups))


def test_a_row_of_no_group_is_a_mistake() -> None:
    rows = numbered(4, y=["a"] * 4, shop=["n", None, "s", None])
    with pytest.raises(Mistake, match=r"^split\.column: 2 of 4 rows have no value in shop, so they belong to no group"):
        Group(column="shop", seed=0).assign(rows, contract())


@given(days=st.lists(st.integers(0, 30), min_size=1, max_size=80))
def test_time_only_tests_on_what_comes_after_training(days: list[int]) -> None:
    rows = numbered(len(days), y=["a"] * len(days), day=pl.Series(days, dtype=pl.Int32).cast(pl.Date))
    part = Time(column="day").assign(rows, contract(time="day"))
    rank = {"train": 0, "valid": 1, "test": 2}
    by_day = sorted({(day, rank[name]) for day, name in zip(days, part, strict=True)})
    assert [place for _, place in by_day] == sorted(place for _, place in by_day)
    assert len(by_day) == len(set(days))


def test_time_takes_the_latest_fifth() -> None:
    rows = numbered(
        100, y=["a"] * 100, day=[dt.date(2024, 1, 1) + dt.timedelta(days=(n * 37) % 100) for n in range(100)]
    )
    part = Time(column="day").assign(rows, contract(time="day"))
    latest = rows.with_columns(part=part).sort("day")["part"].to_list()
    assert latest == ["train"] * 70 + ["valid"] * 10 + ["test"] * 20


def test_a_number_can_order_the_rows_too() -> None:
    rows = numbered(10, y=["a"] * 10, when=[n / 4 for n in range(10)])
    part = Time(column="when").assign(rows, contract(time="when", of="number"))
    assert part.to_list() == ["train"] * 7 + ["valid"] + ["test"] * 2


def test_a_row_without_time_is_a_mistake() -> None:
    rows = numbered(3, y=["a"] * 3, when=[1.0, None, float("nan")])
    with pytest.raises(Mistake, match=r"^data\.time: 2 of 3 rows have no when"):
        Time(column="when").assign(rows, contract(time="when", of="number"))


def dataset(time: str | None) -> Any:
    from overture.runtime.data.dataset import Dataset

    columns = {"day": {"type": "date"}, "x": {"type": "integer"}}
    return Dataset.model_construct(columns=columns, time=time)


def test_a_split_by_time_asks_for_data_time() -> None:
    assert [str(p) for p in Time(column=None).problems(dataset(None))] == [
        "data.time: a split by time needs to know the time of a row. "
        "Set data.time to the column that orders the rows, or choose another split."
    ]
    assert Time(column="day").problems(dataset("day")) == []
    assert [p.path for p in Time(column="x").problems(dataset("day"))] == [("split", "column")]


def test_predefined_reads_parts_in_any_case() -> None:
    rows = numbered(5, y=["a"] * 5, part=["train", "TEST", " Valid", "Train", "test"])
    part = Predefined(column="part").assign(rows, contract())
    assert part.to_list() == ["train", "test", "valid", "train", "test"]


def test_predefined_says_which_words_it_does_not_know_and_how_often() -> None:
    rows = numbered(6, y=["a"] * 6, part=["train", "dev", "dev", None, "holdout", "test"])
    with pytest.raises(Mistake) as caught:
        Predefined(column="part").assign(rows, contract())
    assert str(caught.value) == (
        'split.column: part says "dev" in 2 rows, "holdout" in 1 row and nothing in 1 row. '
        "Each row must say train, valid or test."
    )


def test_predefined_lists_no_more_words_than_a_person_reads() -> None:
    rows = numbered(40, y=["a"] * 40, part=[f"p{n:02}" for n in range(40)])
    with pytest.raises(Mistake, match=r'"p04" in 1 row and 35 other values'):
        Predefined(column="part").assign(rows, contract())


def test_predefined_takes_no_shares() -> None:
    with pytest.raises(ValidationError, match="test has no use here: part says which rows are test"):
        Predefined(column="part", test=0.3)


@pytest.mark.parametrize("shares", [{"test": 0.0}, {"test": 1.0}, {"valid": -0.1}, {"test": 0.6, "valid": 0.4}])
def test_shares_leave_rows_to_train_and_to_test(shares: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Random(**shares)


@given(
    days=st.lists(st.integers(0, 60), min_size=1, max_size=80),
    gap=st.integers(0, 20),
    valid=st.sampled_from([0.0, 0.2]),
)
def test_a_gap_keeps_parts_apart_and_takes_no_other_row(days: list[int], gap: int, valid: float) -> None:
    rows = numbered(len(days), y=["a"] * len(days), day=pl.Series(days, dtype=pl.Int32).cast(pl.Date))
    close, apart = (
        Time(gap=given, valid=valid).assign(rows, contract(time="day")).to_list() for given in (None, f"{gap}d")
    )
    starts = {
        name: min((day for day, part in zip(days, close, strict=True) if part == name), default=None)
        for name in ("valid", "test")
    }
    for day, before, after in zip(days, close, apart, strict=True):
        later = {"train": ("valid", "test"), "valid": ("test",), "test": ()}[before]
        near = any(starts[name] is not None and starts[name] - day < gap for name in later)
        assert after == (None if near else before)


def test_a_gap_of_numbers_is_a_number() -> None:
    rows = numbered(10, y=["a"] * 10, when=[float(n) for n in range(10)])
    part = Time(gap=1.5).assign(rows, contract(time="when", of="number"))
    assert part.to_list() == ["train"] * 6 + [None, None] + ["test"] * 2


@pytest.mark.parametrize(
    ("kind", "gap", "said"), [("date", 7, "a length of time, as 7d"), ("number", "7d", "a number")]
)
def test_a_gap_is_measured_as_the_moments_are(kind: str, gap: str | int, said: str) -> None:
    from overture.runtime.data.dataset import Dataset

    data = Dataset.model_construct(columns={"day": column(kind)}, time="day")
    (problem,) = Time(gap=gap).problems(data)
    assert problem.path == ("split", "gap")
    assert problem.what.endswith(f"so this must be {said}.")


@pytest.mark.parametrize("gap", ["a week", "7 d", -1, float("inf")])
def test_a_gap_is_a_length(gap: object) -> None:
    with pytest.raises(ValidationError):
        Time.model_validate({"kind": "time", "gap": gap})


def folds_of(split: Any, rows: pl.DataFrame, schema: Schema) -> tuple[pl.Series, pl.Series]:
    part = split.assign(rows, schema)
    return part, split.fold(rows, schema, part)


def test_random_folds_are_where_they_have_always_been() -> None:
    _, fold = folds_of(Random(seed=42, folds=4), numbered(20, y=["a"] * 20), contract())
    assert "".join("-" if number is None else str(number) for number in fold) == "113341-412-4-4341--3"


def test_random_folds_move_no_row_when_others_join() -> None:
    rows = numbered(1000, y=["a"] * 1000)
    for keyed in (True, False):
        few, all_ = (folds_of(Random(seed=1, folds=5), part, contract(key=keyed))[1] for part in (rows.head(300), rows))
        assert few.equals(all_[:300], null_equal=True)


@given(
    labels=st.lists(st.sampled_from("aaaaaabbc"), min_size=1, max_size=120),
    seed=st.integers(0, 50),
    folds=st.integers(2, 6),
)
def test_stratified_folds_are_exact_in_every_class(labels: list[str], seed: int, folds: int) -> None:
    rows = numbered(len(labels), y=labels)
    part, fold = folds_of(Stratified(test=0.25, folds=folds, seed=seed), rows, contract())
    known = Counter(label for label, name in zip(labels, part, strict=True) if name != "test")
    for label, size in known.items():
        counts = [
            sum(1 for it in zip(labels, fold, strict=True) if it == (label, number)) for number in range(1, folds + 1)
        ]
        assert sum(counts) == size
        assert max(counts) - min(counts) <= 1


@given(groups=st.lists(st.integers(0, 12), min_size=1, max_size=80), seed=st.integers(0, 20))
def test_a_group_is_in_one_fold(groups: list[int], seed: int) -> None:
    rows = numbered(len(groups), y=["a"] * len(groups), shop=groups)
    _, fold = folds_of(Group(column="shop", folds=4, seed=seed), rows, contract())
    assert len(set(zip(groups, fold, strict=True))) == len(set(groups))


@given(
    days=st.lists(st.integers(0, 60), min_size=1, max_size=80),
    gap=st.integers(0, 20) | st.none(),
    folds=st.integers(2, 5),
)
def test_folds_in_time_never_look_ahead(days: list[int], gap: int | None, folds: int) -> None:
    rows = numbered(len(days), y=["a"] * len(days), day=pl.Series(days, dtype=pl.Int32).cast(pl.Date))
    schema, split = contract(time="day"), Time(gap=None if gap is None else f"{gap}d", folds=folds)
    part, fold = folds_of(split, rows, schema)
    tested = [day for day, name in zip(days, part, strict=True) if name == "test"]
    ordered = sorted((day, number) for day, number in zip(days, fold, strict=True) if number is not None)
    assert [number for _, number in ordered] == sorted(number for _, number in ordered)
    assert len(set(ordered)) == len({day for day, _ in ordered})
    for day, name, number in zip(days, part, fold, strict=True):
        early = name != "test" and (not tested or min(tested) - day >= (gap or 0))
        assert (number is not None) == early
    for number in range(1, folds + 1):
        held = [day for day, its in ordered if its == number]
        learned = rows["day"].to_physical().filter(split.precedes(number, fold, rows, schema)).to_list()
        if held:
            limit = min(held) - (gap or 0)
            assert sorted(learned) == [day for day, its in ordered if its < number and day <= limit]


def test_predefined_reads_folds_by_name_in_their_order() -> None:
    said = ["fold10", "Fold2 ", "test", "train", "fold1", "valid", "fold2"]
    part, fold = folds_of(Predefined(column="part", folds=3), numbered(7, y=["a"] * 7, part=said), contract())
    assert part.to_list() == ["train", "train", "test", "train", "train", "valid", "train"]
    assert fold.to_list() == [3, 2, None, 0, 1, 0, 2]


def test_predefined_reads_folds_that_are_numbers() -> None:
    said = [0, 1, 2, 3, 0]
    rows = numbered(5, y=["a"] * 5, part=said)
    _, fold = folds_of(Predefined(column="part", folds=4), rows, contract())
    assert fold.to_list() == [1, 2, 3, 4, 1]


def test_predefined_draws_folds_where_none_are_named() -> None:
    rows = numbered(600, y=["a"] * 600, part=["train", "valid", "test"] * 200)
    part, fold = folds_of(Predefined(column="part", folds=4, seed=1), rows, contract())
    assert fold.is_null().equals(part == "test", check_names=False)
    assert set(fold.drop_nulls()) == {1, 2, 3, 4}


def test_predefined_wants_as_many_names_as_folds() -> None:
    rows = numbered(6, y=["a"] * 6, part=["1", "2", "2", "test", "train", "3"])
    with pytest.raises(Mistake) as caught:
        folds_of(Predefined(column="part", folds=5), rows, contract())
    assert str(caught.value) == (
        'split.folds: 5, but part says "2" in 2 rows, "1" in 1 row and "3" in 1 row. '
        "Set split.folds=3, or correct the column."
    )


def test_predefined_still_wants_a_word_in_every_row() -> None:
    rows = numbered(3, y=["a"] * 3, part=["1", None, "test"])
    with pytest.raises(
        Mistake, match=r"part says nothing in 1 row\. Each row must say train, valid or test, or the fold"
    ):
        Predefined(column="part", folds=2).assign(rows, contract())


def test_predefined_guesses_that_words_are_folds() -> None:
    rows = numbered(4, y=["a"] * 4, part=["fold1", "fold2", "fold2", "test"])
    with pytest.raises(Mistake, match=r"If these are folds, set split\.folds=2\."):
        Predefined(column="part").assign(rows, contract())


@pytest.mark.parametrize("folds", [1, 0, -3, 101, 2.5])
def test_folds_are_two_or_more(folds: float) -> None:
    with pytest.raises(ValidationError):
        Random(folds=folds)


def test_a_split_of_a_project_has_folds_at_once() -> None:
    class Odd(Split):
        def assign(self, frame: pl.DataFrame, schema: Schema) -> pl.Series:
            return frame.select(part=pl.when(pl.col("id") % 3 == 0).then(pl.lit("test")).otherwise(pl.lit("train")))[
                "part"
            ]

    rows = numbered(300, y=["a"] * 300)
    split = Odd(kind="odd", folds=4, seed=1)
    part, fold = folds_of(split, rows, contract())
    assert fold.is_null().equals(part == "test", check_names=False)
    assert set(fold.drop_nulls()) == {1, 2, 3, 4}
    assert split.precedes(2, fold, rows, contract()).sum() == int((fold != 2).sum())
