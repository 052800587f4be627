"""Runs are mirrored in a store of MLflow, once each, those of a sweep below one parent; a store that is not there costs no run."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overture.runtime.files import sha256
from overture.runtime.runs.store import runs
from overture.runtime.sweeps.job import Job
from overture.runtime.sweeps.sweep import Sweep
from overture.runtime.tracking.mlflow import mirror
from overture.runtime.tracking.settings import Mlflow

from ..runs.conftest import train

STORE = Mlflow(path="mlflow.db")


@pytest.fixture
def root(make_project: Callable[..., Path]) -> Path:
    return make_project(model="catboost")


def mirrored(root: Path) -> list[dict[str, Any]]:
    """What MLflow's own client finds, oldest first; asked in a process of its own, as its database warns of itself."""
    code = (
        "import json, os; os.environ['MLFLOW_DISABLE_TELEMETRY'] = 'true'\n"
        "from mlflow import MlflowClient; client = MlflowClient('sqlite:///mlflow.db')\n"
        "experiment = client.get_experiment_by_name('churn').experiment_id\n"
        "found = client.search_runs([experiment], order_by=['attributes.start_time'])\n"
        "print(json.dumps([{'id': it.info.run_id, 'status': it.info.status, 'params': it.data.params, 'tags': it.data.tags,\n"
        "  'metrics': it.data.metrics, 'files': [file.path for file in client.list_artifacts(it.info.run_id)]} for it in found]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@pytest.mark.filterwarnings("ignore")  # MLflow's database has much to say
def test_runs_are_mirrored_once_and_those_of_a_sweep_below_one_parent(root: Path) -> None:
    first, second = train(root, "explanations=null"), train(root, "explanations=null", "seed=7")
    before = {file: sha256(file) for file in first.folder.rglob("*") if file.is_file()}
    sweep = Sweep.begin(root, "0123abcd", {"kind": "grid", "words": ["seed=7,x"], "jobs": 2, "metrics": {}})
    sweep.keep(Job(0, ["seed=7"], "finished", second.id))
    sweep.keep(Job(1, ["seed=x"], "failed", errors=["must be a number"]))

    alone = mirror(root, "churn", STORE, [first])
    together = mirror(root, "churn", STORE, [second], sweep)
    again = mirror(root, "churn", STORE, [first, second], sweep)

    assert [(it.new, it.there, it.lost, it.why) for it in (alone, together, again)] == [
        (1, 0, 0, ""),
        (2, 0, 0, ""),
        (0, 3, 0, ""),
    ]
    assert {file: sha256(file) for file in first.folder.rglob("*") if file.is_file()} == before
    found = mirrored(root)
    by_run = {it["tags"].get("overture.run"): it for it in found}
    (parent,) = [it for it in found if it["tags"].get("overture.sweep") == sweep.id]
    (failed,) = [it for it in found if "overture.job" in it["tags"]]
    one = by_run[first.id]
    interval = first.facts["metrics"]["log_loss"]
    assert len(found) == 4
    assert [one["metrics"][f"log_loss{part}"] for part in ("", ".low", ".high")] == list(interval.values())
    assert one["params"]["model.params.iterations"] == "20"
    assert one["tags"]["overture.manifest_sha256"] == first.manifest_sha256
    assert {"model", "report.html", "run.json"} <= set(one["files"])
    assert "predictions.parquet" not in one["files"]
    assert "mlflow.parentRunId" not in one["tags"]
    assert by_run[second.id]["tags"]["mlflow.parentRunId"] == parent["id"]
    assert (failed["status"], failed["params"], failed["tags"]["mlflow.parentRunId"]) == (
        "FAILED",
        {"seed": "x"},
        parent["id"],
    )


def test_a_training_goes_well_without_a_server_and_says_so_once(
    root: Path, overture: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = root / "conf" / "config.yaml"
    config.write_text(config.read_text() + "tracking:\n  mlflow: {uri_env: MLFLOW_TRACKING_URI}\n")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ann:hunter2@127.0.0.1:{closed.getsockname()[1]}")
        assert overture("generate", cwd=root).returncode == 0

        done = overture("train", "model.params.iterations=5", "explanations=null", cwd=root)
        later = overture("track", cwd=root)

    assert (done.returncode, len(runs(root))) == (0, 1), done.stderr
    warning = "1 run is not in MLflow: the server cannot be reached. Bring it there: overture track"
    assert done.stderr.count(warning) == 1
    assert (later.returncode, later.stdout) == (1, f"0 mirrored, 0 there before.\n{warning}\n")
    assert "hunter2" not in done.stdout + done.stderr + later.stdout + later.stderr


def test_what_is_not_installed_or_not_set_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(root, "explanations=null")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    unset = mirror(root, "churn", Mlflow(uri_env="MLFLOW_TRACKING_URI"), [run])
    monkeypatch.setitem(sys.modules, "mlflow", None)
    missing = mirror(root, "churn", STORE, [run])

    assert "the environment variable MLFLOW_TRACKING_URI is not set" in unset.said
    assert 'pip install "overture[mlflow]"' in missing.said
    assert unset.lost == missing.lost == 1


@pytest.mark.parametrize("keys", [{}, {"path": "a.db", "uri_env": "A"}])
def test_one_place_is_named(keys: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="write either uri_env"):
        Mlflow.model_validate(keys)
