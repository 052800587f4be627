"""A kill or control-C at any line of promote or record leaves a project in which the same command then works."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.runs.run import Run

SCRIPT = Path(__file__).with_name("interrupted.py")
STEP = {"promote": 7, "record": 19}
"""Lines of our code between two moments that are tried."""


@pytest.mark.parametrize("how", ["kill", "interrupt"])
@pytest.mark.parametrize("piece", ["promote", "record"])
def test_any_moment_may_be_the_last(piece: str, how: str, project: Path, train: Callable[..., Run]) -> None:
    if piece == "promote":
        train(project)
        train(project, "model.params.depth=2")
    command = [sys.executable, str(SCRIPT), piece, str(project), how, str(STEP[piece])]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)

    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 100
