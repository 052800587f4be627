"""Equal inputs have an equal run id; what shapes a run changes it, what does not leaves it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.config.load import load
from overture.runtime.errors import Mistake
from overture.runtime.files import sha256
from overture.runtime.runs.inputs import Inputs, environment, fingerprint
from overture.runtime.spec import Spec


@pytest.fixture
def spec(project: Path) -> Spec:
    return load(project).spec


def changed(spec: Spec, change: Callable[[dict], None]) -> Spec:
    written = spec.model_dump(mode="json")
    change(written)
    return Spec.model_validate(written)


@pytest.mark.parametrize(
    "change",
    [
        lambda written: written.update(name="other"),
        lambda written: written.update(seed=7),
        lambda written: written.update(positive="no"),
        lambda written: written["model"]["params"].update(depth=3),
        lambda written: written["split"].update(test=0.3),
        lambda written: written["data"]["columns"]["age"].update(max=99),
        lambda written: written["data"].update(unknown_category="missing"),
        lambda written: written["evaluation"].update(replicates=100),
        lambda written: written["evaluation"].update(objective="roc_auc"),
        lambda written: written["data"].update(columns=dict(reversed(written["data"]["columns"].items()))),
    ],
)
def test_what_shapes_a_run_changes_its_fingerprint(spec: Spec, change: Callable[[dict], None]) -> None:
    assert fingerprint(changed(spec, change)) != fingerprint(spec)


@pytest.mark.parametrize(
    "change",
    [
        lambda written: written.update(description="Who leaves?"),
        lambda written: written.update(threads=2),
        lambda written: written["model"].update(threads=2),
        lambda written: written["data"].update(description="People.", owner="us"),
        lambda written: written["data"]["columns"]["age"].update(description="years since birth"),
        lambda written: written["serving"]["http"].update(port=8080),
        lambda written: written["evaluation"].update(gates=[{"metric": "roc_auc", "min": 0.9}]),
    ],
)
def test_what_does_not_shape_a_run_leaves_its_fingerprint(spec: Spec, change: Callable[[dict], None]) -> None:
    assert fingerprint(changed(spec, change)) == fingerprint(spec)


def test_a_column_may_be_called_description(spec: Spec) -> None:
    def add(written: dict) -> None:
        written["data"]["columns"]["description"] = {"type": "text"}

    def add_another(written: dict) -> None:
        written["data"]["columns"]["description"] = {"type": "category"}

    assert len({fingerprint(spec), fingerprint(changed(spec, add)), fingerprint(changed(spec, add_another))}) == 3


def test_a_run_id_is_twelve_hex_digits_of_all_that_went_in(project: Path, spec: Spec) -> None:
    data = project / "data" / "people.csv"
    (project / "train.py").write_text("print('training')\n")
    inputs = Inputs.of(project, spec, [data])

    assert inputs.data == {"data/people.csv": sha256(data)}
    assert sorted(inputs.code) == ["hooks.py", "train.py"]
    assert inputs.environment == environment()
    assert {"python", "overture", "catboost", "numpy"} <= set(inputs.environment)
    assert len(inputs.run_id) == 12
    assert set(inputs.run_id) <= set("0123456789abcdef")

    ids = {inputs.run_id}
    data.write_text(data.read_text() + "401,30,Oslo,,no\n")
    ids.add(Inputs.of(project, spec, [data]).run_id)
    (project / "hooks.py").write_text("# changed\n")
    ids.add(Inputs.of(project, spec, [data]).run_id)
    assert len(ids) == 3


def test_the_package_of_a_family_is_part_of_the_environment(project: Path, spec: Spec) -> None:
    def use(written: dict) -> None:
        written["model"] = {"kind": "blend", "members": {"a": {"kind": "lightgbm"}, "b": {"kind": "catboost"}}}

    files = [project / "data" / "people.csv"]
    assert "lightgbm" in Inputs.of(project, changed(spec, use), files).environment
    assert "lightgbm" not in Inputs.of(project, spec, files).environment


def test_a_project_may_move_and_keep_its_run_ids(project: Path, spec: Spec) -> None:
    before = Inputs.of(project, spec, [project / "data" / "people.csv"])
    moved = project.rename(project.parent / "elsewhere")

    assert Inputs.of(moved, spec, [moved / "data" / "people.csv"]) == before


def test_a_file_outside_the_project_is_keyed_as_it_is_written(project: Path, spec: Spec) -> None:
    outside = project.parent / "people.csv"
    outside.write_text("id\n1\n")

    assert list(Inputs.of(project, spec, [project / "../people.csv"]).data) == ["../people.csv"]
    assert list(Inputs.of(project, spec, [outside]).data) == [outside.as_posix()]


def test_all_files_that_cannot_be_read_are_told_at_once(project: Path, spec: Spec) -> None:
    with pytest.raises(Mistake) as told:
        Inputs.of(project, spec, [project / "a.csv", project / "b.csv"])

    assert [problem.what.split()[0] for problem in told.value.problems] == ["a.csv", "b.csv"]
    assert told.value.problems[0].path == ("data", "sources", "people", "path")


def test_inputs_are_plain_json(project: Path, spec: Spec) -> None:
    from dataclasses import asdict

    inputs = Inputs.of(project, spec, [])

    assert Inputs(**json.loads(json.dumps(asdict(inputs)))).run_id == inputs.run_id


def test_rows_of_a_database_are_an_input_without_its_address(
    project: Path, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_database(written: dict) -> None:
        written["data"]["sources"] = {
            "people": {"kind": "sql", "connection_env": "CRM", "query": "select id from people"}
        }

    database = sqlite3.connect(project / "secret.db")
    database.execute("CREATE TABLE people AS SELECT 1 AS id")
    database.commit()
    monkeypatch.setenv("CRM", "sqlite:///secret.db")
    stored = changed(spec, from_database)
    before = Inputs.of(project, stored, [])
    assert before.data.keys() == {"people.query", "people.rows"}
    assert "secret.db" not in str(before)
    assert Inputs.of(project, stored, []) == before
    database.execute("INSERT INTO people VALUES (2)")
    database.commit()
    database.close()
    assert Inputs.of(project, stored, []).run_id != before.run_id
    monkeypatch.delenv("CRM")
    with pytest.raises(Mistake) as told:
        Inputs.of(project, stored, [])
    assert told.value.problems[0].path == ("data", "sources", "people", "connection_env")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot hold a process to some cores")
def test_a_process_that_is_held_to_one_core_has_one_thread() -> None:
    before = os.sched_getaffinity(0)
    assert environment()["threads"] == str(len(before))
    os.sched_setaffinity(0, {min(before)})
    try:
        assert environment()["threads"] == "1"
        assert environment(3)["threads"] == "3"
    finally:
        os.sched_setaffinity(0, before)
