"""What every test may use."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
# As `bentoml serve` does, before BentoML is imported; each process that runs tests counts for itself.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp()
os.environ.setdefault("BENTOML_HOME", tempfile.mkdtemp())
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "true")
SOAK = os.environ.get("OVERTURE_SOAK") == "1"

# The same examples in every run, so that a red test is the change's own doing; `make soak` looks for new ones. No deadline: machines are busy.
settings.register_profile("test", derandomize=True, deadline=None)
settings.register_profile("soak", derandomize=False, deadline=None)
settings.load_profile("soak" if SOAK else "test")

CONFIG = """\
defaults:
  - base
  - _self_
  - override data: people
  - override model: {model}
  - override split: random
  - override serving: [http, batch]
hydra:
  searchpath: [pkg://overture.conf]
name: churn
task: binary
target: left
positive: "yes"
seed: 42
"""

DATA = """\
description: One row per person.
sources:
  people: {kind: csv, path: data/people.csv}
key: id
columns:
  id:     {type: integer, min: 1}
  age:    {type: integer, min: 0, max: 120, description: in years}
  city:   {type: category, values: [Oslo, Rome, "New York"]}
  income: {type: number, nullable: true}
  left:   {type: category, values: ["no", "yes"]}
"""


def people(rows: int = 200) -> str:
    """A CSV file in which the old and the poor leave."""
    lines = ["id,age,city,income,left"]
    for i in range(1, rows + 1):
        age, city = 18 + (i * 37) % 70, ("Oslo", "Rome", "New York")[i * 7 % 3]
        income = "" if i % 11 == 0 else f"{1000 + (i * 97) % 4000}.5"
        left = "yes" if (age > 60) != (i % 9 == 0) else "no"
        lines.append(f"{i},{age},{city},{income},{left}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small project by hand: configuration, data and an empty hooks.py."""

    def make(config: str = "", data: str = DATA, model: str = "logistic", rows: int = 200) -> Path:
        root = tmp_path / "churn"
        (root / "conf" / "data").mkdir(parents=True)
        (root / "data").mkdir()
        (root / "conf" / "config.yaml").write_text(config or CONFIG.format(model=model))
        (root / "conf" / "data" / "people.yaml").write_text(data)
        (root / "data" / "people.csv").write_text(people(rows))
        (root / "hooks.py").write_text('"""Where churn does things its own way."""\n')
        return root

    return make


@pytest.fixture
def overture() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the overture command in a process of its own."""

    def run(*words: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "overture.generator", *words]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload, no-any-return]

    return run
