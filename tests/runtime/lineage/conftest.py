"""A small project that has one run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.runs.run import Run

from ..runs.conftest import train


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    """The folder of a project whose model is CatBoost."""
    return make_project(model="catboost", rows=400)


@pytest.fixture
def run(project: Path) -> Run:
    """A run of the project."""
    return train(project)
