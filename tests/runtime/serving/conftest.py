"""Small projects with a promoted run, whose model is a plug-in that only these tests have."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from overture.runtime import kinds
from overture.runtime.data.column import column
from overture.runtime.files import sha256
from overture.runtime.runs import manifest
from overture.runtime.schema import Schema

from ...in_process import served

HERE = Path(__file__).parent
RUN = "2f9c41d07be3"


SCHEMAS = {
    "binary": Schema(
        task="binary",
        features={
            "tenure": column("integer", min=0, max=120),
            "Senior Citizen": column("category", values=[0, 1]),
            "Contract": column("category", values=["Month-to-month", "One year", "Two year"]),
            "TotalCharges": column("number", nullable=True),
            "paperless": column("boolean"),
        },
        target="Churn",
        target_column=column("category", values=["No", "Yes"]),
        positive="Yes",
        key="customerID",
        key_column=column("text"),
        classes=["No", "Yes"],
        categories={"Senior Citizen": [0, 1], "Contract": ["Month-to-month", "One year", "Two year"]},
    ),
    "multiclass": Schema(
        task="multiclass",
        features={
            "Area (px²)": column("number", min=0),
            "shop": column("category"),
            "colour": column("category", values=["red", "green"], nullable=True),
            "picked": column("date"),
            "seen": column("timestamp"),
            "notes": column("text", nullable=True),
        },
        target="bean",
        target_column=column("integer"),
        timezone="Europe/Berlin",
        unknown_category="missing",
        classes=[1, 2, 3],
        categories={"shop": ["a", "b"], "colour": ["red", "green"]},
    ),
    "regression": Schema(
        task="regression",
        features={"rooms": column("integer", min=0), "income": column("number")},
        derived={"income_per_room": column("number", nullable=True)},
        target="price",
        target_column=column("number"),
    ),
}
HOOKS = {
    "binary": '"""Nothing of its own."""\n',
    "multiclass": '"""Nothing of its own."""\n',
    "regression": '''"""One feature of its own."""

import polars as pl


def features(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(income_per_room=pl.col("income") / (pl.col("rooms") + 1))
''',
}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """A folder to put on the path, as installing a package would; other tests must not see it."""
    importlib.import_module("overture.runtime.spec")  # which fixes the kinds that a configuration may name
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "tiny_model.py").write_text((HERE / "projects" / "tiny_model.py").read_text())
    information = folder / "tiny_model-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[overture.runtime.models]\ntiny = tiny_model:Tiny\n")
    sys.path.insert(0, str(folder))
    kinds.plugins.cache_clear()
    yield folder
    sys.path.remove(str(folder))
    kinds.plugins.cache_clear()


@pytest.fixture
def make_project(tmp_path, plugin):
    """A function that writes the project of a task; its run is promoted unless told otherwise."""

    def make(task, promoted=True, schema=None, quick=False):
        return write_project(tmp_path / task, task, promoted, schema, quick)

    return make


@pytest.fixture(scope="session")
def opened():
    """A function that opens a client of a project's service, in this process."""
    return served


@pytest.fixture(scope="module")
def churn(plugin, tmp_path_factory):
    with served(write_project(tmp_path_factory.mktemp("churn") / "binary", "binary")) as client:
        yield client


@pytest.fixture(scope="module")
def beans(plugin, tmp_path_factory):
    with served(write_project(tmp_path_factory.mktemp("beans") / "multiclass", "multiclass")) as client:
        yield client


@pytest.fixture(scope="module")
def prices(plugin, tmp_path_factory):
    with served(write_project(tmp_path_factory.mktemp("prices") / "regression", "regression")) as client:
        yield client


def write_project(root, task, promoted=True, schema=None, quick=False):
    """quick: may its model be asked for plain rows, on the event loop?"""
    root.mkdir()
    (root / "service.py").write_text((HERE / "projects" / f"{task}.py").read_text())
    (root / "hooks.py").write_text(HOOKS[task])
    _record(root, schema or SCHEMAS[task], {"quick": True} if quick else {})
    if promoted:
        promote(root)
    return root


def promote(root):
    run = root / "runs" / RUN
    (root / ".overture").mkdir(exist_ok=True)
    content = {
        "name": root.name,
        "run": RUN,
        "manifest_sha256": sha256(run / "manifest.json"),
        "promoted_at": "2026-11-23T20:29:29Z",
    }
    (root / ".overture" / "production.json").write_text(json.dumps(content))


def _record(root, schema, weights):
    run = root / "runs" / RUN
    (run / "model").mkdir(parents=True)
    (run / "model" / "weights.json").write_text(json.dumps(weights))
    (run / "schema.json").write_text(schema.model_dump_json())
    facts = {
        "id": RUN,
        "name": root.name,
        "created": "2026-11-23T20:29:29Z",
        "task": schema.task,
        "model": {"kind": "tiny", "label": "tiny"},
        "objective": "log_loss",
        "greater_is_better": False,
        "gain": {"value": 0.1, "low": 0.05, "high": 0.15},
        "test_rows": "cd" * 32,
        "metrics": {"log_loss": {"value": 0.41, "low": 0.39, "high": 0.43}},
        "inputs": {"data": {"telco.csv": "ab" * 32}},
    }
    (run / "run.json").write_text(json.dumps(facts))
    (run / "config.yaml").write_text('data: {sources: {rows: {kind: csv, path: rows.csv, missing: ["", "?"]}}}\n')
    manifest.seal(run, RUN)
