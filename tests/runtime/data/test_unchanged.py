"""A file that somebody writes to between two readings of it stops the work, and is named."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from overture.runtime.data.audit import audit
from overture.runtime.data.rows import Data, load
from overture.runtime.data.unchanged import stamps
from overture.runtime.errors import Mistake
from overture.runtime.fitting import fit
from overture.runtime.measuring import evaluate
from overture.runtime.parts import split
from overture.runtime.project import Project
from overture.runtime.runs.record import record

TOLD = (
    r"data\.sources\.people\.path: people\.csv changed between two readings\. Run it again once nobody writes there\."
)


@pytest.fixture
def root(make_project: Callable[..., Path]) -> Path:
    return make_project()


def more(root: Path) -> None:
    with (root / "data" / "people.csv").open("a") as file:
        file.write("900,30,Oslo,5,no\n")


def test_between_the_hash_and_the_loading(root: Path) -> None:
    project = Project.open(root)
    assert project.inputs
    more(root)

    with pytest.raises(Mistake, match=TOLD):
        load(project.data)


def test_between_the_loading_and_the_recording(root: Path) -> None:
    project = Project.open(root, ["evaluation.replicates=20"])
    rows = load(project.data)
    more(root)
    parts = split(rows, project.split)
    model = fit(project.model, parts)

    with pytest.raises(Mistake, match=TOLD):
        record(project, parts, model, evaluate(model, parts, project.evaluation))
    assert not (root / "runs").exists()


@pytest.mark.parametrize("broken", [False, True])
def test_between_the_passes_of_a_check(root: Path, broken: bool) -> None:
    def meanwhile(frame: pl.DataFrame) -> pl.DataFrame:
        more(root)
        if broken:
            raise ValueError("it fails because of what was written")
        return frame

    project = Project.open(root)
    data = Data(project.spec.data, project.schema, root, meanwhile)

    for work in (audit, load):
        with pytest.raises(Mistake, match=TOLD):
            work(data)


def test_a_file_beside_that_is_none_of_the_data_disturbs_nobody(root: Path) -> None:
    project = Project.open(root)
    assert project.inputs
    (root / "data" / "other.csv").write_text("a\n")
    (root / "data" / "people.csv").chmod(0o600)

    assert load(project.data).read == 200


def test_files_of_one_name_in_two_folders_are_told_apart(root: Path) -> None:
    for year in (2023, 2024):
        folder = root / "data" / f"year={year}"
        folder.mkdir()
        pl.read_csv(root / "data" / "people.csv").write_parquet(folder / "a.parquet")
    file = root / "conf" / "data" / "people.yaml"
    source = '{kind: parquet, path: "data/**/*.parquet", hive: true}'
    file.write_text(file.read_text().replace("{kind: csv, path: data/people.csv}", source))
    data = Project.open(root).spec.data

    assert len(stamps(data, root)["people"]) == 2
