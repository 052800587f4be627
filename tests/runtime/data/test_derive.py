"""Features computed by SQL from one row, and a target computed from other columns: taken, refused, and alike everywhere."""

import math
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.generator.render import render
from overture.runtime.data.column import column
from overture.runtime.data.derive import describe, result
from overture.runtime.data.features import completed
from overture.runtime.data.rows import load
from overture.runtime.errors import Mistake
from overture.runtime.fitting import fit
from overture.runtime.hooks import Hooks
from overture.runtime.measuring import evaluate
from overture.runtime.parts import split
from overture.runtime.project import Project
from overture.runtime.runs.record import record
from overture.runtime.schema import Schema
from overture.runtime.scoring import Scorer
from overture.runtime.serving.predictor import Predictor
from overture.runtime.serving.request import Row

COLUMNS = {
    "tenure": column("integer", min=0, max=120),
    "Total Charges": column("number", nullable=True),
    "plan": column("category", values=["One year", "Two year"]),
    "city": column("category"),
    "since": column("timestamp"),
    "born": column("date"),
}


def problem(sql, columns=COLUMNS):
    with pytest.raises(Mistake) as mistake:
        result(sql, columns, {}, ("data", "derive", "x"))
    return [str(it) for it in mistake.value.problems]


@pytest.mark.parametrize(
    ("sql", "type"),
    [
        ('"Total Charges" / (tenure + 1)', "number"),
        ("tenure * 12", "integer"),
        ("tenure > 12 AND plan = 'Two year'", "boolean"),
        ("city || ', ' || plan", "category"),
        ("CASE WHEN tenure > 12 THEN 'old' ELSE 'new' END", "category"),
        ("EXTRACT(hour FROM since)", "integer"),
        ("since::date", "date"),
        ("since", "timestamp"),
        ('COALESCE("Total Charges", 0)', "number"),
        ("TRY_CAST(city AS DOUBLE)", "number"),
        ("ROUND(LN(tenure + 1), 2)", "number"),
        ("city IN ('Rome', 'Oslo')", "boolean"),
        ("LENGTH(city)", "integer"),
        ("1", "integer"),
    ],
)
def test_the_type_of_an_expression_is_found_without_data(sql, type):
    assert result(sql, COLUMNS, {}, ()) == column(type, nullable=True)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("tenur + 1", 'there is no column "tenur" to compute from. Did you mean "tenure"?'),
        ("SUM(tenure)", "sum looks at more than one row."),
        ("tenure - avg ( tenure )", "avg looks at more than one row."),
        ("MAX(tenure) OVER (ORDER BY born)", "over looks at other rows."),
        ("tenure OVER w", "over looks at other rows."),
        ("(SELECT 1)", "select looks at other rows."),
        ("RANDOM()", "random gives something else each time it is asked."),
        ("NOW()", "now gives something else each time it is asked."),
        ("born < CURRENT_DATE", "current_date gives something else each time it is asked."),
        ("lenght(city)", 'there is no function lenght for one row. Did you mean "length"?'),
        ("city + 1", "the types do not fit: arithmetic on dtypes str and dyn int is not allowed"),
        ("UPPER(tenure)", "the types do not fit"),
        ("tenure +", "cannot be read: unable to parse 'tenure +' as Expr. Names with blanks stand in double quotes"),
        ("tenure;", "cannot be read"),
        ("Total Charges", 'there is no column "Total" to compute from. Put "Total Charges" into its double quotes.'),
        ("CAST(city AS INTEGER)", "fails for values that city may hold: conversion from `str` to `i32` failed"),
        ("since - born", "gives a length of time, which no model can take."),
        ("NULL", "gives nothing, which no model can take."),
        ('COALESCE("^t.*$", 1)', "^t.*$ may be many columns; write their names."),
    ],
)
def test_an_expression_that_will_not_do_says_why(sql, said):
    found = problem(sql)
    assert len(found) == 1
    assert found[0].startswith(f"data.derive.x: {said}")


def test_functions_of_many_rows_are_noticed_under_any_name(monkeypatch):
    monkeypatch.setattr("overture.runtime.data.derive.FUNCTIONS", {"first", "last"})
    monkeypatch.setattr("overture.runtime.data.derive._MANY", "")
    assert problem("LAST(tenure)")[0].startswith("data.derive.x: looks at more than one row.")


def test_words_within_quotes_are_not_code():
    assert result("city = 'sum(now()) over (select)'", COLUMNS, {}, ()).type == "boolean"
    assert result('"sum(a)" + 1', {"sum(a)": column("integer")}, {}, ()).type == "integer"


def test_later_columns_use_those_before_and_a_fault_is_said_once():
    found, problems = describe({"a": "tenure + 1", "b": "a * 2"}, COLUMNS, {}, ())
    assert list(found) == ["a", "b"]
    assert problems == []
    found, problems = describe(
        {"a": "tenur + 1", "b": "a * 2", "c": "d", "d": "tenure", "e": "e"}, COLUMNS, {}, ("derive",)
    )
    assert list(found) == ["d"]
    assert [str(it) for it in problems] == [
        'derive.a: there is no column "tenur" to compute from. Did you mean "tenure"?',
        "derive.c: cannot use d: it is derived below; move it up.",
        "derive.e: cannot use e: it is what is derived here.",
    ]


def schema(expressions, features):
    derived, problems = describe(expressions, features, {}, ())
    assert problems == []
    target = column("category")
    return Schema(
        task="binary", features=features, target="y", target_column=target, derived=derived, expressions=expressions
    )


NUMBERS = {"a": column("number", nullable=True), "b": column("integer", nullable=True)}
EVERYWHERE = schema(
    {
        "ninth": "(a - 32) * 5 / 9",
        "ratio": "a / b",
        "share": "100.0 * b / 7",
        "logarithm": "LN(ABS(a) + 1)",
        "root": "SQRT(a)",
        "power": "POW(a, 3)",
        "rest": "b % 7",
        "whole": "b // 3",
        "sort": "CASE WHEN a > b THEN 'more' WHEN a <= b THEN 'less' END",
        "again": "ninth / 3 + ratio",
        "constant": "1",
    },
    NUMBERS,
)
floats = st.none() | st.floats(allow_nan=False, allow_infinity=False, width=64)


def bits(value):
    return value.hex() if isinstance(value, float) else value


@settings(deadline=None)
@given(st.lists(st.tuples(floats, st.none() | st.integers(-(2**40), 2**40)), min_size=1, max_size=9))
def test_one_row_gives_what_it_gives_among_many_to_the_last_bit(rows):
    frame = pl.DataFrame(rows, {"a": pl.Float64, "b": pl.Int64}, orient="row")
    many = completed(frame, EVERYWHERE, None, learned=True).frame.rows()
    alone = [completed(frame[i], EVERYWHERE, None, learned=True).frame.row(0) for i in range(frame.height)]
    assert [list(map(bits, row)) for row in many] == [list(map(bits, row)) for row in alone]


def test_results_that_are_not_finite_are_missing_and_counted():
    made = completed(
        pl.DataFrame({"a": [1.0, 0.0, None, 4.0], "b": [0, 0, 1, 2]}),
        schema({"x": "a / b"}, NUMBERS),
        None,
        learned=True,
    )
    assert made.frame["x"].to_list() == [None, None, None, 2.0]
    assert made.not_finite == {"x": 2}


def test_a_hook_sees_what_is_derived():
    hook = lambda rows: rows.with_columns(y=pl.col("x") * 2)  # noqa: E731
    frame = pl.DataFrame({"a": [1.0, 3.0], "b": [1, 2]})
    made = completed(frame, schema({"x": "a + b"}, NUMBERS), hook, learned=False)
    assert made.frame["y"].to_list() == [4.0, 10.0]
    assert list(made.schema.derived) == ["x", "y"]
    again = completed(frame[1], made.schema, hook, learned=True)
    assert again.frame.rows() == [made.frame.row(1)]
    with pytest.raises(Mistake, match=r"hooks.py has no features, which made y in training"):
        completed(frame, made.schema, None, learned=True)


def test_a_row_of_no_columns_gets_its_constants():
    made = completed(pl.DataFrame({"a": [1.0, 2.0]}), schema({"x": "7"}, {"a": column("number")}), None, learned=True)
    assert made.frame["x"].to_list() == [7, 7]


# in a project

DATA = """\
sources:
  people: {kind: csv, path: data/people.csv}
key: id
columns:
  id:     {type: integer, min: 1}
  age:    {type: integer, min: 0, max: 120}
  city:   {type: category, values: [Oslo, Rome, "New York"]}
  income: {type: number, nullable: true}
  left:   {type: category, values: ["no", "yes"]}
derive:
  decades: age / 10
  richness: income / (age - 18)
  home: city || '!'
"""
CONFIG = """\
defaults: [base, _self_, override data: people, override model: logistic, override split: random]
hydra: {searchpath: [pkg://overture.conf]}
name: churn
"""
RICH = CONFIG + "task: binary\ntarget: {name: rich, from: income > 3000}\n"
LEFT = CONFIG + "task: binary\ntarget: left\n"


def trained(project):
    rows = load(project.data)
    parts = split(rows, project.split)
    model = fit(project.model, parts)
    return record(project, parts, model, evaluate(model, parts, project.evaluation))


def said(make):
    with pytest.raises(Mistake) as mistake:
        make()
    return [re.sub(r"^\S+:\d+   ", "", str(it)) for it in mistake.value.problems]


def test_derived_columns_are_inputs_and_what_is_not_finite_is_said(make_project):
    rows = load(Project.open(make_project(config=LEFT, data=DATA)).data)
    assert list(rows.schema.inputs) == ["age", "city", "income", "decades", "richness", "home"]
    assert rows.frame["decades"].to_list() == pytest.approx([age / 10 for age in rows.frame["age"]])
    infinite = rows.frame.filter(age=18)["income"].drop_nulls().len()
    assert infinite > 0
    assert rows.notes == (f"richness: {infinite} results not finite, treated as missing",)


def test_training_serving_and_batch_derive_alike_whatever_conf_says_now(make_project):
    root = make_project(config=LEFT, data=DATA)
    project = Project.open(root)
    run = trained(project)
    (root / "conf" / "data" / "people.yaml").write_text(DATA.replace("age / 10", "age / 1000"))
    model = run.load_model()
    assert model.schema.expressions == project.spec.data.derive
    rows = load(project.data).frame

    class Person(Row):
        id: int | None = None
        age: int
        city: str
        income: float | None

    hooks = Hooks.open(root)
    people = [Person.model_validate(it) for it in rows.select("age", "city", "income").to_dicts()]
    predictor = Predictor("churn", run, model, hooks)
    many = [it.probabilities for it in predictor.predict(people).predictions]
    assert many == [predictor.predict([person]).predictions[0].probabilities for person in people]
    batch = Scorer("churn", run, model, hooks).score(rows.select("_row", "age", "city", "income"))
    assert batch.answers["probability: yes"].to_list() == [it["yes"] for it in many]
    kept = pl.read_parquet(run.folder / "predictions.parquet").sort("_row")
    known = dict(zip(rows["_row"], many, strict=True))
    assert kept["probability: yes"].to_list() == pytest.approx([known[row]["yes"] for row in kept["_row"]], abs=1e-12)
    shares = predictor.explain(people[:1]).predictions[0].contributions
    assert list(shares) == ["age", "city", "income", "decades", "richness", "home"]


def test_problems_of_derive_have_their_place(make_project):
    data = (
        DATA.replace("age / 10", "ag / 10").replace("income / (age - 18)", "SUM(income)").replace("city ||", "left ||")
    )
    assert said(lambda: Project.open(make_project(config=LEFT, data=data))) == [
        'derive.decades: there is no column "ag" to compute from. Did you mean "age"?',
        "derive.richness: sum looks at more than one row. It must depend on one row alone, so that one row and many are answered alike.",
        "derive.home: cannot use left: it is the target, and a caller does not send it.",
    ]


def test_a_column_can_be_derived_from_the_command_line(make_project):
    project = Project.open(make_project(config=LEFT, data=DATA), ["data.derive.twice='age * 2'"])
    assert project.schema.derived["twice"] == column("integer", nullable=True)


def test_the_key_is_nothing_to_compute_from(make_project):
    data = DATA.replace("age / 10", "id / 10")
    assert said(lambda: Project.open(make_project(config=LEFT, data=data))) == [
        "derive.decades: cannot use id: it only identifies a row."
    ]


def test_the_order_of_derived_columns_is_part_of_a_run(make_project):
    root = make_project(config=LEFT, data=DATA)
    first = Project.open(root).inputs.run_id
    lines = DATA.splitlines()
    (root / "conf" / "data" / "people.yaml").write_text("\n".join([*lines[:-2], lines[-1], lines[-2]]) + "\n")
    assert Project.open(root).inputs.run_id != first


def test_a_computed_target_is_learned_and_what_it_reads_is_no_feature(make_project):
    data = DATA.replace("  richness: income / (age - 18)\n", "")
    project = Project.open(make_project(config=RICH, data=data))
    rows = load(project.data)
    assert list(rows.schema.inputs) == ["age", "city", "left", "decades", "home"]
    assert rows.frame["rich"].to_list() == [income > 3000 for income in rows.frame["income"]]
    assert rows.dropped == rows.read - rows.frame.height > 0  # those without an income
    run = trained(project)
    assert (run.facts["target"], run.facts["classes"]) == ("rich", [False, True])
    assert "outcome" in (run.folder / "report.html").read_text()
    files = render(project.spec)
    assert "income" not in files["service.py"].text
    assert "ChurnLabel = bool" in files["service.py"].text
    assert "income" not in files["tests/request.json"].text


def test_a_number_can_be_computed_for_regression(make_project):
    config = CONFIG.replace("logistic", "ridge") + "task: regression\ntarget: {name: monthly, from: income / 12}\n"
    data = DATA.replace("  richness: income / (age - 18)\n", "")
    rows = load(Project.open(make_project(config=config, data=data)).data)
    assert rows.frame["monthly"].to_list() == pytest.approx([income / 12 for income in rows.frame["income"]])
    assert not any(math.isnan(it) for it in rows.frame["monthly"])


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (
            "{name: rich, from: incom > 1}",
            'target.from: there is no column "incom" to compute from. Did you mean "income"?',
        ),
        (
            "{name: rich, from: AVG(income) > 1}",
            "target.from: avg looks at more than one row. It must depend on one row alone, so that one row and many are answered alike.",
        ),
        (
            "{name: rich, from: income * 2}",
            "task: binary needs labels to predict; rich is a number. Did you mean regression?",
        ),
        ("{name: age, from: income > 1}", "target.name: age is a column of the data; give the target another name."),
        ("{name: rich, from: 1 > 0}", "target.from: reads no column, so it is the same for every row."),
        ("{name: rich, form: income > 1}", 'target.form: there is no such key. Did you mean "from"?'),
        ("3", "target: must be text, not 3."),
    ],
)
def test_a_target_that_will_not_do_says_why(make_project, target, problem):
    data = DATA.replace("  richness: income / (age - 18)\n", "")
    assert problem in said(
        lambda: Project.open(make_project(config=CONFIG + f"task: binary\ntarget: {target}\n", data=data))
    )


def test_what_a_target_reads_is_nothing_to_derive_from(make_project):
    assert said(lambda: Project.open(make_project(config=RICH, data=DATA))) == [
        "derive.richness: cannot use income: it is what the target is computed from, and a caller does not send it."
    ]


def test_a_target_of_one_value_is_nothing_to_learn(make_project):
    config = CONFIG + "task: binary\ntarget: {name: rich, from: income > 0}\n"
    data = DATA.replace("  richness: income / (age - 18)\n", "")
    project = Project.open(make_project(config=config, data=data))
    assert said(lambda: load(project.data)) == [
        "target: rich is true in every row of people.csv: there is nothing to learn."
    ]
