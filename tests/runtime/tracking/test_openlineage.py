"""Trainings are told in OpenLineage events that the client of OpenLineage itself would write so."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openlineage.client import facet_v2, serde
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

from overture.runtime.data.dataset import Dataset
from overture.runtime.project import Project
from overture.runtime.runs.store import runs
from overture.runtime.tracking import datasets, openlineage

FACETS = {
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "dataSource": facet_v2.datasource_dataset.DatasourceDatasetFacet,
    "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
    "ownership": facet_v2.ownership_dataset.OwnershipDatasetFacet,
    "documentation": facet_v2.documentation_dataset.DocumentationDatasetFacet,
    "dataQualityMetrics": facet_v2.data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet,
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
}
CONFIG = "tracking:\n  openlineage: {namespace: crm}\n"
QUICK = ("evaluation.replicates=20", "explanations=null")


@pytest.fixture
def root(make_project: Callable[..., Path]) -> Path:
    root = make_project()
    config = root / "conf" / "config.yaml"
    config.write_text(config.read_text() + CONFIG)
    data = root / "conf" / "data" / "people.yaml"
    data.write_text("owner: crm-team\n" + data.read_text())
    return root


@pytest.fixture
def train(root: Path, overture: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., int]:
    """Train in a process of its own, as a person does."""
    assert overture("generate", cwd=root).returncode == 0

    def run(*words: str) -> int:
        return overture("train", *QUICK, *words, cwd=root).returncode

    return run


def events(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "runs" / "openlineage.jsonl").read_text("utf-8").splitlines()]


def rebuilt(event: dict[str, Any]) -> dict[str, Any]:
    """The event as the client's own classes make it, which check what they are given."""

    def facets(given: dict[str, Any]) -> dict[str, Any]:
        return {
            name: FACETS[name](
                producer=it["_producer"], **{key: value for key, value in it.items() if not key.startswith("_")}
            )
            for name, it in given.items()
            if name != "overture"
        }

    made = RunEvent(
        eventType=RunState[event["eventType"]],
        eventTime=event["eventTime"],
        run=Run(event["run"]["runId"], facets(event["run"]["facets"])),
        job=Job(event["job"]["namespace"], event["job"]["name"], facets(event["job"]["facets"])),
        inputs=[
            InputDataset(it["namespace"], it["name"], facets(it["inputFacets"]), facets=facets(it["facets"]))
            for it in event["inputs"]
        ],
        outputs=[
            OutputDataset(it["namespace"], it["name"], facets(it["outputFacets"]), facets=facets(it["facets"]))
            for it in event["outputs"]
        ],
        producer=event["producer"],
    )
    found: dict[str, Any] = json.loads(serde.Serde.to_json(made))
    return found


def test_a_training_is_told_from_its_start_to_its_run(root: Path, train: Callable[..., int]) -> None:
    assert train() == 0

    start, complete = events(root)
    (run,) = runs(root)
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == complete["run"]["runId"]
    ours = complete["run"]["facets"].pop("overture")
    assert (ours["id"], ours["metrics"]) == (run.id, run.facts["metrics"])
    for event in (start, complete):
        assert rebuilt(event) == event
    (given,) = complete["inputs"]
    assert (given["namespace"], given["name"]) == ("file", (root / "data" / "people.csv").as_posix())
    assert given["facets"]["schema"]["fields"][1] == {"name": "age", "type": "integer", "description": "in years"}
    assert given["facets"]["version"]["datasetVersion"] == run.facts["inputs"]["data"]["data/people.csv"]
    assert given["inputFacets"]["dataQualityMetrics"]["rowCount"] == 200
    assert complete["outputs"][0]["name"] == (run.folder / "model").as_posix()
    assert complete["outputs"][0]["facets"]["version"]["datasetVersion"] == run.manifest_sha256

    assert train() == 0  # finds the run there
    assert [it["eventType"] for it in events(root)] == ["START", "COMPLETE"] * 2
    assert len({it["run"]["runId"] for it in events(root)}) == 2


def test_what_fails_is_told_and_what_never_began_is_not(root: Path, train: Callable[..., int]) -> None:
    assert train("seed=ten") == 2
    assert not (root / "runs").exists()
    (root / "data" / "people.csv").write_text("id,age,city,income,left\n1,200,Oslo,,no\n")
    assert train() == 1
    (root / "hooks.py").write_text("def features(frame):\n    raise ValueError('secret')\n")
    (root / "data" / "people.csv").write_text("id,age,city,income,left\n1,20,Oslo,,no\n2,20,Oslo,,yes\n")
    assert train() == 2

    found = events(root)
    assert [it["eventType"] for it in found] == ["START", "FAIL"] * 2
    assert "age" in found[1]["run"]["facets"]["errorMessage"]["message"]
    for event in found:
        assert rebuilt(event) == event


def test_an_address_is_named_by_its_variable_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM", "postgresql://ann:hunter2@db/crm")
    data = root / "conf" / "data" / "people.yaml"
    data.write_text(
        data.read_text().replace("{kind: csv, path: data/people.csv}", "{kind: sql, connection_env: CRM, table: a.b}")
    )
    project = Project.open(root)
    error = ConnectionError("postgresql://ann:hunter2@db/crm went away")
    from overture.runtime.errors import Mistake
    from overture.runtime.tracking.training import Training

    now = Training(lambda _: None, project=project)
    for fault in (error, Mistake("postgresql://ann:hunter2@db/crm cannot be reached")):
        event = openlineage.event("FAIL", now, fault)
        assert "hunter2" not in json.dumps(event)
        assert rebuilt(event) == event
    assert [(it["namespace"], it["name"]) for it in event["inputs"]] == [("env:CRM", "a.b")]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"kind": "csv", "path": "data/a.csv"}, [("file", "/p/data/a.csv")]),
        ({"kind": "csv", "path": {"train": "a.csv", "test": "/b.csv"}}, [("file", "/p/a.csv"), ("file", "/b.csv")]),
        ({"kind": "parquet", "path": "../lake/usage/**/*.parquet"}, [("file", "/lake/usage")]),
        ({"kind": "parquet", "path": "s3://lake/usage/*.parquet"}, [("s3://lake", "usage")]),
        ({"kind": "sql", "connection_env": "CRM", "query": "select 1"}, [("env:CRM", "rows")]),
        ({"kind": "iceberg", "table": "crm.usage", "connection_env": "LAKE"}, [("env:LAKE", "crm.usage")]),
        ({"kind": "python", "function": "rows_of"}, [("python", "rows_of")]),
        ({"kind": "sklearn", "name": "iris"}, [("sklearn", "iris")]),
    ],
)
def test_sources_are_called_as_openlineage_calls_them(source: dict[str, Any], told: list[tuple[str, str]]) -> None:
    dataset = Dataset.model_validate({"sources": {"rows": source}, "columns": {"a": {"type": "text"}}})

    assert datasets.names(dataset.source, "rows", Path("/p")) == told


def _append(root: Path, times: int) -> None:
    project = Project.open(root)
    for i in range(times):
        openlineage.append(project, {"i": i, "text": "x" * 20_000})


def test_events_of_many_processes_and_after_a_kill_are_whole_lines(root: Path) -> None:
    (root / "runs").mkdir()
    (root / "runs" / "openlineage.jsonl").write_bytes(b'{"cut sho')
    started = [multiprocessing.get_context("fork").Process(target=_append, args=(root, 20)) for _ in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join()

    first, *lines = (root / "runs" / "openlineage.jsonl").read_text().splitlines()
    assert first == '{"cut sho'
    assert sorted(json.loads(line)["i"] for line in lines) == sorted([*range(20)] * 3)


def test_a_file_that_cannot_be_written_costs_no_run(root: Path, train: Callable[..., int]) -> None:
    config = root / "conf" / "config.yaml"
    config.write_text(config.read_text().replace("namespace: crm", "file: conf/config.yaml/events.jsonl"))

    assert train() == 0
    assert len(runs(root)) == 1


def test_nothing_that_speaks_to_a_network_is_loaded() -> None:
    code = "import sys; from overture.runtime.tracking import openlineage; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)

    assert not {"httpx", "mlflow", "openlineage", "requests", "urllib3"} & set(done.stdout.split())
