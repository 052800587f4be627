"""What a sweep costs over the bare fits, and what it gains by running jobs side by side."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .side_by_side import cpu_seconds

ROWS = 2_000
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


def test_what_a_job_costs_over_the_bare_fit(project: Path) -> None:
    def sweep(jobs: int) -> list[object]:
        values = ",".join(str(C / 10) for C in range(1, jobs + 1))
        return anew("train.py", "-m", "model=logistic", f"model.params.C={values}")

    def a_job(few: float, many: float) -> float:
        return (many - few) / 36

    ours = a_job(cpu_seconds(sweep(4), project), cpu_seconds(sweep(40), project))
    bare = a_job(*(cpu_seconds([sys.executable, "by_hand.py", jobs], project) for jobs in (4, 40)))

    print(f"\na job of a sweep beside the bare fit: {ours:.3f} s CPU beside {bare:.3f} s")
    assert ours - bare <= 0.15


def test_two_processes_beside_one(project: Path) -> None:
    def seconds(*launcher: str) -> float:
        fit = ("model=random_forest", "model.params.n_estimators=2000", "threads=1", "explanations=null")
        start = time.perf_counter()
        subprocess.run(
            list(
                map(
                    str,
                    anew(
                        "train.py",
                        "-m",
                        *fit,
                        "model.params.min_samples_leaf=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
                        *launcher,
                    ),
                )
            ),
            cwd=project,
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - start

    ratio = seconds() / seconds("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")

    print(f"\n16 forests, two processes beside one: {ratio:.2f} x as fast")
    assert ratio >= 1.7
