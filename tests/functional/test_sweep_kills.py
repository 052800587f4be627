"""A kill at any moment of a sweep: what was recorded is kept and never run again, and in the end nobody sees that it was killed."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from overture.runtime.sweeps.sweep import SWEEPS, sweeps

SOAK = os.environ.get("OVERTURE_SOAK") == "1"
MOMENTS, JOBS = (50, 40) if SOAK else (1, 4)
COMMON = ("evaluation.replicates=20", "explanations=null")
GRID = ("python", "train.py", "-m", "model=logistic", f"model.params.C={','.join(str(i + 1) for i in range(JOBS))}")
SEARCH = ("python", "train.py", "sweep=logistic", f"sweep.trials={JOBS}")


@pytest.fixture(scope="module")
def sound(tmp_path_factory, terminals):
    """A project without a run."""
    home = tmp_path_factory.mktemp("sound")
    lines = [
        f"P-{i:05},{18 + i * 37 % 70},{('Oslo', 'Rome')[i % 2]},{'yes' if i * 37 % 70 > 42 else 'no'}"
        for i in range(200)
    ]
    (home / "people.csv").write_text("\n".join(["id,age,city,left", *lines]) + "\n")
    terminals(home)("overture", "new", "churn", "--data", "people.csv", "--target", "left")
    return home


@pytest.mark.parametrize("words", [GRID, SEARCH], ids=["grid", "search"])
def test_a_sweep_that_was_killed_goes_on(sound, tmp_path, terminals, words):
    shutil.copytree(sound, tmp_path / "killed")
    shutil.copytree(sound, tmp_path / "whole")
    killed, whole = (terminals(tmp_path / name / "churn") for name in ("killed", "whole"))
    whole(*words, *COMMON)
    chance = random.Random(7)

    for _ in range(MOMENTS):
        before = recorded(killed.folder)
        if len(before) >= JOBS:
            shutil.rmtree(killed.folder / SWEEPS)
            shutil.rmtree(
                killed.folder / "runs", ignore_errors=True
            )  # none yet of a search killed before its best was trained
            before = {}
        kill_after(killed, len(before) + chance.randrange(1, 4), chance.random() / 5, *words, *COMMON)
        after = recorded(killed.folder)
        assert {number: after.get(number) for number in before} == before
    before = recorded(killed.folder)
    killed(*words, *COMMON)

    after = recorded(killed.folder)
    assert {number: after[number] for number in before} == before
    assert table(killed) == table(whole)


def recorded(root):
    """What cannot change of each job that ended: a trial's record, and when a run was recorded."""
    found = {}
    for sweep in sweeps(root):
        for job in sweep.jobs():
            if job.over:
                run = root / "runs" / job.run / "run.json" if job.run else None
                found[job.number] = json.loads(run.read_text())["created"] if run else job.text()
    return found


def kill_after(terminal, jobs, delay, *words):
    """Start a sweep and kill it, with all it started, some time after so many jobs ended, or let it end."""
    process = subprocess.Popen(
        terminal.command(*words),
        cwd=terminal.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and len(recorded(terminal.folder)) < jobs:
        time.sleep(0.01)
    time.sleep(delay)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def table(terminal):
    """The leaderboard but for times."""
    found = json.loads(terminal("overture", "runs", "--sweep", "last", "--json"))
    for item in (found, *found["jobs"], *found["runs"]):
        for key in ("created", "seconds", "duration"):
            item.pop(key, None)
    return found
