"""Proofs on real servers: callers that try everything, kills and stops under load, and a long mixed load that leaves nothing behind."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from os import environ
from pathlib import Path

import httpx
import polars as pl
import psutil
import pytest

from overture.runtime.serving import spool
from overture.runtime.serving.request_log import read

from ...conftest import SOAK
from .test_bentoml_serve import serving
from .test_fast_lane import JSON, body
from .test_service_over_http import ROW

WHOLE = """
import schemathesis


@schemathesis.hook
def map_body(context, body):
    return whole(body)


def whole(value):
    if isinstance(value, dict):
        return {key: whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
"""
"""For JSON Schema 94.0 is an integer, as for no contract of ours: such numbers are sent as 94."""
TOO_LARGE = """
[checks]
negative_data_rejection.expected-statuses = ["4xx"]
positive_data_acceptance.expected-statuses = ["2xx", 413]
"""
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_callers_who_try_everything_find_no_breach_of_the_contract(make_project, plugin, tmp_path, task):
    with serving(make_project(task, quick=True), plugin) as (client, _):
        words = [
            SCHEMATHESIS,
            "run",
            f"{client.base_url}/docs.json",
            "--checks",
            "all",
            "--max-response-time",
            "600",
            "--generation-deterministic",
        ]
        words += ["--max-examples", "1700" if SOAK else "15", "--phases", "examples,coverage,fuzzing", "--no-color"]
        (tmp_path / "whole.py").write_text(WHOLE)
        (tmp_path / "schemathesis.toml").write_text(TOO_LARGE)
        hooks = {**os.environ, "SCHEMATHESIS_HOOKS": "whole", "PYTHONPATH": str(tmp_path)}
        found = subprocess.run(list(map(str, words)), capture_output=True, text=True, cwd=tmp_path, env=hooks)
        assert found.returncode == 0, found.stdout[-4000:]


class Load:
    """Callers who ask until they are stopped, some of them badly, every second with ids of their own; what they were answered."""

    def __init__(self, base, callers=4):
        self.base, self.stop = base, threading.Event()
        self.statuses, self.answered, self.broken = Counter(), set(), 0
        self.pool = ThreadPoolExecutor(callers)
        self.running = [self.pool.submit(self._ask, place) for place in range(callers)]

    def _ask(self, place):
        rng = random.Random(place)
        with httpx.Client(base_url=self.base, timeout=20) as client:
            for turn in itertools.count():
                if self.stop.is_set():
                    return
                own = {"x-request-id": f"{place}-{turn}"} if place % 2 else {}
                path, sent = self._body(rng)
                try:
                    found = client.post(path, content=sent, headers={**JSON, **own})
                except httpx.TransportError:  # nobody there, or gone before the answer
                    self.broken += 1
                    time.sleep(0.05)
                    continue
                self.statuses[found.status_code] += 1
                if found.status_code == 200:
                    name, rows = found.headers["x-request-id"], enumerate(found.json()["predictions"])
                    self.answered |= {str(row.get("id") or f"{name}:{place}") for place, row in rows}

    def _body(self, rng):
        dice = rng.random()
        if dice < 0.05:
            return "/explain", json.dumps({"rows": [ROW]})
        if dice < 0.1:
            return "/predict", json.dumps({"rows": [ROW] * 300})
        if dice < 0.3:
            return "/predict", body(rng, ROW, "customerID")
        return "/predict", json.dumps({"rows": [{**ROW, "tenure": rng.randrange(120)}] * rng.choice([1, 1, 3])})

    def finish(self):
        self.stop.set()
        for item in self.running:
            item.result()
        self.pool.shutdown()


def kept(root):
    """The ids of the request log, and how many rows it says that it has not."""
    told = [pl.read_parquet_metadata(path) for path in (root / "log" / "requests").glob("*.parquet")]
    lost = sum(int(words.get(word, 0)) for words in told for word in (spool.MISSING, spool.DROPPED))
    return read(root / "log"), lost


def test_a_server_that_is_stopped_under_load_finishes_what_it_accepted(make_project, plugin):
    root = make_project("binary", quick=True)
    with serving(root, plugin) as (client, process):
        load = Load(str(client.base_url))
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        load.finish()
    rows, lost = kept(root)
    assert load.answered <= set(rows["id"])
    assert len(load.answered) > 100
    assert lost == 0
    assert load.statuses.keys() <= {200, 400}
    assert "Traceback" not in (root / "server.log").read_text()


def test_a_server_that_is_killed_under_load_comes_back_and_its_log_has_or_counts_each_row(make_project, plugin):
    root = make_project("binary", quick=True)
    answered = set()
    for _ in range(6 if SOAK else 1):
        with serving(root, plugin) as (client, process):
            load = Load(str(client.base_url))
            time.sleep(1.5)
            for each in [*psutil.Process(process.pid).children(recursive=True), process]:
                each.kill()
            load.finish()
            answered |= load.answered
            process.wait()
    with serving(root, plugin) as (client, _):
        assert client.post("/predict", json={"rows": [ROW]}).status_code == 200
        for _ in range(200):
            if len(list((root / "log" / "requests" / "open").glob("*.count"))) <= 1:
                break
            time.sleep(0.05)
    rows, lost = kept(root)
    assert len(answered) > 100
    assert len(answered - set(rows["id"])) <= lost
    assert not list((root / "log" / "requests" / "open").iterdir())


def test_workers_end_with_the_command_that_started_them(make_project, plugin):
    root = make_project("binary", quick=True)
    with serving(root, plugin) as (client, process):
        load = Load(str(client.base_url))
        time.sleep(1)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        _, alive = psutil.wait_procs(workers, 30)
        load.finish()
    assert alive == []
    rows, lost = kept(root)
    assert len(load.answered) > 50
    assert load.answered <= set(rows["id"])
    assert lost == 0


def test_a_long_mixed_load_leaves_nothing_behind(make_project, plugin):
    root = make_project("binary", quick=True)
    with serving(root, plugin) as (client, process):
        load = Load(str(client.base_url))
        time.sleep(3)
        worker = max(psutil.Process(process.pid).children(recursive=True), key=lambda it: it.memory_info().rss)
        seen = []
        for _ in range(int(environ.get("OVERTURE_SOAK_MINUTES", "30")) * 6 if SOAK else 1):
            time.sleep(10 if SOAK else 2)
            seen.append(worker.memory_info().rss)
        load.finish()
        answered = sum(
            float(line.rpartition(" ")[2])
            for line in client.get("/metrics").text.splitlines()
            if line.startswith("bentoml_service_request_total{") and 'endpoint="/' in line and "/readyz" not in line
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    rows, lost = kept(root)
    assert set(load.statuses) == {200, 400}
    assert load.broken == lost == 0
    assert answered == sum(load.statuses.values())
    assert set(rows["id"]).issuperset(load.answered)
    assert len(load.answered) > 100
    half = len(seen) // 2
    assert not SOAK or max(seen[half:]) < 1.1 * max(seen[: max(1, half)])
    assert "Traceback" not in (root / "server.log").read_text()
    print(
        f"{sum(load.statuses.values()):,} requests, {len(load.answered):,} rows, {[it >> 20 for it in seen[::6]]} MiB"
    )
