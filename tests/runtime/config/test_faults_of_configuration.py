"""Every fault of the configuration names its file and line, says what was expected and suggests the right word."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from overture.runtime.config.load import load
from overture.runtime.data.dataset import Dataset
from overture.runtime.data.source import SOURCES
from overture.runtime.errors import Mistake
from overture.runtime.form import hides
from overture.runtime.model import MODELS
from overture.runtime.spec import Spec
from overture.runtime.splitting import SPLITS
from overture.runtime.stated import Stated
from overture.runtime.terminal import problem_lines

Make = Callable[..., Path]


def faults(root: Path, *overrides: str) -> list[str]:
    with pytest.raises(Mistake) as raised:
        load(root, overrides)
    return problem_lines(raised.value.problems)


def edit(root: Path, name: str, old: str, new: str) -> None:
    path = root / "conf" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_sound_project_has_no_fault(make_project: Make) -> None:
    spec = load(make_project()).spec

    assert (spec.name, spec.task, list(spec.contract.features)) == ("churn", "binary", ["age", "city", "income"])


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("config.yaml", "seed: 42", "sed: 42", 'conf/config.yaml:14   sed: there is no such key. Did you mean "seed"?'),
        (
            "data/people.yaml",
            "nullable: true",
            "nulable: true",
            'conf/data/people.yaml:9   columns.income.nulable: there is no such key. Did you mean "nullable"?',
        ),
        (
            "data/people.yaml",
            "min: 0, max: 120",
            "min: 0, mx: 120",
            'conf/data/people.yaml:7   columns.age.mx: there is no such key. Did you mean "max"?',
        ),
        (
            "data/people.yaml",
            "kind: csv, path",
            "kind: cvs, path",
            'conf/data/people.yaml:3   sources.people.kind: no source kind is called "cvs". Did you mean "csv"?',
        ),
        (
            "data/people.yaml",
            "type: number",
            "type: numbr",
            'conf/data/people.yaml:9   columns.income.type: no column type is called "numbr". Did you mean "number"?',
        ),
        (
            "config.yaml",
            "target: left",
            "target: lft",
            'conf/config.yaml:12   target: data.columns has no "lft". Did you mean "left"?',
        ),
        (
            "config.yaml",
            "task: binary",
            "task: binry",
            "conf/config.yaml:11   task: must be binary, multiclass or regression",
        ),
        ("config.yaml", "seed: 42", "seed: ten", 'conf/config.yaml:14   seed: must be a whole number, not "ten".'),
        (
            "config.yaml",
            'positive: "yes"',
            "positive: yes",
            'conf/config.yaml:13   positive: YAML reads yes as true. Quote it: "yes".',
        ),
        (
            "data/people.yaml",
            '["no", "yes"]',
            '[no, "yes"]',
            'conf/data/people.yaml:10   columns.left.values[0]: YAML reads no as false. Quote it: "no".',
        ),
        (
            "data/people.yaml",
            "key: id",
            "key: idd",
            'conf/data/people.yaml:4   key: data.columns has no "idd". Did you mean "id"?',
        ),
        (
            "config.yaml",
            "override split: random",
            "override splitt: random",
            'conf/config.yaml:6   splitt: there is no such group. Did you mean "split"?',
        ),
        (
            "config.yaml",
            "override model: logistic",
            "override model: logistc",
            'conf/config.yaml:5   model: there is no conf/model/logistc.yaml. Did you mean "logistic"? (checked with "logistic")',
        ),
        (
            "config.yaml",
            "override data: people",
            "override data: peple",
            'conf/config.yaml:4   data: there is no conf/data/peple.yaml. Did you mean "people"? (checked with "people")',
        ),
        (
            "config.yaml",
            "name: churn",
            "name: Churn Model",
            "conf/config.yaml:10   name: must be lower-case letters, digits and dashes",
        ),
        (
            "data/people.yaml",
            "min: 0, max: 120",
            "min: 120, max: 0",
            "conf/data/people.yaml:7   columns.age: min (120) is greater than max (0).",
        ),
        (
            "data/people.yaml",
            "key: id",
            "key: id\nkey: id",
            "conf/data/people.yaml:5   key: this key stands here twice.",
        ),
        ("data/people.yaml", "columns:", "columns: [", "conf/data/people.yaml:7   this is not YAML"),
    ],
)
def test_a_fault_is_told_with_its_place(make_project: Make, file: str, old: str, new: str, expected: str) -> None:
    root = make_project()
    edit(root, file, old, new)

    lines = faults(root)

    assert len(lines) == 1
    assert " ".join(lines[0].split()).startswith(" ".join(expected.split()))


def test_all_faults_come_at_once(make_project: Make) -> None:
    root = make_project()
    edit(root, "config.yaml", "seed: 42", "seed: ten\nmodle: x")
    edit(root, "config.yaml", "override data: people", "override data: peple")
    edit(root, "data/people.yaml", "nullable: true", "nulable: true")

    lines = faults(root)

    assert len(lines) == 4


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "model=logistc",
            'command line   model=logistc: there is no conf/model/logistc.yaml. Did you mean "logistic"?',
        ),
        ("modle=logistic", 'command line   modle=logistic: there is no such key. Did you mean "model"?'),
        ("model.param.max_iter=3", 'command line   model.param: there is no such key. Did you mean "params"?'),
        ("split.tset=0.3", 'command line   split.tset: there is no such key. Did you mean "test"?'),
        ("seed=ten", 'command line   seed: must be a whole number, not "ten".'),
        ("split.test=1.5", "command line   split.test: must be less than 1"),
        ("split.folds=1", "command line   split.folds: must be 2 or more, not 1."),
        ("a=b=c", "command line   a=b=c: "),
        ("model=logistic,ridge", "command line   model=logistic,ridge: "),
    ],
)
def test_a_wrong_override_is_told(make_project: Make, override: str, expected: str) -> None:
    lines = faults(make_project(), override)

    assert len(lines) == 1
    assert lines[0].startswith(expected)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("citi", 'command line   split.series: data.columns has no "citi". Did you mean "city"?'),
        ("left", "command line   split.series: left is the target; a series is what a row is about."),
        ("id", "command line   split.series: id is the time; a series is what a row is about."),
    ],
)
def test_a_series_is_a_column_of_its_own(make_project: Make, series: str, expected: str) -> None:
    root = make_project()
    edit(root, "data/people.yaml", "key: id", "time: id")

    assert faults(root, "split=time", f"split.series={series}") == [expected]


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("model.params.max_iter=77", 77),
        ("model.class_weight=balanced", "balanced"),
        ("model.seed=3", 3),
        ("split.seed=4", 4),
        ("split.folds=2", 2),
        ("data.timezone=UTC", "UTC"),
        ("data.checks.rows.min=5", 5),
        ("evaluation.slices=[city]", ["city"]),
        ("serving.http.errors=terse", "terse"),
        ("tracking.mlflow.uri_env=WHERE", "WHERE"),
    ],
)
def test_the_command_line_may_say_what_no_file_does(make_project: Make, override: str, value: object) -> None:
    found: object = load(make_project(), [override]).spec.model_dump()
    for part in override.partition("=")[0].split("."):
        assert isinstance(found, dict)
        found = found[part]

    assert found == value


def test_a_mandatory_value_that_is_still_open_is_told(make_project: Make) -> None:
    root = make_project()
    edit(root, "config.yaml", "override split: random", "override split: group")

    assert any("split" in line and "column" in line and "???" in line for line in faults(root))


def test_a_missing_environment_variable_is_told(make_project: Make) -> None:
    root = make_project()
    edit(root, "data/people.yaml", "path: data/people.csv", "path: '${oc.env:NOBODY_SET_THIS}'")

    lines = faults(root)

    assert len(lines) == 1
    assert lines[0].startswith("conf/data/people.yaml:3")
    assert "NOBODY_SET_THIS" in lines[0]


def test_a_folder_that_is_no_project_is_told(tmp_path: Path) -> None:
    assert "there is no conf/config.yaml" in " ".join(faults(tmp_path)).lower()


def test_no_secret_reaches_the_composed_text(make_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNER_OF_DATA", "hush-hush")
    root = make_project()
    edit(root, "data/people.yaml", "key: id", "key: id\nowner: ${oc.env:OWNER_OF_DATA}")

    loaded = load(root)

    assert loaded.spec.data.owner == "hush-hush"
    assert "hush-hush" not in loaded.text


def test_a_split_by_time_without_a_time_is_one_fault(make_project: Make) -> None:
    found = faults(make_project(), "split=time")

    assert len(found) == 1
    assert "a split by time needs to know the time of a row" in found[0]


def test_a_value_taken_from_a_key_that_is_not_there_is_told(make_project: Make) -> None:
    root = make_project()
    edit(root, "config.yaml", "seed: 42", "seed: ${sead}")

    (found,) = faults(root)

    assert found.endswith("seed: takes its value from sead, and there is no such key.")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            '{kind: csv, path: a.csv, delimiter: ""}',
            'delimiter: must be one character, but no double quote and no line end, not "".',
        ),
        ("{kind: csv, path: a.csv, quote: ab}", 'quote: must be one ASCII character, and no blank, not "ab".'),
        ('{kind: csv, path: a.csv, decimal: ";"}', 'decimal: must be "." or ",", not ";".'),
        ("{kind: csv, path: a.csv, header: false}", "header: must be true or a list, not false."),
        ("{kind: csv, path: {train: a.csv, test: 7}}", "path.test: must be text, not 7."),
        (
            "{kind: jsonl, path: a, encoding: utf-9}",
            'encoding: there is no encoding "utf-9"; common ones are utf-8, latin-1, cp1252, utf-16.',
        ),
        ("{kind: python, function: my-rows}", 'function: must be the name of a function, not "my-rows".'),
        (
            "{kind: iceberg, table: usage, connection_env: LAKE}",
            'table: must be a namespace and a name, as crm.usage, not "usage".',
        ),
        (
            "{kind: csv, path: a.csv, units: [$, '1 kg']}",
            'units[1]: must be a unit without blanks, digits and signs of numbers, as $ or %, not "1 kg".',
        ),
        (
            "{kind: csv, path: 'a${x'}",
            "path: what begins with ${ cannot be read. Write it as ${key} or ${oc.env:NAME}, or \\${ where no value is meant to be put in.",
        ),
    ],
)
def test_a_fault_of_a_source_is_told_with_what_is_expected(make_project: Make, source: str, expected: str) -> None:
    root = make_project()
    edit(root, "data/people.yaml", "{kind: csv, path: data/people.csv}", source)

    assert faults(root) == [f"conf/data/people.yaml:3   sources.people.{expected}"]


ADDRESSES = [
    "postgresql://me:hunter2@host/db",
    "host=db user=me password=hunter2",
    "Server=db;Uid=me;Pwd=hunter2;",
    "me/hunter2@db",
    "hunter2-",
    "x=${hunter2}",
    "x=${hunter2",
    "hunter2,b c",
    '"hunter2',
    "{x: hunter2@[",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_place_of_the_name_of_a_variable_is_never_repeated(make_project: Make, address: str) -> None:
    root = make_project()
    for override in ("data.sources.people.connection_env", "+serving.http.auth.keys_env", "tracking.mlflow.uri_env"):
        (found,) = faults(root, f"{override}={address}")
        assert found.startswith(
            f"command line   {override.lstrip('+')}: must be the name of an environment variable, as CRM_DATABASE. What stands here is not shown"
        )
    for name, text in {"people": f"'{address}'", "list": f"['{address}']", "map": f"{{password: '{address}'}}"}.items():
        written = root.parent / name
        shutil.copytree(root, written)
        edit(written, "data/people.yaml", "{kind: csv, path: data/people.csv}",
             f"{{kind: sql, table: t, connection_env: {text}}}")  # fmt: skip
        found = " ".join(faults(written))
        assert "conf/data/people.yaml:3   sources.people.connection_env" in found
        assert "hunter2" not in found


@pytest.mark.parametrize(
    "override",
    [
        "data.sources.people={kind:sql,table:t,connection_env:postgresql://u:hunter2@h/db?sslmode=require}",
        "data.sources.people={kind:sql,table:t,connection_env:host=db password=hunter2}",
        "data.sources.people={kind:sql,table:t,connection_env:hunter2-}",
        "data.sources.people.connection_env:postgresql://u:hunter2@h",
        "data.sources.people.connection_env =postgresql://u:hunter2@h",
        "data.sources.people.connection=host=hunter2",
        "data.sources.people.url=postgresql://u:hunter2@h?x",
        "+data.sources.new={kind:sql,connection_env:hunter2 x}",
    ],
)
def test_an_override_that_cannot_be_read_repeats_no_address(make_project: Make, override: str) -> None:
    found = " ".join(faults(make_project(), override))
    assert "hunter2" not in found
    assert "data.sources." in found


def test_names_that_people_choose_are_no_variables(make_project: Make) -> None:
    root = make_project()
    data = load(root, ["+data.derive.cost_env=age*2", "+data.columns.hash_key={type:number}"]).spec.data
    assert data.derive["cost_env"] == "age*2"
    assert data.columns["hash_key"].type == "number"


def test_a_name_of_a_variable_is_taken_from_the_command_line(make_project: Make) -> None:
    root = make_project()
    edit(root, "data/people.yaml", "{kind: csv, path: data/people.csv}", "{kind: sql, table: t, connection_env: A}")

    spec = load(root, ["data.sources.people.connection_env='B_2'"]).spec

    assert spec.data.sources["people"].connection_env == "B_2"  # type: ignore[attr-defined]


def test_every_pattern_is_told_in_words_and_every_name_of_a_variable_is_hidden() -> None:
    patterns: list[str] = []
    names = []

    def walk(node: Any, key: str = "") -> None:
        if isinstance(node, list):
            for item in node:
                walk(item, key)
        elif isinstance(node, dict):
            if "pattern" in node and isinstance(node["pattern"], str):
                patterns.append(node["pattern"])
                assert node["patternErrorMessage"].startswith("must be "), key
                if "environment variable" in node["patternErrorMessage"]:
                    names.append(key)
            for pattern in node.get("patternProperties", ()):
                patterns.append(pattern)
                assert node["propertyNames"]["patternErrorMessage"].startswith("must be "), key
            for inner, value in node.items():
                walk(value, inner if inner not in ("anyOf", "items") else key)

    for found in (Spec, MODELS.union(), SPLITS.union(), SOURCES.union(), Dataset, Stated):
        walk(TypeAdapter(found).json_schema())

    assert {r"^\d{1,9}[wdhms]$", r"^[^\d\s.,+-]+$", r"^[a-z][a-z0-9_]*$"} < {*patterns}
    assert {"connection_env", "uri_env", "keys_env", "key_env", "hash_key"} == {*names}
    assert all(hides(name) for name in names)
