"""Requests a second of a generated service, beside BentoML as its tutorial has it and beside an expert's FastAPI.

All three serve CatBoost with 300 trees on 14 columns, 6 of them categories, by one worker; they are measured in turns.
The stock service runs as a plain installation of BentoML does, without uvloop and httptools.
"""

import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from os import environ
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import pytest

ROUNDS, SECONDS = 3, 3
LOG_ROUNDS, LOG_SECONDS, LOGGED_SHARE = 24, 1, 0.85
"""How often and how long both are measured, so short that the machine is the same to both; and the share of its requests that
a service must keep with its log on."""
NUMBERS, CATEGORIES = [f"n{i}" for i in range(8)], [f"c{i}" for i in range(6)]
BARS = {(1, 1): (7, 1.3), (1, 8): (15, 2.8), (1, 64): (30, 5), (32, 8): (9, 2.4)}
"""By (rows, connections): how many times as many requests as stock BentoML and as FastAPI."""

TRAIN = """
import polars as pl
from catboost import CatBoostClassifier

data = pl.read_csv("table.csv").to_pandas()
model = CatBoostClassifier(iterations=300, verbose=False, allow_writing_files=False, random_seed=1)
model.fit(data.drop(columns="y"), data["y"], cat_features=[c for c in data if c[0] == "c"])
model.save_model("model.cbm")
"""
ROW = "class Row(BaseModel):\n" + "".join(
    f"    {name}: {kind}\n" for names, kind in ((NUMBERS, "float"), (CATEGORIES, "str")) for name in names
)
STOCK = f"""
from typing import List
import bentoml, pandas as pd
from catboost import CatBoostClassifier
from pydantic import BaseModel

{ROW}

@bentoml.service(name="stock", workers=1, traffic={{"timeout": 10}}, envs=[{{"name": "OMP_NUM_THREADS", "value": "1"}}])
class Stock:
    def __init__(self) -> None:
        self.model = CatBoostClassifier().load_model("model.cbm")

    @bentoml.api
    def predict(self, rows: List[Row]) -> List[float]:
        frame = pd.DataFrame([row.model_dump() for row in rows])
        return self.model.predict_proba(frame, thread_count=1)[:, 1].tolist()
"""
FASTAPI = f"""
from operator import attrgetter
from catboost import CatBoostClassifier, Pool
from fastapi import FastAPI
from pydantic import BaseModel

{ROW}

class Body(BaseModel):
    rows: list[Row]

app, model = FastAPI(), CatBoostClassifier().load_model("model.cbm")
values = attrgetter(*Row.model_fields)

@app.post("/predict")
async def predict(body: Body) -> list[float]:
    pool = Pool([values(row) for row in body.rows], cat_features=list(range(8, 14)))
    return model.predict_proba(pool, thread_count=1)[:, 1].tolist()
"""


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_requests_a_second_beside_stock_bentoml_and_fastapi(tmp_path: Path) -> None:
    project = prepared(tmp_path)
    rates: dict[tuple[int, int], list[tuple[float, float, float]]] = {cell: [] for cell in BARS}
    with ExitStack() as stack:
        ports = [stack.enter_context(server) for server in servers(tmp_path, project)]
        for _ in range(ROUNDS):
            for rows, connections in BARS:
                found = [requests_a_second(tmp_path, port, rows, connections) for port in ports]
                rates[rows, connections].append((found[0], found[1], found[2]))
    missed = []
    for (rows, connections), rounds in rates.items():
        ratios = [statistics.median(ours / other[i] for ours, *other in rounds) for i in (0, 1)]
        title = f"{rows} rows, {connections} connections"
        print(
            f"\n{title}: {ratios[0]:.1f} x stock BentoML, {ratios[1]:.1f} x FastAPI  (bars {BARS[rows, connections]})"
        )
        missed += [title for ratio, bar in zip(ratios, BARS[rows, connections], strict=True) if ratio < bar]
    assert not missed


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_what_the_request_log_costs(tmp_path: Path) -> None:
    """Both services are the same but for the log, and take turns; who begins changes from round to round."""
    projects = {"with": prepared(tmp_path), "without": tmp_path / "unlogged"}
    shutil.copytree(projects["with"], projects["without"])
    with (projects["without"] / "conf" / "config.yaml").open("a") as config:
        config.write("serving: {http: {log: null}}\n")
    generate = [sys.executable, "-m", "overture.generator", "generate"]
    subprocess.run(generate, cwd=projects["without"], check=True, capture_output=True)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in projects}
    serve = [Path(sys.executable).parent / "bentoml", "serve", "--host", "127.0.0.1", "--port"]
    with ExitStack() as stack:
        ports = {name: stack.enter_context(started(serve, where, {})) for name, where in projects.items()}
        for i in range(LOG_ROUNDS):
            for name in sorted(ports, reverse=i % 2 == 1):
                many = requests_a_second(tmp_path, ports[name], 1, 64, LOG_SECONDS)
                found[name].append((many, median_milliseconds(tmp_path, ports[name], 1, 1, LOG_SECONDS)))
        told = httpx.get(f"http://127.0.0.1:{ports['with']}/metrics").text
    assert (projects["with"] / "log" / "requests").exists()
    assert not (projects["without"] / "log").exists()
    assert not re.search(r"^overture_log_lost_rows_total\S* [1-9]", told, re.MULTILINE)
    rounds = list(zip(found["with"], found["without"], strict=True))
    share, slower = (sorted(on[i] / off[i] for on, off in rounds) for i in (0, 1))
    print(f"\nwith the request log, 64 connections: {spread(share)} x the requests (bar {LOGGED_SHARE})")
    print(f"with the request log, 1 connection: {spread(slower)} x the median latency")
    assert statistics.median(share) >= LOGGED_SHARE


def spread(ratios: list[float]) -> str:
    """The median of sorted ratios, and between what half of them lie."""
    quarter = len(ratios) // 4
    return f"{statistics.median(ratios):.2f} ({ratios[quarter]:.2f} to {ratios[-1 - quarter]:.2f})"


def prepared_rows(folder: Path, counts: Iterable[int]) -> None:
    """The table to learn from, and requests of so many rows."""
    rng = np.random.default_rng(7)
    numbers = {name: rng.normal(size=5000).round(4) for name in NUMBERS}
    labels = {name: [f"v{v}" for v in rng.integers(0, 4 + 5 * i, 5000)] for i, name in enumerate(CATEGORIES)}
    score = numbers["n0"] + numbers["n1"] * numbers["n2"] + rng.normal(size=5000)
    table = pl.DataFrame({**numbers, **labels, "y": np.where(score > 0.5, "yes", "no")})
    table.write_csv(folder / "table.csv")
    features = table.drop("y")
    for rows in counts:
        body = json.dumps({"rows": features[100 : 100 + rows].to_dicts()})
        lines = [
            'wrk.method = "POST"',
            f"wrk.body = [==[{body}]==]",
            'wrk.headers["content-type"] = "application/json"',
        ]
        (folder / f"{rows}.lua").write_text("\n".join(lines))


def prepared(folder: Path) -> Path:
    """A project with a promoted run, and the same by hand."""
    prepared_rows(folder, {rows for rows, _ in BARS})
    (folder / "by_hand.py").write_text(TRAIN)
    (folder / "stock.py").write_text(STOCK)
    (folder / "fast.py").write_text(FASTAPI)
    overture = [sys.executable, "-m", "overture.generator"]
    project = folder / "bench"
    training = [sys.executable, "train.py", "model.params.iterations=300", "model.early_stopping_rounds=null"]
    for words, where in (
        ([sys.executable, "by_hand.py"], folder),
        ([*overture, "new", "bench", "--data", "table.csv", "--target", "y"], folder),
        (training, project),
        ([*overture, "promote", "best", "--why", "to measure"], project),
    ):
        subprocess.run(words, cwd=where, check=True, capture_output=True)
    for name in ("uvloop", "httptools"):  # what a plain installation lacks
        (folder / "plain" / name).mkdir(parents=True)
        (folder / "plain" / name / "__init__.py").write_text(f"raise ImportError({name!r})\n")
    return project


def servers(folder: Path, project: Path):
    tools = Path(sys.executable).parent
    host = ["--host", "127.0.0.1", "--port"]
    yield started([tools / "bentoml", "serve", *host], project, {})
    yield started([tools / "bentoml", "serve", "stock:Stock", *host], folder, {"PYTHONPATH": str(folder / "plain")})
    yield started([tools / "uvicorn", "fast:app", "--loop", "uvloop", "--no-access-log", *host], folder, {})


@contextmanager
def started(words, folder, more):
    """A server on a free port, once it answers; its log goes to a file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {**environ, "BENTOML_DO_NOT_TRACK": "true", **more}
    with (folder / f"{port}.log").open("w") as log:
        process = subprocess.Popen(
            [str(word) for word in [*words, port]], cwd=folder, env=variables, stdout=log, stderr=log
        )
        try:
            for _ in range(300):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/docs.json")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait(20)


def requests_a_second(folder: Path, port: int, script: int | str, connections: int, seconds: int = SECONDS) -> float:
    said = load(folder, port, script, connections, seconds)
    return float(next(line.split()[1] for line in said.splitlines() if line.startswith("Requests/sec")))


def median_milliseconds(folder: Path, port: int, rows: int, connections: int, seconds: int = SECONDS) -> float:
    said = load(folder, port, rows, connections, seconds)
    number, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", said).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def load(folder: Path, port: int, script: int | str, connections: int, seconds: int) -> str:
    """What wrk says of a service under load, with no answer but good ones. script: what it sends, by rows or by name."""
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", f"{script}.lua"]
    words = ["wrk", *options, f"http://127.0.0.1:{port}/predict"]
    said = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    return said
