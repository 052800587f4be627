"""The checks of a data set: what the rows promise together, found alike in memory and in one streaming pass."""

import datetime as dt
import os
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from overture.runtime.data.audit import audit
from overture.runtime.data.checking import Before
from overture.runtime.data.checks import Checks
from overture.runtime.data.dataset import Dataset
from overture.runtime.data.rows import Data, check, load
from overture.runtime.data.stored import Stored
from overture.runtime.errors import Mistake, Refusal
from overture.runtime.schema import Schema

COLUMNS = {
    "id": {"type": "integer", "nullable": True},
    "plan": {"type": "category", "nullable": True},
    "paid": {"type": "number", "nullable": True},
    "due": {"type": "number", "nullable": True},
    "at": {"type": "timestamp", "nullable": True},
    "left": {"type": "category", "values": ["no", "yes"]},
}
NOW = dt.datetime(2024, 6, 30, 12, tzinfo=dt.UTC)
ROWS = "id,plan,paid,due,at,left\n1,a,5,5,2024-06-01T00:00Z,no\n2,b,4,5,2024-06-02T00:00Z,yes\n2,z,,5,,no\n"


@pytest.fixture
def data(tmp_path):
    """Write rows and describe them."""

    def make(checks=None, rows=ROWS, columns=COLUMNS, others=None, **keys):
        if isinstance(rows, str):
            (tmp_path / "rows.csv").write_text(rows)
            source = {"kind": "csv", "path": "rows.csv"}
        else:
            rows.write_parquet(tmp_path / "rows.parquet")
            source = {"kind": "parquet", "path": "rows.parquet"}
        before = keys.pop("before", None)
        dataset = Dataset(
            sources={"rows": source, **(others or {})}, base="rows", columns=columns, checks=checks or {}, **keys
        )
        features = {name: it for name, it in dataset.columns.items() if name != "left"}
        schema = Schema(
            task="binary",
            features=features,
            target="left",
            target_column=dataset.columns["left"],
            timezone=dataset.timezone,
        )
        assert dataset.problems() == []
        return Data(dataset, schema, tmp_path, before=before, now=NOW)

    return make


def both(data):
    """What the streaming pass and the loading say, which must be the same."""
    streamed, loaded = audit(data), load(data)
    assert streamed.breaches == loaded.breaches
    return [str(it.problem()) for it in loaded.breaches]


def test_rows_are_counted(data):
    assert both(data({"rows": {"min": 4}})) == ["data.checks.rows.min: 3 rows, fewer than 4"]
    assert both(data({"rows": {"max": 2}})) == ["data.checks.rows.max: 3 rows, more than 2"]
    assert both(data({"rows": {"min": 3, "max": 3}})) == []


def test_values_that_two_rows_share_are_said(data):
    assert both(data({"unique": ["id"]})) == ["data.checks.unique[0]: 2 rows share id with another row, in rows 2, 3"]
    assert both(data({"unique": [["id", "plan"], {"columns": ["paid"]}]})) == []


def test_stale_rows_are_said_by_the_clock(data):
    assert both(data({"fresh": {"column": "at", "max_age": "7d"}})) == [
        "data.checks.fresh.max_age: the latest at (2024-06-02T00:00:00Z) is 28 days old, and may be 7d. Fetch the data anew."
    ]
    assert both(data({"fresh": {"column": "at", "max_age": "30d"}})) == []


def test_moments_later_than_the_clock_make_nothing_fresh(data):
    rows = ROWS + "4,a,1,1,2030-01-01T00:00Z,no\n"
    assert len(both(data({"fresh": {"column": "at", "max_age": "7d"}}, rows))) == 1


def test_days_start_in_the_zone_of_the_data(data):
    columns = {**COLUMNS, "at": {"type": "date", "nullable": True}}
    rows = "id,plan,paid,due,at,left\n1,a,5,5,2024-06-30,no\n2,b,4,5,2024-06-29,yes\n"
    asked = {"fresh": {"column": "at", "max_age": "13h"}}
    assert both(data(asked, rows, columns)) == []
    assert "is 14 hours old" in both(data(asked, rows, columns, timezone="Europe/Berlin"))[0]


def test_expressions_are_true_of_every_row_or_give_nothing(data):
    assert both(data({"expressions": {"settled": "paid >= due"}})) == [
        "data.checks.expressions.settled: 1 row is not so: paid >= due, row 2"
    ]


def test_what_another_source_has_to_know_is_said(data, tmp_path):
    (tmp_path / "plans.csv").write_text("code,name\na,A\nb,B\nb,B\n")
    plans = {"plans": {"kind": "csv", "path": "plans.csv"}}
    asked = {"references": [{"by": {"plan": "code"}, "source": "plans"}]}
    assert both(data(asked, others=plans)) == [
        "data.checks.references[0]: 1 row refers to a plan that no row of plans has, row 3"
    ]
    with pytest.raises(Mistake, match=r'references\[0\].by: plans has no column "cod". Did you mean "code"'):
        audit(data({"references": [{"by": {"plan": "cod"}, "source": "plans"}]}, others=plans))


def test_the_data_is_compared_with_that_of_the_run_before(data):
    asked, before = {"previous": {"rows": 0.2}}, Before("abc", 10, Stored(["id", "plan", "paid", "due", "old", "left"]))
    assert both(data(asked, before=before)) == [
        "data.checks.previous.rows: 3 rows; run abc had 10 (-70%, 20% allowed)",
        'data.checks.previous.columns: since run abc the source has lost "old" and gained "at"',
    ]
    assert both(data(asked)) == []


def test_a_column_that_is_stored_in_another_type_than_before_is_said(data):
    rows = pl.read_csv(ROWS.encode(), null_values="z").with_columns(pl.col("plan").cast(pl.Categorical))
    types = {"id": "Int64", "plan": "String", "paid": "String", "due": "Float64"}
    for kind, found in (("parquet", True), ("csv", False)):
        before = Before("abc", 3, Stored(rows.columns, kind, types))
        said = both(data({"previous": {}}, rows=rows, before=before))
        told = [
            'data.checks.previous.columns: since run abc the source has changed "paid" from String to Int64 and "due" '
            "from Float64 to Int64"
        ]
        assert said == (told if found else [])
    columns = Stored(rows.columns, "parquet", {name: str(dtype) for name, dtype in rows.schema.items()})
    assert load(data({"previous": {}}, rows=rows)).stored.types == {**columns.types, "plan": "String"}
    assert load(data({}, rows=rows)).stored == Stored(tuple(rows.columns), "parquet")


def test_a_warning_lets_the_work_go_on(data):
    columns = {**COLUMNS, "paid": {"type": "number", "nullable": True, "max": 4, "warn": ["max", "type"]}}
    rows = ROWS + "4,a,x,1,,no\n"
    made = data({"unique": [{"columns": ["id"], "severity": "warn"}]}, rows, columns)
    found = load(made)
    assert [(it.rule, it.severity, it.count) for it in found.breaches] == [
        ("type", "warn", 1),
        ("max", "warn", 1),
        ("unique", "warn", 2),
    ]
    check(found, made.schema)
    assert found.frame["paid"].to_list() == [5.0, 4.0, None, None]


def test_rows_are_set_aside_with_their_reasons_and_the_rest_goes_on(data, tmp_path):
    columns = {**COLUMNS, "due": {"type": "number", "min": 0}}
    rows = ROWS + "5,a,1,-1,,no\n6,a,1,x,,yes\n7,b,1,1,,yes\n"
    made = data({"on_breach": "quarantine", "unique": ["id"]}, rows, columns)
    found = load(made)
    check(found, made.schema)
    aside = pl.read_parquet(tmp_path / "quarantine.parquet")
    assert found.frame["_row"].to_list() == [1, 6]
    assert (found.read, found.aside) == (6, 4)
    assert aside.select("_row", "_reasons").rows() == [
        (2, "id: not unique"),
        (3, "id: not unique"),
        (4, "due: less than allowed"),
        (5, "due: not of its type"),
    ]
    assert {it.severity for it in audit(made).breaches} == {"quarantine"}


def test_what_all_rows_break_together_is_refused_with_a_quarantine_too(data):
    made = data({"on_breach": "quarantine", "rows": {"min": 100}})
    with pytest.raises(Refusal, match="fewer than 100"):
        check(load(made), made.schema)


def test_text_is_written_as_its_pattern_says(data):
    columns = {**COLUMNS, "plan": {"type": "text", "pattern": "[ab]", "example": "a", "nullable": True}}
    assert both(data(columns=columns)) == ['data.columns.plan.pattern: 1 row is not written as [ab] ("z"), row 3']


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"pattern": "[a", "example": "a"}, "cannot be read"),
        ({"pattern": "a"}, "needs an example"),
        ({"pattern": "a", "example": "b"}, "is not written as the pattern"),
        ({"warn": ["type"]}, "write nullable: true, too"),
    ],
)
def test_columns_that_contradict_themselves_are_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        Dataset(sources={"a": {"kind": "csv", "path": "a"}}, columns={"it": {"type": "text", **keys}})


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ({"unique": ["idd"]}, 'data.checks.unique[0]: data.columns has no "idd". Did you mean "id"?'),
        ({"fresh": {"column": "paid", "max_age": "7d"}}, "data.checks.fresh.column: paid is neither a timestamp nor a date."),
        ({"expressions": {"x": "paid >="}}, "data.checks.expressions.x: cannot be read"),
        ({"expressions": {"x": "paid + 1"}}, "data.checks.expressions.x: gives a number; it must be true or false"),
        ({"expressions": {"x": "payd > 1"}}, 'there is no column "payd" to compute from. Did you mean "paid"?'),
        ({"expressions": {"x": {"that": "sum(paid) > 1"}}}, "data.checks.expressions.x.that: sum looks at more than one row"),
        ({"expressions": {"x": "1 = 1"}}, "reads no column"),
        ({"references": [{"by": "plan", "source": "planz"}]}, "no source is called"),
    ],
)  # fmt: skip
def test_checks_that_ask_what_is_not_there_are_refused(checks, said):
    dataset = Dataset(sources={"rows": {"kind": "csv", "path": "a"}}, columns=COLUMNS, checks=checks)
    assert said in "\n".join(map(str, dataset.problems()))


@pytest.mark.parametrize("age", ["7", "d", "1y", "-3d", "99999999999d"])
def test_ages_that_are_no_length_of_time_are_refused(age):
    with pytest.raises(ValidationError, match="no length of time"):
        Checks(fresh={"column": "at", "max_age": age})


VALUES = {
    "id": st.none() | st.integers(-2, 3),
    "plan": st.none() | st.sampled_from(["a", "b", "c", "A"]),
    "paid": st.none() | st.floats(-3, 3, width=16),
    "due": st.none() | st.sampled_from([0.0, 1.0, float("nan")]),
    "at": st.none() | st.datetimes(dt.datetime(2024, 6, 1), dt.datetime(2024, 7, 30)).map(lambda it: it.replace(tzinfo=dt.UTC)),
    "left": st.none() | st.sampled_from(["no", "yes", "maybe"]),
}  # fmt: skip
STORED = {"id": pl.Int32, "plan": pl.String, "paid": pl.Float64, "due": pl.Float32, "at": pl.Datetime("us", "UTC"), "left": pl.String}  # fmt: skip
ASKED = {
    "id": {"type": "integer", "min": -1, "max": 2},
    "plan": {"type": "category", "values": ["a", "b"], "nullable": True},
    "paid": {"type": "number", "nullable": True, "max": 2},
    "due": {"type": "number", "nullable": True},
    "at": {"type": "timestamp", "nullable": True},
    "left": {"type": "category", "values": ["no", "yes"]},
}
EVERY = {
    "rows": {"min": 2, "max": 6},
    "unique": ["id", ["plan", "paid"]],
    "fresh": {"column": "at", "max_age": "7d"},
    "expressions": {"sum": "paid + due >= 0", "either": "plan = 'a' OR id > 0"},
    "references": [{"by": ["plan"], "source": "plans"}],
}


def obvious(rows):
    """Every rule and the rows that break it, found slowly, one row after the other."""
    found = {}

    def add(name, i):
        found.setdefault(name, set()).add(i)

    for i, row in enumerate(rows, 1):
        value = {name: None if it is None or it != it else it for name, it in row.items()}
        if value["id"] is None:
            add(("id", "nullable"), i)
        elif value["id"] < -1 or value["id"] > 2:
            add(("id", "min" if value["id"] < -1 else "max"), i)
        if value["plan"] not in (None, "a", "b"):
            add(("plan", "values"), i)
        if value["plan"] not in (None, "a", "c"):
            add(("plan", "references"), i)
        if value["paid"] is not None and value["paid"] > 2:
            add(("paid", "max"), i)
        if value["left"] not in (None, "no", "yes"):
            add(("left", "values"), i)
        if value["paid"] is not None and value["due"] is not None and value["paid"] + value["due"] < 0:
            add(("sum", "expressions"), i)
        sides = [
            None if value["plan"] is None else value["plan"] == "a",
            None if value["id"] is None else value["id"] > 0,
        ]
        if True not in sides and None not in sides:
            add(("either", "expressions"), i)
    for columns in (["id"], ["plan", "paid"]):
        keys = [tuple(row[name] for name in columns) for row in rows]
        for i, key in enumerate(keys, 1):
            if None not in key and keys.count(key) > 1:
                add((" and ".join(columns), "unique"), i)
    everyone = set(range(1, len(rows) + 1))
    if len(rows) < 2:
        found["rows", "min"] = everyone
    if len(rows) > 6:
        found["rows", "max"] = everyone
    moments = [row["at"] for row in rows if row["at"] is not None and row["at"] <= NOW]
    if not moments or NOW - max(moments) > dt.timedelta(days=7):
        found["fresh", "max_age"] = everyone
    return found


@settings(max_examples=10_000 if os.environ.get("OVERTURE_SOAK") else 150, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=8))
def test_every_breach_is_what_the_obvious_check_finds(rows, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "obvious"
    folder.mkdir(exist_ok=True)
    pl.DataFrame(rows, schema=STORED).write_parquet(folder / "rows.parquet")
    pl.DataFrame({"plan": ["a", "c", None]}).write_parquet(folder / "plans.parquet")
    dataset = Dataset(
        sources={name: {"kind": "parquet", "path": f"{name}.parquet"} for name in ("rows", "plans")},
        base="rows",
        columns=ASKED,
        checks=EVERY,
    )
    features = {name: it for name, it in dataset.columns.items() if name != "left"}
    schema = Schema(task="binary", features=features, target="left", target_column=dataset.columns["left"])
    data = Data(dataset, schema, folder, now=NOW)
    try:
        streamed = audit(data).breaches
    except Mistake as mistake:  # the data keeps the contract, and there is nothing to learn from so few rows
        said = mistake.problems[0].path
        streamed = None
    if streamed is None:
        assert (obvious(rows), said) == ({}, ("target",))
        return
    assert streamed == load(data).breaches
    expected = obvious(rows)
    counts = {}
    for breach in streamed:
        counts[breach.column, breach.rule] = counts.get((breach.column, breach.rule), 0) + breach.count
        assert set(breach.rows) <= expected[breach.column, breach.rule]
        assert breach.share == breach.count / len(rows)
    assert counts == {rule: len(numbers) for rule, numbers in expected.items()}


def test_many_rows_are_found_in_their_order_across_the_parts_of_a_stream(data):
    draw = random.Random(1)
    n = 300_000
    bad = sorted(draw.sample(range(n), 50))
    paid = [0.0] * n
    for i in bad:
        paid[i] = 9.0
    frame = pl.DataFrame({"id": range(n), "plan": "a", "paid": paid, "due": 1.0, "at": NOW, "left": ["no", "yes"] * (n // 2)})  # fmt: skip
    columns = {**COLUMNS, "paid": {"type": "number", "max": 5}}
    found = audit(data({"unique": ["id"]}, frame, columns)).breaches
    assert [it.rows for it in found] == [tuple(i + 1 for i in bad[:5])]
