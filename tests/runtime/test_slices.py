"""Parts of the test rows: every row is in one of each column's, and each is judged as if it stood alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from overture.runtime.config.load import load
from overture.runtime.data.column import column
from overture.runtime.errors import Mistake
from overture.runtime.evaluation import Evaluation
from overture.runtime.schema import Schema
from overture.runtime.slices import LEAST_ROWS, MOST_PARTS, slices

from .runs.conftest import train

SCHEMA = Schema(
    task="binary",
    features={"x": column("number"), "c": column("category")},
    target="y",
    target_column=column("category"),
    classes=["no", "yes"],
    positive="yes",
)
METRICS = {"log_loss": Evaluation().metric("log_loss", "binary")}


def judged(values: pl.Series, name: str = "c") -> list[tuple[str, int, float | None]]:
    rows = values.len()
    random = np.random.default_rng(0)
    chance = random.uniform(0.05, 0.95, rows)
    test = pl.DataFrame({name: values, "y": np.where(random.random(rows) < chance, "yes", "no")})
    found = slices([name], test, np.column_stack([1 - chance, chance]), SCHEMA, METRICS, 40)
    assert {part.column for part in found} <= {name}
    return [(part.value, part.rows, part.metrics["log_loss"].value if part.metrics else None) for part in found]


@given(
    st.one_of(
        st.lists(st.sampled_from("abcdefgh") | st.none(), min_size=1, max_size=80).map(
            lambda v: pl.Series(v, dtype=pl.String)
        ),
        st.lists(st.booleans() | st.none(), min_size=1, max_size=60).map(lambda v: pl.Series(v, dtype=pl.Boolean)),
        st.lists(st.integers(-30, 30) | st.none(), min_size=1, max_size=90).map(lambda v: pl.Series(v, dtype=pl.Int64)),
        st.lists(st.floats(-1e9, 1e9) | st.none(), min_size=1, max_size=90).map(
            lambda v: pl.Series(v, dtype=pl.Float64)
        ),
        st.lists(st.dates() | st.none(), min_size=1, max_size=40).map(lambda v: pl.Series(v, dtype=pl.Date)),
    )
)
def test_every_row_is_in_exactly_one_part(values: pl.Series) -> None:
    found = judged(values)

    assert sum(rows for _, rows, _ in found) == values.len()
    assert all(rows > 0 for _, rows, _ in found)
    assert len({value for value, _, _ in found}) == len(found)
    assert all((score is None) == (rows < LEAST_ROWS) for _, rows, score in found)


def test_a_part_is_judged_as_if_it_stood_alone() -> None:
    labels = pl.Series(["a", "b", None] * 50, dtype=pl.String)
    random = np.random.default_rng(0)
    chance = random.uniform(0.05, 0.95, 150)
    truth = np.where(random.random(150) < chance, "yes", "no")

    found = {value: score for value, _, score in judged(labels)}

    for value, chosen in (("a", labels == "a"), ("b", labels == "b"), ("missing", labels.is_null())):
        mask = chosen.fill_null(False).to_numpy()
        assert found[value] == pytest.approx(log_loss(truth[mask], chance[mask]), rel=1e-12)


def test_rare_labels_are_one_part_together() -> None:
    labels = pl.Series([f"{i % 40:02}" for i in range(400)])

    found = judged(labels)

    assert len(found) == MOST_PARTS + 1
    assert found[-1] == ("all others", 200, found[-1][2])


def test_many_numbers_are_cut_into_quarters() -> None:
    assert [value for value, _, _ in judged(pl.Series(range(1, 101)))] == [
        "up to 25",
        "above 25, up to 50",
        "above 50, up to 75",
        "above 75, up to 100",
    ]


def test_a_run_says_where_it_is_weaker(make_project: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    from overture.runtime.terminal import narrated

    root = make_project(rows=2000)
    with narrated():
        run = train(root, "model=logistic", "~model.params.iterations", "evaluation.slices=[age,city]")

    parts = run.facts["slices"]
    assert [part["column"] for part in parts].count("city") == 3
    assert sum(part["rows"] for part in parts if part["column"] == "age") == run.facts["rows"]["test"]
    assert "weaker where age is" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [("agee", 'no feature is called "agee". Did you mean "age"?'), ("left", 'no feature is called "left"')],
)
def test_a_column_that_is_no_feature_is_told(name: str, said: str, make_project: Callable[..., Path]) -> None:
    with pytest.raises(Mistake, match=r"evaluation\.slices") as told:
        load(make_project(), [f"evaluation.slices=[{name}]"])
    assert said in str(told.value.problems[0])
