"""Requests a second of generated services, beside FastAPI that asks a pipeline of scikit-learn with a DataFrame of pandas.

All serve the same estimator on 14 columns, 6 of them categories, one row a request, by one worker; they are measured in turns. FastAPI
stands there twice: as its tutorial writes what blocks (def, in a pool of threads), which the bars are for; and tuned for
this one case (async def, one thread of OpenMP), for what that is worth.
"""

import shutil
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from .test_serving import CATEGORIES, NUMBERS, ROUNDS, ROW, prepared_rows, requests_a_second, started

BARS = {"hist_gradient_boosting": {1: 40, 64: 100}, "random_forest": {64: 50}, "logistic": {64: 50}}
"""By model and connections: how many times as many requests as FastAPI as its tutorial has it."""
PARAMS = {
    "hist_gradient_boosting": "HistGradientBoostingClassifier(max_iter=300, random_state=1)",
    "random_forest": "RandomForestClassifier(n_estimators=300, min_samples_leaf=2, random_state=1)",
    "logistic": "LogisticRegression(max_iter=1000)",
}
OURS = {"hist_gradient_boosting": ["model.params.max_iter=300", "model.params.early_stopping=false"]}
FASTAPI = f"""
import os
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

{ROW}

class Body(BaseModel):
    rows: list[Row]

table = pd.read_csv("table.csv")
if os.environ["MODEL"] == "logistic":
    labels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
else:
    labels = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
columns = ColumnTransformer([("numbers", StandardScaler(), {NUMBERS}), ("labels", labels, {CATEGORIES})])
model = make_pipeline(columns, eval(os.environ["ESTIMATOR"])).fit(table.drop(columns="y"), table["y"])
app = FastAPI()

@app.post("/predict")
def predict(body: Body) -> list[float]:
    frame = pd.DataFrame([row.model_dump() for row in body.rows])
    return model.predict_proba(frame)[:, 1].tolist()
"""


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
@pytest.mark.parametrize("model", BARS)
def test_requests_a_second_beside_fastapi_with_pandas(tmp_path: Path, model: str) -> None:
    project = prepared(tmp_path, model)
    rates: dict[int, list[tuple[float, float]]] = {1: [], 64: []}
    with ExitStack() as stack:
        ports = [stack.enter_context(server) for server in servers(tmp_path, project, model)]
        for _ in range(ROUNDS):
            for connections, rounds in rates.items():
                ours, *others = [requests_a_second(tmp_path, port, 1, connections) for port in ports]
                rounds.append((ours / others[0], ours / others[1]))
    missed = []
    for connections, rounds in rates.items():
        plain, tuned = (statistics.median(ratios) for ratios in zip(*rounds, strict=True))
        bar = BARS[model].get(connections, 0)
        title = f"{model}, 1 row, {connections} connections"
        print(f"\n{title}: {plain:.1f} x FastAPI (bar {bar or 'none'}), {tuned:.1f} x FastAPI tuned")
        missed += [title] if plain < bar else []
    assert not missed


def servers(folder: Path, project: Path, model: str):
    tools, host = Path(sys.executable).parent, ["--host", "127.0.0.1", "--port"]
    what = {"MODEL": model, "ESTIMATOR": PARAMS[model]}
    words = [tools / "uvicorn", "--loop", "uvloop", "--no-access-log"]
    yield started([tools / "bentoml", "serve", *host], project, {})
    yield started([*words, "fast:app", *host], folder, what)
    yield started([*words, "tuned:app", *host], folder, {**what, "OMP_NUM_THREADS": "1"})


def prepared(folder: Path, model: str) -> Path:
    """A project with a promoted run, and what FastAPI needs."""
    prepared_rows(folder, [1])
    (folder / "fast.py").write_text(FASTAPI)
    (folder / "tuned.py").write_text(FASTAPI.replace("def predict", "async def predict"))
    overture = [sys.executable, "-m", "overture.generator"]
    project = folder / "bench"
    for words, where in (
        ([*overture, "new", "bench", "--data", "table.csv", "--target", "y"], folder),
        ([sys.executable, "train.py", f"model={model}", *OURS.get(model, [])], project),
        ([*overture, "promote", "best", "--why", "to measure"], project),
    ):
        subprocess.run(words, cwd=where, check=True, capture_output=True)
    return project
