"""Sweeps: data is loaded once, a job that fails is counted wherever it ran, and jobs side by side share the cores."""

import json
import os

import pytest
import yaml

from overture.generator.project import regenerate
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
        assert rows(Project.open(root, ["data.columns.age.max=200"]).data) is not first
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:-10]))
        assert rows(project.data).read == first.read - 10

    assert rows(project.data) is not rows(project.data)
