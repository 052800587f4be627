"""The hook that adds columns: what it may do, and what is said when it does something else."""

import datetime as dt
import importlib.util

import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.data.features import added, columns_of
from overture.runtime.errors import Mistake

ROWS = pl.DataFrame({"a": [1, 2, 4], "b": ["x", None, "y"]})


@pytest.fixture
def hook(tmp_path):
    """The function `features` of a hooks.py with these lines."""

    def make(*lines):
        file = tmp_path / "hooks.py"
        body = "\n".join(f"    {line}" for line in lines)
        file.write_text(f"import polars as pl\n\n\ndef features(rows):\n{body}\n")
        spec = importlib.util.spec_from_file_location("hooks", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.features

    return make


def said(function, frame=ROWS, known=None):
    with pytest.raises(Mistake) as mistake:
        added(frame, function, known)
    return [str(problem) for problem in mistake.value.problems]


def test_added_columns_have_the_types_of_the_contract():
    made = added(
        ROWS,
        lambda rows: rows.with_columns(
            whole=pl.col("a").cast(pl.Int8),
            part=pl.col("a") / 2,
            yes=pl.col("a") > 1,
            label=pl.col("b").cast(pl.Categorical),
            day=pl.lit(dt.date(2024, 1, 1)),
            moment=pl.lit(dt.datetime(2024, 1, 1)).cast(pl.Datetime("ms")),
        ),
    )
    types = ["integer", "number", "boolean", "category", "date", "timestamp"]
    new = made.drop(ROWS.columns)
    assert columns_of(new, added) == {
        name: column(type, nullable=True) for name, type in zip(new.columns, types, strict=True)
    }
    assert new.schema == {name: column(type).dtype for name, type in zip(new.columns, types, strict=True)}
    assert new["moment"][0] == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def test_numbers_that_are_not_finite_are_missing():
    made = added(ROWS, lambda rows: rows.with_columns(c=pl.Series([1.0, float("inf"), float("nan")])))
    assert made["c"].to_list() == [1.0, None, None]


def test_one_row_gets_the_types_known_from_training():
    known = {"d": column("number", nullable=True), "c": column("category", nullable=True)}
    one = added(ROWS.head(1), lambda rows: rows.with_columns(c=pl.lit(None), d=pl.lit(1)), known)
    assert one.schema == {"a": pl.Int64, "b": pl.String, "d": pl.Float64, "c": pl.String}
    assert one.rows() == [(1, "x", 1.0, None)]


def test_a_hook_that_fails_is_said_with_its_line(hook):
    function = hook("total = rows['a'].sum()", "return rows.with_columns(c=pl.col('nothing') / total)")
    assert said(function) == [
        'hooks.py:6   features fails: ColumnNotFoundError: unable to find column "nothing"; valid columns: ["a", "b"]. '
        "It is given the features, not the target, the key or the time."
    ]


def test_a_hook_must_give_a_frame(hook):
    assert said(hook("rows.with_columns(c=1)")) == [
        "hooks.py:4   features gave a NoneType, not a DataFrame. End it with: return rows.with_columns(…)"
    ]


def test_a_hook_must_keep_the_rows(hook):
    assert said(hook("return rows.drop_nulls()"))[0].startswith("hooks.py:4   features was given 3 rows and gave 2.")


@pytest.mark.parametrize("line", ["rows.drop('a')", "rows.with_columns(a=0)", "rows.sort('a', descending=True)"])
def test_a_hook_must_keep_the_given_columns(hook, line):
    assert "features took away or changed a" in said(hook(f"return {line}"))[0]


def test_a_hook_must_add_what_a_model_can_take(hook):
    assert said(hook("return rows.with_columns(c=pl.concat_list('a', 'a'), d=pl.duration(days=1))")) == [
        'hooks.py:4   features adds "c" as List(Int64), which no model can take. Make it numbers, booleans, text, days or moments.',
        "hooks.py:4   features adds \"d\" as Duration(time_unit='us'), which no model can take. Make it numbers, booleans, text, days or moments.",
    ]


def test_a_hook_must_add_the_same_in_serving_as_in_training(hook):
    known = {"c": column("integer", nullable=True)}
    assert "adds other columns than in training: c and d" in said(hook("return rows.with_columns(d=1)"), known=known)[0]
    assert "of another type than in training" in said(hook("return rows.with_columns(c=pl.lit('x'))"), known=known)[0]
