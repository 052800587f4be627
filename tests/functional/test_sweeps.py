"""Sweeps: data is loaded once, a job that fails is counted wherever it ran, and jobs side by side share the cores."""

import contextlib
import json
import os
import pty
import subprocess

import polars as pl
import pytest
import yaml

from overture.generator.project import regenerate
from overture.runtime import parts
from overture.runtime.cores import cores
from overture.runtime.data.once import remembering
from overture.runtime.data.rows import load as rows
from overture.runtime.project import Project
from overture.runtime.runs.store import runs
from overture.runtime.sweeps.sweep import find

from ..conftest import SOAK
from .conftest import Terminal

SWEEP = ["model=logistic", "evaluation.replicates=20", "model.params.C=1,2,none"]
SIDE_BY_SIDE = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
DIES_ONCE = """
import os
from pathlib import Path


def features(frame):
    mark = Path(__file__).parent / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), 9)
    return frame
"""


@pytest.fixture
def sweep(make_project):
    root = make_project()
    regenerate(root)

    def run(*words):
        return root, Terminal(root)("python", "train.py", "-m", *SWEEP, *words, code=2)

    return run


def test_data_is_loaded_once_and_a_failure_ends_nothing(sweep):
    root, said = sweep()

    assert said.count("200 rows from people.csv") == 2
    assert said.count("as in the job before") == 1
    assert "This job failed: model=logistic" in said
    assert "1 job failed; the reasons stand above." in said
    assert len(runs(root)) == 2
    assert all(f"\n{run.id}  logistic" in said for run in runs(root))


def test_jobs_side_by_side_share_the_cores_and_are_counted_too(sweep):
    root, said = sweep("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")

    assert "1 job failed; the reasons stand above." in said
    assert len(runs(root)) == 2
    assert all(f"\n{run.id}  logistic" in said for run in runs(root))
    for run in runs(root):
        config = yaml.safe_load((run.folder / "config.yaml").read_text())
        assert config["threads"] == max(1, cores() // 2)
        assert json.loads((run.folder / "run.json").read_text())["inputs"]["environment"]["threads"] == str(
            config["threads"]
        )


def test_what_changed_is_loaded_again(make_project):
    root = make_project()
    file = root / "data" / "people.csv"
    project = Project.open(root)

    with remembering():
        first = rows(project.data)
        parts.split(first, project.split)
        assert rows(project.data) is first
        assert first.frame["_row"].is_sorted()
        assert rows(Project.open(root, ["seed=3"]).data) is first
        assert rows(Project.open(root, ["data.columns.age.max=200"]).data) is not first
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:-10]))
        assert rows(project.data).read == first.read - 10

    assert rows(project.data) is not rows(project.data)


def test_jobs_that_split_alike_have_the_same_parts_whatever_one_does_with_its_own(make_project, monkeypatch):
    project = Project.open(make_project())
    split, other = project.split, Project.open(project.root, ["split.seed=7"]).split
    alone = parts.split(rows(project.data), split)
    looked = []
    monkeypatch.setattr(parts, "leaks", lambda *given: looked.append(given) or [])

    with remembering():
        shared = rows(project.data)
        first = parts.split(shared, split)
        first.train.insert_column(0, pl.Series("mine", [1] * first.train.height))
        again = parts.split(rows(project.data), split)
        assert len(looked) == 1
        assert not parts.split(shared, other).test.equals(first.test)
        assert len(looked) == 2

    for name in ("train", "valid", "test"):
        assert getattr(again, name).equals(getattr(alone, name))
    assert again.schema == alone.schema
    parts.split(shared, split)
    assert len(looked) == 3


def test_a_job_whose_process_dies_is_tried_alone_and_the_others_go_on(make_project):
    root = make_project()
    (root / "hooks.py").write_text(DIES_ONCE)
    regenerate(root)

    said = Terminal(root)("python", "train.py", "-m", *SWEEP[:2], "model.params.C=1,2,3", *SIDE_BY_SIDE)

    assert (root / "died").exists()
    assert len(runs(root)) == 3
    assert "failed" not in said


@pytest.mark.skipif(not SOAK, reason="each process that dies is started anew")
def test_a_job_whose_process_always_dies_has_failed(make_project):
    root = make_project()
    (root / "hooks.py").write_text(DIES_ONCE.replace("mark.touch()", "pass"))
    regenerate(root)

    said = Terminal(root)("python", "train.py", "-m", *SWEEP[:2], "model.params.C=1,2", *SIDE_BY_SIDE, code=2)

    assert "2 jobs failed" in said
    assert [job.errors for job in find(root, "last").jobs()] == [
        ["its process ended before it did (TerminatedWorkerError)."]
    ] * 2


def test_a_person_at_a_terminal_sees_a_table_and_a_pipe_does_not(make_project):
    root = make_project()
    regenerate(root)
    words = Terminal.command("python", "train.py", "-m", *SWEEP)
    main, other = pty.openpty()
    seen = b""
    with subprocess.Popen(words, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=other) as process:
        os.close(other)
        with contextlib.suppress(OSError):  # the end of a terminal is an error
            while part := os.read(main, 4096):
                seen += part
        said = process.stdout.read().decode()
    os.close(main)

    assert b"of 3 jobs" in seen
    assert b"C=none" in seen
    assert "load  " not in said
    assert "leaderboard  sweeps/" in said
    assert b"1 job failed" in seen
    assert "jobs," not in Terminal(root)("python", "train.py", "-m", *SWEEP, code=2)


@pytest.mark.skipif(not SOAK, reason="Ray takes its time to start")
def test_ray_runs_jobs_side_by_side(make_project):
    root = make_project()
    regenerate(root)

    said = Terminal(root)("python", "train.py", "-m", *SWEEP, "hydra/launcher=ray", "hydra.launcher.n_jobs=2", code=2)

    assert "1 job failed" in said
    assert "C=none: " in said
    assert len(runs(root)) == 2
