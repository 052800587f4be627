"""What the command line costs, beside a Python that imports what nobody can do without."""

import shutil
import sys
from pathlib import Path

import polars as pl

from .side_by_side import compare

HYDRA = "import hydra, pydantic, jinja2; from hydra import compose, initialize_config_dir"


def test_help_beside_importing_click(tmp_path: Path) -> None:
    ratio = compare(
        "overture --help beside `import click`",
        [sys.executable, "-m", "overture.generator", "--help"],
        [sys.executable, "-c", "import click"],
        tmp_path,
    )

    assert ratio < 3


def test_generate_beside_importing_its_libraries(tmp_path: Path) -> None:
    pl.DataFrame(
        {**{f"c{i}": [(row * (i + 3)) % 97 for row in range(100)] for i in range(49)}, "y": [0, 1] * 50}
    ).write_csv(tmp_path / "wide.csv")
    project = make(tmp_path)

    ratio = compare(
        "overture generate, 50 columns, beside importing Hydra, pydantic and Jinja",
        [sys.executable, "-m", "overture.generator", "generate"],
        [sys.executable, "-c", HYDRA],
        project,
    )

    assert ratio < 5


def make(folder: Path) -> Path:
    import subprocess

    words = [sys.executable, "-m", "overture.generator", "new", "wide", "--data", "wide.csv", "--target", "y"]
    shutil.rmtree(folder / "wide", ignore_errors=True)
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return folder / "wide"
