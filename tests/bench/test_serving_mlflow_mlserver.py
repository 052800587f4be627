"""Requests a second of a generated service, beside the servers of MLflow and MLServer, where these install.

Both serve the model of the other benchmark as their own tools do: CatBoost with 300 trees on 14 columns, 6 of them
categories, one row a request. Each is installed alone, as its packages need other versions than ours.
"""

import json
import shutil
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest

from .test_serving import ROUNDS, prepared, requests_a_second, started

CONNECTIONS = (1, 8, 64)
PACKAGES = {"mlflow": ["mlflow", "catboost"], "mlserver": ["mlserver", "mlserver-catboost"]}
SAVE = """
import mlflow.catboost, pandas as pd
from catboost import CatBoostClassifier
from mlflow.models import infer_signature

model = CatBoostClassifier().load_model("model.cbm")
rows = pd.read_csv("table.csv").drop(columns="y").head(5)
mlflow.catboost.save_model(model, "mlflow_model", signature=infer_signature(rows, model.predict(rows)))
"""
MLSERVER = {
    "settings.json": {"debug": False, "parallel_workers": 0, "metrics_endpoint": None},
    "model-settings.json": {
        "name": "bench",
        "implementation": "mlserver_catboost.CatboostModel",
        "parameters": {"uri": "../model.cbm"},
    },
}


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
@pytest.mark.parametrize("other", PACKAGES)
def test_requests_a_second_beside(tmp_path: Path, other: str) -> None:
    tools = installed(tmp_path / "their", PACKAGES[other])
    project = prepared(tmp_path)
    theirs = of_mlflow(tmp_path, tools) if other == "mlflow" else of_mlserver(tmp_path, tools)
    ours = [Path(sys.executable).parent / "bentoml", "serve", "--host", "127.0.0.1", "--port"]
    rates: dict[int, list[float]] = {connections: [] for connections in CONNECTIONS}
    with ExitStack() as stack:
        port = stack.enter_context(started(ours, project, {}))
        their_port = stack.enter_context(started(theirs, tmp_path, {}))
        for _ in range(ROUNDS):
            for connections in CONNECTIONS:
                found = requests_a_second(tmp_path, port, 1, connections)
                rates[connections].append(found / requests_a_second(tmp_path, their_port, other, connections))
    for connections, ratios in rates.items():
        print(f"\n1 row, {connections} connections: {statistics.median(ratios):.1f} x {other}")
    assert all(statistics.median(ratios) > 1 for ratios in rates.values())


def installed(folder: Path, packages: list[str]) -> Path:
    """Where the commands of these packages are, in an environment of their own."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
    words = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *packages]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{packages[0]} does not install here: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin"


def of_mlflow(folder: Path, tools: Path) -> list[str]:
    subprocess.run([tools / "python", "-c", SAVE], cwd=folder, check=True, capture_output=True)
    request(folder, "mlflow", "/invocations", {"dataframe_records": [row(folder)]})
    serve = f"PATH={tools}:$PATH exec mlflow models serve -m mlflow_model --env-manager local --workers 1 --port $0"
    return ["sh", "-c", serve]


def of_mlserver(folder: Path, tools: Path) -> list[str]:
    (folder / "mlserver").mkdir()
    for name, content in MLSERVER.items():
        (folder / "mlserver" / name).write_text(json.dumps(content))
    inputs = [
        {
            "name": name,
            "shape": [1],
            "datatype": "BYTES" if isinstance(value, str) else "FP64",
            "data": [value],
            **({"parameters": {"content_type": "str"}} if isinstance(value, str) else {}),
        }
        for name, value in row(folder).items()
    ]
    path = "/v2/models/bench/infer"
    request(folder, "mlserver", path, {"parameters": {"content_type": "pd"}, "inputs": inputs})
    serve = f"MLSERVER_HTTP_PORT=$0 MLSERVER_GRPC_PORT=$(($0 + 1)) exec {tools / 'mlserver'} start mlserver"
    return ["sh", "-c", serve]


def row(folder: Path) -> dict[str, float | str]:
    return pl.read_csv(folder / "table.csv").drop("y").row(100, named=True)


def request(folder: Path, name: str, path: str, content: object) -> None:
    lines = [
        'wrk.method = "POST"',
        f'wrk.path = "{path}"',
        f"wrk.body = [==[{json.dumps(content)}]==]",
        'wrk.headers["content-type"] = "application/json"',
    ]
    (folder / f"{name}.lua").write_text("\n".join(lines))
