"""What a sweep costs over the bare fits, and what it gains by running jobs side by side."""

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .side_by_side import compiled, cpu_seconds

ROWS, ROUNDS = 2_000, 3
FIT = 2.5
"""Seconds of CPU that a fit takes where processes run side by side."""
FORESTS = """
import sys, time
import numpy as np, polars as pl
from sklearn.ensemble import RandomForestClassifier

data = pl.read_csv("../table.csv")
features, target = data.drop("y").to_numpy(), (data["y"] == "yes").to_numpy()
test = np.random.default_rng(42).random(len(target)) < 0.3
start = time.process_time()
for leaf in sys.argv[2:]:
    RandomForestClassifier(int(sys.argv[1]), min_samples_leaf=int(leaf), n_jobs=1).fit(features[~test], target[~test])
print(time.process_time() - start)
"""
BY_HAND = """
import sys
import numpy as np, polars as pl
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

data = pl.read_csv("../table.csv")
features, target = data.drop("y").to_numpy(), (data["y"] == "yes").to_numpy()
test = np.random.default_rng(42).random(len(target)) < 0.2
for C in range(1, int(sys.argv[1]) + 1):
    model = LogisticRegression(C=C / 10, max_iter=1000).fit(features[~test], target[~test])
    p = model.predict_proba(features[test])[:, 1]
    print(log_loss(target[test], p), roc_auc_score(target[test], p))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rng = np.random.default_rng(7)
    numbers = {f"n{i}": rng.normal(size=ROWS).round(4) for i in range(8)}
    score = numbers["n0"] + numbers["n1"] * numbers["n2"] + rng.normal(size=ROWS)
    pl.DataFrame({**numbers, "y": np.where(score > 0.5, "yes", "no")}).write_csv(tmp_path / "table.csv")
    words = [sys.executable, "-m", "overture.generator", "new", "bench", "--data", "table.csv", "--target", "y"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "bench" / "by_hand.py").write_text(BY_HAND)
    return tmp_path / "bench"


def anew(*words: object) -> list[object]:
    """A sweep whose runs are not there yet."""
    return ["sh", "-c", "rm -rf runs sweeps && exec " + " ".join(f"'{word}'" for word in (sys.executable, *words))]


def said(folder: Path, *words: object) -> str:
    """What a script prints."""
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=compiled()).stdout


def wall(commands: Sequence[Sequence[object]], folder: Path) -> float:
    """How long it takes until processes that start together have all ended, in seconds."""
    start = time.perf_counter()
    begun = [
        subprocess.Popen(
            [*map(str, words)], cwd=folder, env=compiled(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for words in commands
    ]
    for process in begun:
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
    return time.perf_counter() - start


def test_what_a_job_costs_over_the_bare_fit(project: Path) -> None:
    def sweep(jobs: int) -> list[object]:
        values = ",".join(str(C / 10) for C in range(1, jobs + 1))
        return anew("train.py", "-m", "model=logistic", f"model.params.C={values}")

    def by_hand(jobs: int) -> list[object]:
        return [sys.executable, "by_hand.py", jobs]

    def a_job(words: Callable[[int], list[object]]) -> float:
        few, many = (cpu_seconds(words(jobs), project) for jobs in (4, 40))
        return (many - few) / 36

    rounds = [(a_job(sweep), a_job(by_hand)) for _ in range(ROUNDS)]
    ours, bare = (statistics.median(side) for side in zip(*rounds, strict=True))

    print(f"\na job of a sweep beside the bare fit: {ours:.3f} s CPU beside {bare:.3f} s, medians of {ROUNDS} rounds")
    assert statistics.median(it - beside for it, beside in rounds) <= 0.15


def test_two_processes_beside_one(project: Path) -> None:
    (project / "forests.py").write_text(FORESTS)
    trees = math.ceil(FIT * 200 / float(said(project, "forests.py", 200, 1)))
    words = ["-m", "model=random_forest", f"model.params.n_estimators={trees}", "threads=1", "explanations=null"]
    leaves = [*range(1, 17)]
    two = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")

    def seconds(*more: str, jobs: int = len(leaves)) -> float:
        values = ",".join(map(str, leaves[:jobs]))
        return wall([anew("train.py", *words, f"model.params.min_samples_leaf={values}", *more)], project)

    def bare(*shares: list[int]) -> float:
        return wall([[sys.executable, "forests.py", trees, *share] for share in shares], project)

    for launcher in ((), two):  # modules are compiled when they are imported first
        seconds("model.params.n_estimators=2", *launcher, jobs=2)
    most = bare(leaves[:6]) / bare(leaves[:6:2], leaves[1:6:2])
    ratio = seconds() / seconds(*two)

    print(
        f"\n16 forests of {FIT} s CPU, two processes beside one: {ratio:.2f} x as fast; six bare fits alike: {most:.2f} x"
    )
    assert ratio >= 1.7
