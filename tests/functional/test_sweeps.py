"""Sweeps: data is loaded once, a job that fails is counted wherever it ran, and jobs side by side share the cores."""

import json
import os

import pytest
import yaml

from overture.generator.project import regenerate
from overture.runtime.config.load import load
from overture.runtime.data.once import remembering
from overture.runtime.data.rows import load as rows
from overture.runtime.project import Project
from overture.runtime.runs.store import runs

from .conftest import Terminal

SWEEP = ["model=logistic", "evaluation.replicates=20", "model.params.C=1,2,none"]


@pytest.fixture
def sweep(make_project):
    root = make_project()
    regenerate(root)

    def run(*words):
        return root, Terminal(root).run("python", "train.py", "-m", *SWEEP, *words)

    return run


def test_data_is_loaded_once_and_a_failure_ends_nothing(sweep):
    root, ended = sweep()

    assert ended.returncode == 2
    assert ended.stdout.count("200 rows from people.csv") == 3
    assert ended.stdout.count("as in the job before") == 2
    assert "This job failed: model=logistic" in ended.stderr
    assert "1 job failed; the reasons stand above." in ended.stderr
    assert len(runs(root)) == 2
    assert ended.stdout.rstrip().splitlines()[-1].startswith(runs(root)[1].id)


def test_jobs_side_by_side_share_the_cores_and_are_counted_too(sweep):
    root, ended = sweep("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")

    assert ended.returncode == 2
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "1 job failed; the reasons stand above." in ended.stderr
    assert len(runs(root)) == 2
    assert runs(root)[0].id in ended.stdout
    for run in runs(root):
        config = yaml.safe_load((run.folder / "config.yaml").read_text())
        assert config["threads"] == max(1, (os.cpu_count() or 1) // 2)
        assert json.loads((run.folder / "run.json").read_text())["inputs"]["environment"]["threads"] == str(
            config["threads"]
        )


def test_what_changed_is_loaded_again(make_project):
    root = make_project()
    file = root / "data" / "people.csv"
    project = Project.open(root)

    with remembering():
        first = rows(project.data)
        assert rows(project.data) is first
        assert rows(Project.open(root, ["seed=3"]).data) is first
        ignoring = load(root, ["data.columns.income.nullable=true", "data.columns.age.max=200"]).spec
        assert rows(Project.open(root, ["data.columns.age.max=200"]).data) is not first
        assert ignoring.contract.features["age"].max == 200
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:-10]))
        assert rows(project.data).read == first.read - 10

    assert rows(project.data) is not rows(project.data)
