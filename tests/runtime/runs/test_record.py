"""A run is kept whole or not at all, and whatever is done to its files afterwards is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from overture.runtime.errors import Mistake
from overture.runtime.files import TEMPORARY, sha256
from overture.runtime.project import Project
from overture.runtime.runs.run import Run
from overture.runtime.runs.store import finished, runs

HOLDS = [
    "card.md",
    "config.yaml",
    "explanations.json",
    "manifest.json",
    "model/model.cbm",
    "packages.txt",
    "predictions.parquet",
]
HOLDS += ["report.html", "run.json", "schema.json"]


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_run_holds_all_there_is_to_know(run: Run, project: Path) -> None:
    facts = run.facts

    assert sorted(files(run.folder)) == HOLDS
    assert run.folder == project / "runs" / run.id
    assert (run.name, run.task, run.model) == ("churn", "binary", "catboost")
    assert run.objective == facts["metrics"]["log_loss"]["value"]
    assert facts["metrics"]["log_loss"]["low"] < run.objective < facts["metrics"]["log_loss"]["high"]
    assert facts["model"]["params"]["iterations"] == 20
    assert facts["model"]["rounds"] <= 20
    assert facts["seeds"] == {"project": 42, "split": 42, "model": 42}
    assert sum(facts["rows"].values()) == facts["data"]["read"] == 400
    assert facts["data"]["missing"] == {"income": 36}
    assert facts["baseline_label"] == 'always "no"'
    assert set(facts["durations"]) >= {"load", "split", "fit", "evaluate"}
    assert facts["inputs"]["data"] == {"data/people.csv": sha256(project / "data" / "people.csv")}
    predictions = pl.read_parquet(run.folder / "predictions.parquet")
    assert predictions.height == facts["rows"]["test"]
    assert run.schema().classes == ["no", "yes"]


def test_a_run_with_folds_keeps_what_each_of_them_said(project: Path, train: Callable[..., Run]) -> None:
    run = train(project, "split=stratified", "split.folds=4")
    folds = run.facts["folds"]

    assert sorted(files(run.folder)) == sorted([*HOLDS, "out_of_fold.parquet"])
    assert set(folds["metrics"]) == set(run.facts["metrics"])
    loss = folds["metrics"]["log_loss"]
    assert len(loss["folds"]) == len(folds["learned"]) == len(folds["rounds"]) == 4
    assert loss["mean"] == pytest.approx(np.mean(loss["folds"]))
    assert loss["deviation"] == pytest.approx(np.std(loss["folds"], ddof=1))
    assert loss["low"] < loss["mean"] < loss["high"]
    kept = pl.read_parquet(run.folder / "out_of_fold.parquet")
    tested = pl.read_parquet(run.folder / "predictions.parquet")
    assert kept["fold"].value_counts().sort("fold")["count"].to_list() == folds["held"]
    assert sorted([*kept["_row"], *tested["_row"]]) == list(range(1, 401))
    assert kept.columns == [*tested.columns, "fold"]


def test_a_run_says_every_baseline_the_best_first(project: Path, train: Callable[..., Run]) -> None:
    file = project / "conf" / "data" / "people.yaml"
    file.write_text(file.read_text().replace("key: id", "time: id"))

    facts = train(project, "split=time", "split.series=city").facts

    assert [it["name"] for it in facts["baselines"]] == ["dummy", "last value"]
    assert [it["label"] for it in facts["baselines"]] == ['always "no"', "the last left of each city"]
    losses = [it["metrics"]["log_loss"] for it in facts["baselines"]]
    assert losses == sorted(losses)
    assert (facts["baseline_label"], facts["baseline"]) == ('always "no"', facts["baselines"][0]["metrics"])


def test_the_manifest_has_the_hash_of_every_other_file(run: Run) -> None:
    content = json.loads((run.folder / "manifest.json").read_text())

    found = files(run.folder)
    assert run.manifest_sha256 == found.pop("manifest.json")
    assert content["files"] == found
    assert list(content["files"]) == sorted(content["files"])
    run.verify()
    run.verify(run.manifest_sha256)


def test_the_model_comes_back_as_it_was(run: Run, project: Path) -> None:
    kept = pl.read_parquet(run.folder / "predictions.parquet")
    people = pl.read_csv(project / "data" / "people.csv").with_row_index("_row", 1)
    asked = kept.select(pl.col("_row").cast(pl.UInt32)).join(people, on="_row", maintain_order="left")

    predicted = run.load_model(run.manifest_sha256).predict(asked)

    assert np.array_equal(predicted[:, 1], kept["probability: yes"].to_numpy())


def test_equal_inputs_leave_equal_bytes_but_for_the_clock(
    run: Run, project: Path, train: Callable[..., Run], tmp_path: Path
) -> None:
    kept = run.folder.rename(tmp_path / run.id)
    again = train(project)

    def timeless(folder: Path) -> dict[str, object]:
        facts = json.loads((folder / "run.json").read_text())
        return {**facts, "created": "", "durations": {}}

    assert again.id == run.id
    assert timeless(kept) == timeless(again.folder)
    of_the_clock = {"run.json", "report.html", "card.md", "manifest.json"}
    before, after = files(kept), files(again.folder)
    assert {name for name in before if before[name] != after[name]} <= of_the_clock


def test_training_the_same_again_finds_the_run_that_is_there(run: Run, project: Path) -> None:
    again = finished(project, run.id)

    assert again == run
    assert finished(project, "0" * 12) is None


def test_of_two_trainings_side_by_side_the_first_to_end_wins(project: Path, train: Callable[..., Run]) -> None:
    first = train(project)
    before = files(first.folder)

    assert train(project) == first
    assert files(first.folder) == before
    assert [path.name for path in (project / "runs").iterdir()] == [first.id]


@pytest.mark.slow
def test_many_trainings_at_once_leave_one_whole_run(project: Path) -> None:
    script = "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import conftest; conftest.train(pathlib.Path(sys.argv[2]))"
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(project)]
    with ThreadPoolExecutor(2) as side_by_side:
        ended = list(side_by_side.map(lambda _: subprocess.run(command, capture_output=True, text=True), range(2)))

    assert [process.stderr for process in ended] == ["", ""]
    assert len(runs(project)) == 1
    runs(project)[0].verify()
    assert not list((project / "runs").glob(f"{TEMPORARY}*"))


def test_a_project_in_git_has_its_commit_in_the_run(project: Path, train: Callable[..., Run]) -> None:
    def git(*words: str) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        return subprocess.run(["git", *who, *words], cwd=project, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    (project / ".gitignore").write_text("runs/\n__pycache__/\n")
    git("add", ".")
    git("commit", "-q", "-m", "Begin")
    clean = train(project).facts["git"]
    (project / "notes.txt").write_text("unfinished\n")
    dirty = train(project, "seed=1").facts["git"]

    assert clean == {"commit": git("rev-parse", "HEAD").strip(), "dirty": False}
    assert dirty == {**clean, "dirty": True}


def test_no_secret_of_the_environment_is_kept(
    project: Path, train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHURN_SECRET", "xyzzy-4711")
    asked = "asks ${oc.env:CHURN_SECRET}"
    run = train(project, f"description='{asked}'", f"data.description='{asked}'")

    holders = [path for path in run.folder.rglob("*") if path.is_file() and b"xyzzy-4711" in path.read_bytes()]
    assert [path.name for path in holders] == []
    assert run.facts["description"] == asked


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", [name for name in HOLDS if name != "manifest.json"])
def test_every_changed_file_is_noticed(run: Run, name: str) -> None:
    _flip(run.folder / name)

    with pytest.raises(Mistake, match=f"{run.id}/{name} was changed") as told:
        run.verify()
    assert "train again" in told.value.problems[0].hint
    with pytest.raises(Mistake):
        run.load_model()


def test_missing_foreign_and_linked_files_are_told_together(run: Run) -> None:
    (run.folder / "card.md").unlink()
    (run.folder / "model" / "more.bin").write_text("")
    (run.folder / "config.yaml").rename(run.folder.parent / "config.yaml")
    (run.folder / "config.yaml").symlink_to(run.folder.parent / "config.yaml")
    (run.folder / "elsewhere").symlink_to(run.folder.parent, target_is_directory=True)

    with pytest.raises(Mistake) as told:
        run.verify()

    assert [problem.what.removeprefix(f"runs/{run.id}/") for problem in told.value.problems] == [
        "card.md is missing.",
        "config.yaml is a link; a run holds files only.",
        "elsewhere is a link; a run holds files only.",
        "model/more.bin does not belong to the run.",
    ]


def test_a_manifest_made_to_fit_is_not_the_one_that_was_promoted(run: Run) -> None:
    promoted = run.manifest_sha256
    _flip(run.folder / "model" / "model.cbm")
    content = json.loads((run.folder / "manifest.json").read_text())
    content["files"]["model/model.cbm"] = sha256(run.folder / "model" / "model.cbm")
    (run.folder / "manifest.json").write_text(json.dumps(content))

    run.verify()
    with pytest.raises(Mistake, match="not the one that was promoted"):
        run.load_model(promoted)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"run": 1, "files": []}', "nonsense"])
def test_a_damaged_manifest_is_a_mistake_told_in_a_sentence(run: Run, content: str) -> None:
    (run.folder / "manifest.json").write_text(content)

    with pytest.raises(Mistake, match=r"manifest\.json is missing or damaged"):
        run.verify()
    with pytest.raises(Mistake):
        Run.open(run.folder)


def test_the_run_of_changed_inputs_is_not_taken_for_finished(run: Run, project: Path) -> None:
    _flip(run.folder / "predictions.parquet")

    with pytest.raises(Mistake, match="delete runs/"):
        Project.open(project, ["model.params.iterations=20", "evaluation.replicates=40"]).finished()
