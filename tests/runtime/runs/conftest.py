"""A small project that trains in a tenth of a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.data.rows import check, load
from overture.runtime.fitting import fit
from overture.runtime.measuring import evaluate
from overture.runtime.parts import split
from overture.runtime.project import Project
from overture.runtime.runs.record import record
from overture.runtime.runs.run import Run

FAST = ["model.params.iterations=20", "evaluation.replicates=40"]


def train(root: Path, *overrides: str) -> Run:
    """Train as a generated train.py does, even where the run is there already."""
    project = Project.open(root, [*FAST, *overrides])
    rows = load(project.data)
    check(rows, project.schema)
    parts = split(rows, project.split)
    model = fit(project.model, parts)
    return record(project, parts, model, evaluate(model, parts, project.evaluation))


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    """The folder of a project whose model is CatBoost."""
    return make_project(model="catboost", rows=400)


@pytest.fixture
def run(project: Path) -> Run:
    """A run of the project."""
    return train(project)


@pytest.fixture(name="train")
def training() -> Callable[..., Run]:
    """Trains the project of a folder, with overrides."""
    return train
