"""A run is followed back to its data, which is what it was or is not, and on to where it served."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import polars as pl
import pytest

from overture.runtime.errors import Mistake
from overture.runtime.files import sha256
from overture.runtime.lineage.chain import lineage, periods
from overture.runtime.lineage.rows import content, content_named
from overture.runtime.runs.ledger import PROMOTED, ROLLED_BACK, Entry
from overture.runtime.runs.promote import promote
from overture.runtime.runs.run import Run

from ...conftest import DATA, people
from ..runs.conftest import train


def states(run: Run, root: Path, **how: bool) -> dict[str, str]:
    return {it.name: it.today for origin in lineage(root, run, **how).origins for it in origin.inputs}


def described(root: Path, source: str) -> None:
    (root / "conf" / "data" / "people.yaml").write_text(DATA.replace("{kind: csv, path: data/people.csv}", source))


def test_a_file_is_what_it_was_or_changed_or_gone(run: Run, project: Path) -> None:
    file = project / "data" / "people.csv"

    assert states(run, project) == {"data/people.csv": "unchanged"}
    text = file.read_text()
    file.write_text(text + "401,30,Oslo,,no\n")
    assert states(run, project) == {"data/people.csv": "changed"}
    assert states(run, project, look=False) == {"data/people.csv": "not looked at"}
    file.unlink()
    assert states(run, project) == {"data/people.csv": "gone"}
    file.write_text(text)
    assert states(run, project) == {"data/people.csv": "unchanged"}


def test_a_file_that_fits_a_pattern_only_now_is_new(project: Path) -> None:
    described(project, '{kind: csv, path: "data/*.csv"}')
    run = train(project)
    (project / "data" / "more.csv").write_text(people(3))

    assert states(run, project) == {"data/people.csv": "unchanged", "data/more.csv": "new"}


def test_rows_of_a_database_are_looked_at_and_why_not_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(project / "secret.db") as database:
        rows = pl.read_csv(project / "data" / "people.csv")
        database.execute('CREATE TABLE people (id, age, city, income, "left")')
        database.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", rows.rows())
    monkeypatch.setenv("CRM", "sqlite:///secret.db")
    described(project, "{kind: sql, connection_env: CRM, query: select * from people order by id}")
    run = train(project)

    assert states(run, project) == {"query": "unchanged", "rows": "unchanged"}
    with sqlite3.connect(project / "secret.db") as database:
        database.execute("UPDATE people SET age = 77 WHERE id = 5")
    database.close()
    assert states(run, project) == {"query": "unchanged", "rows": "changed"}
    monkeypatch.delenv("CRM")
    (origin,) = lineage(project, run).origins
    assert {it.today for it in origin.inputs} == {"unknown"}
    assert "CRM" in origin.inputs[0].why
    assert "secret.db" not in json.dumps(lineage(project, run).as_dict())


def test_the_same_rows_in_other_files_are_known_as_the_same(run: Run, project: Path) -> None:
    rows = pl.read_csv(project / "data" / "people.csv").sample(fraction=1, shuffle=True, seed=1)
    for i, part in enumerate(rows.iter_slices(40)):
        part.write_parquet(project / "data" / f"{i}.parquet")
    described(project, '{kind: parquet, path: "data/*.parquet"}\ncontent: true')
    again = train(project)

    assert again.id != run.id
    assert "content" not in run.facts["data"]
    assert again.facts["data"]["content"] == content(run, project)
    assert content_named("now", project)[1] == content(run, project)
    rows.head(-1).write_parquet(project / "data" / "0.parquet")
    assert content_named("now", project)[1] != content(again, project)
    assert content(again, project) == again.facts["data"]["content"]
    (project / "data" / "people.csv").unlink()
    with pytest.raises(Mistake, match=r"data/people\.csv is gone"):
        content(run, project)


def test_a_fingerprint_of_rows_does_not_make_another_run(run: Run, project: Path) -> None:
    described(project, "{kind: csv, path: data/people.csv}\ncontent: true")

    assert train(project).id == run.id


def test_model_and_contract_are_there_by_their_hashes_and_damage_is_said(run: Run, project: Path) -> None:
    model = run.folder / "model" / "model.cbm"
    found = lineage(project, run)

    assert found.files == {"model/model.cbm": sha256(model), "schema.json": sha256(run.folder / "schema.json")}
    assert found.as_dict()["run"]["whole"]
    model.write_bytes(model.read_bytes() + b" ")
    assert lineage(project, run).damage == (f"runs/{run.id}/model/model.cbm was changed after the run was recorded.",)


def entry(at: int, run: str, action: str = PROMOTED) -> Entry:
    return Entry(f"2026-01-0{at}T00:00:00Z", "ann", action, "churn", run, "", f"reason {at}")


def test_times_in_production_are_told_by_the_ledger() -> None:
    ledger = [entry(1, "a"), entry(2, "b"), entry(3, "a"), entry(4, "a"), entry(5, "b"), entry(6, "a", ROLLED_BACK)]

    def told(run: str) -> list[tuple[str, str | None, str]]:
        return [(it.since[8:10], it.until and it.until[8:10], it.why) for it in periods(ledger, run)]

    assert told("a") == [("01", "02", "reason 1"), ("03", "05", "reason 3"), ("06", None, "reason 6")]
    assert told("b") == [("02", "03", "reason 2"), ("05", "06", "reason 5")]
    assert told("c") == []


def test_the_service_is_that_of_today_and_bentos_are_found(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "store"))
    config = project / "conf" / "config.yaml"
    config.write_text(config.read_text().replace("serving: [http, batch]", "serving: [http]"))
    for version, label in (("1", run.id), ("2", "another")):
        folder = tmp_path / "store" / "bentos" / "churn" / version
        folder.mkdir(parents=True)
        (folder / "bento.yaml").write_text(f"name: churn\nlabels:\n  run: {label}\n")
    (tmp_path / "store" / "bentos" / "churn" / "3").mkdir()

    found = lineage(project, run)

    assert list(found.targets) == ["http"]
    assert found.bentos == ("churn:1",)


def test_the_command_says_it_all_and_whether_rows_are_the_same(
    run: Run, project: Path, overture: Callable[..., CompletedProcess[str]]
) -> None:
    promote(project, [], run)

    said = overture("lineage", "best", "--same-as", "now", cwd=project)

    assert said.returncode == 0, said.stderr
    kinds = [line.split()[0] for line in said.stdout.splitlines() if line[:1].strip()]
    assert kinds == ["data", "contract", "split", "run", "model", "production", "service", run.id]
    assert (
        f"people: data/people.csv  sha256 {run.facts['inputs']['data']['data/people.csv'][:12]}  unchanged"
        in said.stdout
    )
    assert f"content {content(run, project)}" in said.stdout
    assert "now, since 20" in said.stdout

    (project / "data" / "people.csv").write_text(people(399))
    described(project, "{kind: csv, path: data/people.csv}\ncontent: true")
    train(project)
    other = overture("lineage", run.id, "--same-as", "now", "--json", cwd=project)
    recorded = overture("lineage", run.id, "--recorded", "--json", cwd=project)
    both = overture("lineage", run.id, "--recorded", "--content", cwd=project)

    assert other.returncode == 2
    assert "data/people.csv is changed" in other.stderr
    assert json.loads(recorded.stdout)["data"]["sources"][0]["inputs"][0]["today"] == "not looked at"
    assert (both.returncode, "Leave one of them out" in both.stderr) == (2, True)
