"""A training script tells the faults of its configuration as `overture check` does, while Hydra runs it."""

import os
import shutil
import subprocess
import sys

import pytest

TRAIN = """\
from omegaconf import DictConfig
from overture.runtime import Project, entry

import hooks


@entry(config_path="conf", config_name="config")
def main(config: DictConfig) -> float:
    print("seed", Project.from_config(config, hooks).spec.seed)
    return 0.0


if __name__ == "__main__":
    main()
"""


@pytest.fixture
def train(make_project):
    root = make_project()
    (root / "train.py").write_text(TRAIN)

    def run(*words):
        command = [sys.executable, "train.py", *words]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    return run


def test_a_fault_has_its_place(train):
    done = train("seed=ten")

    assert done.returncode == 2
    assert 'command line   seed: must be a whole number, not "ten".' in done.stderr
    assert 'target: data.columns has no "lft". Did you mean "left"?' in train("target=lft").stderr


def test_a_job_that_fails_leaves_the_others_to_go_on(train):
    done = train("-m", "seed=1,ten,3")

    assert done.returncode == 2
    assert [line for line in done.stdout.splitlines() if line.startswith("seed ")] == ["seed 1", "seed 3"]
    assert 'seed: must be a whole number, not "ten".' in done.stderr


def test_where_no_run_can_be_kept_none_is_trained(train, tmp_path):
    root = tmp_path / "churn"
    powers = [] if os.geteuid() else ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
    if powers and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to take that away")
    root.chmod(0o555)
    try:
        command = [*powers, sys.executable, "train.py"]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    finally:
        root.chmod(0o755)
    assert done.returncode == 2
    assert "seed" not in done.stdout
    assert f"{root} cannot be written, so no run could be kept." in done.stderr
