"""Loading a data set and judging it, as train.py does."""

import polars as pl
import pytest
from pydantic import ValidationError

from overture.runtime import progress
from overture.runtime.data.column import column
from overture.runtime.data.dataset import Dataset
from overture.runtime.data.rows import Data, check, load
from overture.runtime.errors import Mistake, Refusal
from overture.runtime.schema import Schema

CONTENT = "id,tenure,Contract,notes,Churn\n1,5,One year,x,Yes\n2,7,Two year,,No\n3,9,One year,z,\n4,1,Two year,x,No\n"
COLUMNS = {
    "id": {"type": "integer"},
    "tenure": {"type": "integer", "min": 0},
    "Contract": {"type": "category", "values": ["One year", "Two year"]},
    "Churn": {"type": "category", "values": ["Yes", "No"]},
}


class Heard:
    """Every line said while the block ran."""

    def __init__(self):
        self.lines = []

    def advance(self, step, text, done, total):
        pass

    def finish(self, step, text, seconds):
        self.lines.append((step, text))


@pytest.fixture
def project(tmp_path):
    """Write rows and describe them."""

    def make(content=CONTENT, columns=COLUMNS, features=None, source=None, task="binary", **keys):
        (tmp_path / "telco.csv").write_text(content)
        source = source or {"kind": "csv", "path": "telco.csv"}
        dataset = Dataset(sources={"crm": source}, columns=columns, key="id", **keys)
        roles = {"id", "Churn", *dataset.source.adds()}
        added = dataset.source.adds().get("part")
        schema = Schema(
            task=task,
            features={name: it for name, it in dataset.columns.items() if name not in roles},
            target="Churn",
            target_column=dataset.columns["Churn"],
            key="id",
            key_column=dataset.columns["id"],
            divider="part" if added else None,
            divider_column=added,
            timezone=dataset.timezone,
            unknown_category=dataset.unknown_category,
        )
        return Data(dataset, schema, tmp_path, features)

    return make


def problems(run):
    with pytest.raises((Mistake, Refusal)) as error:
        run()
    return [str(problem) for problem in error.value.problems]


def test_rows_are_typed_and_numbered_and_those_without_a_target_left_out(project):
    rows = load(project())
    assert rows.frame.columns == ["tenure", "Contract", "Churn", "id", "_row"]
    assert rows.frame.schema["tenure"] == rows.frame.schema["_row"] == pl.Int64
    assert rows.frame["_row"].to_list() == [1, 2, 4]
    assert (rows.source, rows.read, rows.dropped, rows.extra) == ("telco.csv", 4, 1, ("notes",))


def test_what_was_done_is_said(project):
    data = project(
        unknown_category="missing", columns=COLUMNS | {"Contract": {"type": "category", "values": ["One year"]}}
    )
    heard = Heard()
    with progress.listening(heard):
        check(load(data), data.schema)
    assert heard.lines == [
        ("load", "4 rows from telco.csv"),
        ("", "1 row without Churn left out"),
        ("", "labels that are not allowed, treated as missing: Contract 2"),
        ("", "1 column not described, not used: notes"),
        ("check", "4 columns keep the contract"),
    ]


def test_an_ignored_column_is_not_mentioned(project):
    assert load(project(ignore=["notes"])).extra == ()


def test_every_column_that_is_not_there_is_said_at_once(project):
    columns = COLUMNS | {"Notes": {"type": "text"}, "age": {"type": "integer"}}
    assert problems(lambda: load(project(columns=columns))) == [
        'data.columns.Notes: telco.csv has no column "Notes". Did you mean "notes"?',
        'data.columns.age: telco.csv has no column "age". Remove it here, or add it to the data.',
    ]


def test_a_problem_of_the_source_has_its_place_in_the_configuration(project):
    data = project(source={"kind": "csv", "path": "telko.csv"})
    assert problems(lambda: load(data)) == [
        'data.sources.crm.path: there is no file telko.csv. Did you mean "telco.csv"?'
    ]


def test_a_source_without_rows_is_a_mistake(project):
    assert problems(lambda: load(project("id,tenure,Contract,Churn\n"))) == ["data.sources.crm: telco.csv has no rows."]


def test_a_source_without_any_target_is_a_mistake(project):
    content = "id,tenure,Contract,Churn\n1,1,One year,\n"
    assert problems(lambda: load(project(content))) == ["target: no row of telco.csv has a value of Churn."]


def test_a_target_of_one_value_is_a_mistake(project):
    content = "id,tenure,Contract,Churn\n1,1,One year,No\n2,1,One year,No\n"
    assert problems(lambda: load(project(content))) == [
        "target: Churn is No in every row of telco.csv: there is nothing to learn."
    ]


def test_every_breach_is_refused_at_once(project):
    data = project(CONTENT.replace("Two year", "Weekly").replace("5", "-5").replace("No", "no"))
    rows = load(data)
    assert problems(lambda: check(rows, data.schema)) == [
        "data.columns.tenure.min: 1 row is less than 0 (smallest -5), row 1",
        'data.columns.Contract.values: 2 rows say "Weekly", which is not allowed. It can be One year or Two year.',
        'data.columns.Churn.values: 2 rows say "no", which is not allowed. Did you mean "No"?',
    ]


def test_an_unknown_label_of_the_target_is_never_taken_for_missing(project):
    rows = load(project(CONTENT.replace("Yes", "Perhaps"), unknown_category="missing"))
    assert [(it.column, it.rule) for it in rows.breaches] == [("Churn", "values")]
    assert rows.dropped == 1


def test_a_target_of_the_wrong_type_is_a_breach_and_not_a_missing_one(project):
    columns = COLUMNS | {"Churn": {"type": "integer"}}
    rows = load(project(CONTENT.replace("Yes", "1"), columns=columns))
    assert [(it.rule, it.count) for it in rows.breaches] == [("type", 2)]
    assert rows.dropped == 1


def test_parts_of_several_files_come_as_a_column(project, tmp_path):
    (tmp_path / "test.csv").write_text("id,tenure,Contract,Churn\n9,1,One year,No\n")
    rows = load(project(source={"kind": "csv", "path": {"train": "telco.csv", "test": "test.csv"}}))
    assert rows.frame.select("part", "_row").rows() == [("train", 1), ("train", 2), ("train", 4), ("test", 5)]
    assert rows.source == "telco.csv and test.csv"


def test_the_name_of_the_row_number_is_taken(project):
    with pytest.raises(ValidationError, match="_row"):
        project(columns=COLUMNS | {"_row": {"type": "integer"}})


def test_hooks_add_derived_columns(project):
    rows = load(project(features=lambda frame: frame.with_columns(twice=pl.col("tenure") * 2)))
    assert rows.frame["twice"].to_list() == [10, 14, 2]
    assert rows.schema.derived == {"twice": column("integer", nullable=True)}
    assert list(rows.schema.inputs) == ["tenure", "Contract", "twice"]


def test_hooks_see_features_only(project):
    seen = []
    load(project(features=lambda frame: seen.extend(frame.columns) or frame))
    assert seen == ["tenure", "Contract"]


def test_hooks_may_not_add_what_the_data_has(project):
    found = problems(lambda: load(project(features=lambda frame: frame.with_columns(Churn=pl.lit(1)))))
    assert found == ["hooks.features adds Churn, which the data has already. Give it another name."]
