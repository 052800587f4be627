"""What holds for every way of splitting rows; a new kind is held to it without being named here."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from overture.runtime.data.column import column
from overture.runtime.schema import Schema
from overture.runtime.splitting import PARTS, SPLITS, Split

ROWS = 3000
SHARES = {"train": 0.7, "valid": 0.1, "test": 0.2}
COLUMNS = {"group": "shop", "predefined": "part"}


def schema(key: str | None, divider: str | None) -> Schema:
    columns = {"visits": column("integer"), "rate": column("number", nullable=True), "colour": column("category")}
    divided = {"divider": divider, "divider_column": column("category")} if divider else {}
    keyed = {"key": key, "key_column": column("integer")} if key else {}
    ordered = {"time": "day", "time_column": column("date")}
    target = {"target": "sold", "target_column": column("category")}
    return Schema(task="binary", features=columns, **target, **ordered, **divided, **keyed)


def frame() -> pl.DataFrame:
    random = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "number": range(ROWS),
            "visits": random.integers(0, 400, ROWS),
            "rate": pl.Series(random.normal(size=ROWS)),
            "colour": random.choice(["red", "blue"], ROWS),
            "sold": random.choice(["No", "Yes"], ROWS, p=[0.9, 0.1]),
            "day": pl.Series(random.integers(0, 900, ROWS)).cast(pl.Date),
            "shop": [f"shop {n}" for n in random.integers(0, 600, ROWS)],
            "part": random.choice(list(SHARES), ROWS, p=list(SHARES.values())),
        }
    )


def made(kind: str, **keys: Any) -> Split:
    extra = {"column": COLUMNS[kind]} if kind in COLUMNS else {}
    return SPLITS[kind].model_validate({"kind": kind, "seed": 7, **extra, **keys})


def assigned(kind: str, rows: pl.DataFrame, key: str | None = "number", **keys: Any) -> pl.Series:
    return made(kind, **keys).assign(rows, schema(key, COLUMNS.get(kind)))


@pytest.fixture(params=SPLITS.names())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_row_has_a_part_of_about_the_share_asked_for(kind: str) -> None:
    part = assigned(kind, frame())
    assert part.len() == ROWS
    for name in PARTS:
        assert (part == name).mean() == pytest.approx(SHARES[name], abs=0.03)


def test_the_same_rows_are_split_the_same_way(kind: str) -> None:
    assert assigned(kind, frame()).equals(assigned(kind, frame()))


def test_the_order_of_the_rows_does_not_matter(kind: str) -> None:
    for key in ("number", None):
        shuffled = frame().sample(fraction=1, shuffle=True, seed=3)
        back = shuffled.with_columns(assigned(kind, shuffled, key).alias("mine")).sort("number")["mine"]
        assert back.equals(assigned(kind, frame(), key), check_names=False)


@pytest.mark.parametrize("kind", [name for name in SPLITS.names() if name != "predefined"])
def test_another_share_for_validation_moves_no_test_row(kind: str) -> None:
    few, many = (assigned(kind, frame(), valid=valid) for valid in (0.0, 0.4))
    assert (few == "test").equals(many == "test", check_names=False)
    assert "valid" not in few.to_list()


def test_rows_without_a_key_that_say_the_same_stay_together(kind: str) -> None:
    rows = frame().head(500)
    twice = pl.concat([rows, rows])
    part = assigned(kind, twice, key=None)
    assert part[:500].equals(part[500:])


def test_a_single_row_has_a_part(kind: str) -> None:
    assert assigned(kind, frame().head(1))[0] in PARTS


def test_no_rows_are_split_into_nothing(kind: str) -> None:
    assert assigned(kind, frame().clear()).len() == 0


def test_the_packaged_option_is_the_kind_it_is_named_after(kind: str) -> None:
    written = yaml.safe_load((files("overture.conf") / "split" / f"{kind}.yaml").read_text())
    assert written["kind"] == kind
    given = {**written, **({"column": COLUMNS.get(kind, "day")} if "column" in written else {})}
    assert SPLITS[kind].model_validate(given).kind == kind
    assert not written.keys() - SPLITS[kind].model_fields.keys()


def folded(kind: str, rows: pl.DataFrame, key: str | None = "number", **keys: Any) -> pl.Series:
    split, contract = made(kind, folds=5, **keys), schema(key, COLUMNS.get(kind))
    return split.fold(rows, contract, split.assign(rows, contract))


def test_folds_divide_what_is_not_test_and_move_no_row_of_a_part(kind: str) -> None:
    part, fold = assigned(kind, frame()), folded(kind, frame())
    assert assigned(kind, frame(), folds=5).equals(part)
    assert fold.is_null().equals(part == "test", check_names=False)
    sizes = [int((fold == number).sum()) for number in range(1, 6)]
    assert sum(sizes) + int((fold == 0).sum()) == int((part != "test").sum())
    assert min(sizes) > 0.7 * max(sizes)


def test_no_row_is_learned_from_while_it_or_a_test_row_is_judged(kind: str) -> None:
    split, fold, contract = made(kind, folds=5), folded(kind, frame()), schema("number", COLUMNS.get(kind))
    for number in range(1, 6):
        learned = split.precedes(number, fold, frame(), contract)
        assert learned.any()
        assert not (learned & (fold == number).fill_null(True)).any()


def test_folds_do_not_depend_on_the_order_of_the_rows(kind: str) -> None:
    for key in ("number", None):
        shuffled = frame().sample(fraction=1, shuffle=True, seed=3)
        back = shuffled.with_columns(folded(kind, shuffled, key).alias("mine")).sort("number")["mine"]
        assert back.equals(folded(kind, frame(), key), check_names=False)


def test_equal_rows_are_in_one_fold(kind: str) -> None:
    rows = frame().head(500)
    fold = folded(kind, pl.concat([rows, rows]), key=None)
    assert fold[:500].equals(fold[500:], null_equal=True)


def test_rows_are_set_aside_for_early_stopping_as_the_split_parts_them(kind: str) -> None:
    part = made(kind).aside(frame(), schema("number", COLUMNS.get(kind)), 5)
    assert (part == "test").mean() == pytest.approx(0.1, abs=0.04)
    assert set(part) == {"train", "test"}
