"""A training beside the script an expert would write for the same job."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .side_by_side import compare, costs

ROWS = 50_000
BY_HAND = """
import numpy as np, polars as pl
from catboost import CatBoostClassifier, Pool
from sklearn.metrics import log_loss, roc_auc_score

data = pl.read_csv("../table.csv").to_pandas()
rng = np.random.default_rng(42)
draw = rng.random(len(data))
cats = ["city", "plan"]
features = data.drop(columns=["y"])
for name in cats:
    features[name] = features[name].astype("category")
target = (data["y"] == "yes").astype(int)
parts = {"train": draw >= 0.3, "valid": (draw >= 0.2) & (draw < 0.3), "test": draw < 0.2}
pools = {name: Pool(features[rows], target[rows], cat_features=cats) for name, rows in parts.items()}
settings = dict(learning_rate=0.05, depth=6, random_seed=42, verbose=False, allow_writing_files=False)
model = CatBoostClassifier(iterations=ITERATIONS, **settings)
model.fit(pools["train"], eval_set=pools["valid"], early_stopping_rounds=50)
rest = parts["train"] | parts["valid"]
again = CatBoostClassifier(iterations=model.tree_count_, **settings)
again.fit(Pool(features[rest], target[rest], cat_features=cats))
p = again.predict_proba(pools["test"])[:, 1]
print(log_loss(target[parts["test"]], p), roc_auc_score(target[parts["test"]], p))
again.save_model("by_hand.cbm")
"""


def test_a_training_of_50_000_rows_beside_the_same_by_hand(tmp_path: Path) -> None:
    table().write_csv(tmp_path / "table.csv")
    words = [sys.executable, "-m", "overture.generator", "new", "bench", "--data", "table.csv", "--target", "y"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    project = tmp_path / "bench"
    (project / "by_hand.py").write_text(BY_HAND.replace("ITERATIONS", "200"))
    # a run that is there is kept, so each round asks for the run anew
    ours = ["sh", "-c", f"rm -rf runs && {sys.executable} train.py model.params.iterations=200"]

    ratio = compare(
        "train.py on 50,000 rows beside the same by hand", ours, [sys.executable, "by_hand.py"], project, rounds=3
    )

    assert ratio < 1.5


EXPLAINED = """
import json, os, sys, time
from pathlib import Path

def spent():
    return time.process_time() + sum(os.times()[2:4])

from overture.runtime import check, evaluate, fit, load, record, split
from overture.runtime.project import Project
from overture.runtime.runs.completion import complete, put_off
from overture.runtime.runs.run import Run

with put_off():
    project = Project.open(Path.cwd(), sys.argv[1:])
    rows = load(project.data)
    check(rows, project.schema)
    parts = split(rows, project.split)
    model = fit(project.model, parts)
    run = record(project, parts, model, evaluate(model, parts, project.evaluation))
Run.load_model = lambda run: model  # which a training has at hand
trained = spent()
complete(run)
print(json.dumps({"more": spent() / trained - 1, "seconds": trained}))
"""
REPORTED = [
    ("catboost", ROWS, ["model.params.iterations=300"]),
    ("catboost", 1_000_000, ["model.params.iterations=200", "model.early_stopping_rounds=null", "split.valid=0"]),
    ("hist_gradient_boosting", ROWS, []),
    ("logistic", ROWS, []),
    ("random_forest", ROWS, ["model.params.n_estimators=100"]),
    ("k_neighbors", ROWS // 5, []),  # for which each prediction is dear
    ("mlp", ROWS, []),
]


@pytest.mark.parametrize(("model", "rows", "overrides"), REPORTED)
def test_a_report_beside_the_training_that_it_is_of(
    model: str, rows: int, overrides: list[str], tmp_path: Path
) -> None:
    """In CPU time, the start of the process counted."""
    table(rows, 18).write_parquet(tmp_path / "table.parquet")
    words = [sys.executable, "-m", "overture.generator", "new", "bench", "--data", "table.parquet", "--target", "y"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    command = [sys.executable, "-c", EXPLAINED, f"model={model}", *overrides]
    done = subprocess.run(command, cwd=tmp_path / "bench", check=True, capture_output=True, text=True)

    found = json.loads(done.stdout.splitlines()[-1])
    print(f"report and explanations of {model}, {rows:,} rows: {found['more']:.1%} on top of the training")
    assert found["more"] <= 0.2


MILLION = """
import numpy as np, polars as pl
from catboost import CatBoostClassifier, Pool
from sklearn.metrics import log_loss, roc_auc_score

data = pl.read_parquet("../million.parquet")
draw = np.random.default_rng(42).random(data.height)
cats = ["city", "plan"]
target = (data["y"] == "yes").cast(pl.Int8).to_numpy()
features = data.drop("y").with_columns(pl.col(cats).cast(pl.Categorical)).to_pandas()
del data
train, test = draw >= 0.2, draw < 0.2
pool = Pool(features[train], target[train], cat_features=cats)
model = CatBoostClassifier(
    iterations=200, learning_rate=0.05, depth=6, random_seed=42, verbose=False, allow_writing_files=False
)
model.fit(pool)
p = model.predict_proba(Pool(features[test], cat_features=cats))[:, 1]
print(log_loss(target[test], p), roc_auc_score(target[test], p))
model.save_model("by_hand.cbm")
"""


def test_a_training_of_a_million_rows_beside_the_same_by_hand(tmp_path: Path) -> None:
    """200 trees, no early stopping; explanations, which the script by hand has none of, are put off."""
    table(1_000_000, 18).write_parquet(tmp_path / "million.parquet")
    words = [sys.executable, "-m", "overture.generator", "new", "bench", "--data", "million.parquet", "--target", "y"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    project = tmp_path / "bench"
    (project / "by_hand.py").write_text(MILLION)
    overrides = "model.params.iterations=200 model.early_stopping_rounds=null explanations=null split.valid=0"
    ours = ["sh", "-c", f"rm -rf runs && exec {sys.executable} train.py {overrides}"]

    found = costs(
        "train.py on a million rows",
        {"ours": ours, "by hand": [sys.executable, "by_hand.py"]},
        project,
    )

    assert found["ours"].wall <= 1.05 * found["by hand"].wall
    assert found["ours"].gigabytes <= 1.15 * found["by hand"].gigabytes


def table(rows: int = ROWS, columns: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    numbers = {f"n{i}": rng.normal(size=rows).round(4) for i in range(columns)}
    score = numbers["n0"] + numbers["n1"] * numbers["n2"] + rng.normal(size=rows)
    city, plan = rng.integers(0, 40, rows), rng.integers(0, 4, rows)
    return pl.DataFrame(
        {
            **numbers,
            "city": [f"city {i}" for i in city],
            "plan": [f"plan {i}" for i in plan],
            "y": np.where(score + (plan == 2) > 0.5, "yes", "no"),
        }
    )
