"""A project is made whole or not at all, and what is written for a person is what the runtime reads."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from overture.generator.new import Answers, Created, create, option_name, slug
from overture.runtime.config.load import load
from overture.runtime.data.rows import Data, check
from overture.runtime.data.rows import load as rows
from overture.runtime.errors import Mistake

ROWS = "customerID,plan,charge,Churn\n" + "".join(
    f"{i:04d}-ABC,{('Basic', 'No plan', 'Pro')[i % 3]},{' ' if i % 50 == 7 else i * 37 % 90},{'Yes' if i * 7 % 10 < 3 else 'No'}\n" for i in range(200)
)  # fmt: skip


def nothing(folder: Path) -> None:
    """Generates no file."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "Telco Churn.csv"
    path.parent.mkdir()
    path.write_text(ROWS, encoding="utf-8")
    return path


def made(folder: Path, data: Path, target: str = "Churn", **said: object) -> Created:
    return create(folder, Answers(folder.name, data, target, **said), nothing)  # type: ignore[arg-type]


def accepted(folder: Path) -> int:
    """Rows that the runtime reads through the project's configuration without a breach."""
    spec = load(folder).spec
    found = rows(Data(spec.data, spec.contract, folder))
    check(found, found.schema)
    assert found.extra == ()
    return found.read


def test_conf_is_tidy_and_commented(tmp_path: Path, data: Path) -> None:
    made(tmp_path / "my_churn", data)

    assert (
        (tmp_path / "my_churn/conf/config.yaml").read_text()
        == """\
# yaml-language-server: $schema=../.overture/schemas/config.json
# What is predicted, from which data, by which model. Change it, then: overture check
defaults:
  - base                                # overture's own defaults
  - _self_
  - override data: telco-churn
  - override model: catboost            # or hist_gradient_boosting, random_forest, logistic, …
  - override split: random              # or stratified, group, time
  - override serving: [http, batch]     # how predictions are asked for
hydra:
  searchpath: [pkg://overture.conf]

name: my-churn
task: binary                            # binary, multiclass or regression
target: Churn
positive: "Yes"                         # the class whose probability is the score
seed: 42                                # every random choice starts here
"""
    )
    assert (
        (tmp_path / "my_churn/conf/data/telco-churn.yaml").read_text()
        == """\
# yaml-language-server: $schema=../../.overture/schemas/data.json
# What a row is. It is held to this when it is loaded, in training, in every request and every batch.
sources:
  telco-churn: {kind: csv, path: ../data/Telco Churn.csv, missing: ["", " "]}
key: customerID                         # identifies a row; never a feature
columns:
  customerID: {type: category}  # different in every row: taken as the key, not as a feature
  plan:       {type: category, values: [Basic, No plan, Pro]}
  charge:     {type: integer, nullable: true, min: 0, max: 150}  # a whole number, but 4 rows hold a blank: nullable
  Churn:      {type: category, values: ["No", "Yes"]}
"""
    )


def test_the_story_names_the_line_of_all_that_deserves_an_eye(tmp_path: Path, data: Path) -> None:
    created = made(tmp_path / "churn", data)

    assert created.story == [
        "Read Telco Churn.csv: 200 rows, 4 columns, 4.3 kB.",
        'Task: binary. Churn is "Yes" in 30.0 % of rows.',
        "",
        "Worth a look, in conf/data/telco-churn.yaml",
        "  customerID   different in every row: taken as the key, not as a feature   line 7",
        "  charge       a whole number, but 4 rows hold a blank: nullable            line 9",
    ]
    assert created.files == 10


def test_the_runtime_accepts_what_was_written(tmp_path: Path, data: Path) -> None:
    made(tmp_path / "churn", data)

    assert accepted(tmp_path / "churn") == 200


def test_a_test_file_time_and_header_are_written_as_the_runtime_reads_them(tmp_path: Path) -> None:
    train, test = tmp_path / "train.data", tmp_path / "test.data"
    train.write_text(
        "".join(f" {i % 60}, {'?' if i % 9 == 0 else 'Private'}, {'<=50K' if i % 4 else '>50K'}\n" for i in range(200))
    )
    test.write_text("".join(f" {i % 60}, Public, {'<=50K' if i % 4 else '>50K'}.\n" for i in range(80)))

    created = made(tmp_path / "adult", train, "income", test=test, header=("age", "work", "income"))

    assert created.story[0] == "Read train.data and test.data: 200 and 80 rows, 3 columns, 5.3 kB."
    assert OmegaConf.load(tmp_path / "adult/conf/config.yaml")["split"] == {"column": "part"}
    assert accepted(tmp_path / "adult") == 280


def test_time_orders_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "day,at,x,y\n"
        + "".join(f"2024-01-{i % 28 + 1:02d},2024-01-01 10:{i % 60:02d}:00,{i * 7 % 11},{i % 2}\n" for i in range(100))
    )

    made(tmp_path / "p", path, "y", time="at")

    assert load(tmp_path / "p").spec.split.kind == "time"  # type: ignore[attr-defined]
    assert load(tmp_path / "p").spec.data.timezone == "UTC"
    assert accepted(tmp_path / "p") == 100


def test_what_is_generated_sees_the_whole_configuration(tmp_path: Path, data: Path) -> None:
    def generate(folder: Path) -> None:
        (folder / "train.py").write_text(f"# {load(folder).spec.name}\n")

    created = create(tmp_path / "churn", Answers("churn", data, "Churn"), generate)

    assert (tmp_path / "churn/train.py").read_text() == "# churn\n"
    assert created.files == 11


@pytest.mark.parametrize("name", ["9lives", "größe!" * 30, "日本", "-", "..x"])
def test_a_name_that_cannot_be_served_is_refused(tmp_path: Path, data: Path, name: str) -> None:
    before = sorted(tmp_path.iterdir())
    if name == "..x":
        made(tmp_path / name, data)
        assert load(tmp_path / name).spec.name == "x"
        return
    with pytest.raises(Mistake, match="cannot be the name of a project"):
        made(tmp_path / name, data)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, data: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()

    with pytest.raises(Mistake, match="the folder full is not empty"):
        made(tmp_path / "full", data)
    with pytest.raises(Mistake, match="file is a file"):
        made(tmp_path / "file", data)
    assert made(tmp_path / "empty", data).files == 10
    assert (tmp_path / "full/mine.txt").read_text() == "mine"


def test_nothing_is_left_when_generating_fails(tmp_path: Path, data: Path) -> None:
    def fail(folder: Path) -> None:
        raise Mistake("no")

    with pytest.raises(Mistake, match="no"):
        create(tmp_path / "churn", Answers("churn", data, "Churn"), fail)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_kill_leaves_no_half_of_a_project_and_the_same_command_then_works(tmp_path: Path, data: Path) -> None:
    script = f"""
import os
from pathlib import Path
from overture.generator.new import Answers, create
create(Path({str(tmp_path / "churn")!r}), Answers("churn", Path({str(data)!r}), "Churn"), lambda folder: os.kill(os.getpid(), 9))
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)

    assert killed.returncode == -9
    assert not (tmp_path / "churn").exists()
    assert made(tmp_path / "churn", data).files == 10


@pytest.mark.parametrize(
    ("file", "option"),
    [
        ("Telco-Customer-Churn.csv", "telco-customer-churn"),
        ("flights.csv.gz", "flights"),
        ("csv.csv", "data-csv"),
        ("No.csv", "data-no"),
        ("2024.csv", "data-2024"),
        ("日本.csv", "data"),
        ("a b.c.parquet", "a-b-c"),
    ],
)
def test_a_data_option_is_called_like_its_file(file: str, option: str) -> None:
    assert option_name(Path(file)) == option


@settings(deadline=None)
@given(st.text())
def test_a_slug_holds_nothing_but_letters_digits_and_dashes(text: str) -> None:
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_paths_have_forward_slashes_from_the_project_folder_on(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data.parent)

    made(Path("..") / "deep" / "er" / "churn", Path(data.name))

    assert "path: ../../../data/Telco Churn.csv" in (tmp_path / "deep/er/churn/conf/data/telco-churn.yaml").read_text()
    assert accepted(tmp_path / "deep/er/churn") == 200


def test_the_skeleton_is_python_and_toml_and_holds_no_values_but_the_name(tmp_path: Path, data: Path) -> None:
    import tomllib

    made(tmp_path / "my_churn", data)

    project = tomllib.loads((tmp_path / "my_churn/pyproject.toml").read_text())
    assert project["tool"]["bentoml"]["build"]["service"] == "service:MyChurn"
    compile((tmp_path / "my_churn/hooks.py").read_text(), "hooks.py", "exec")
    assert not any("cookiecutter" in path.read_text() for path in (tmp_path / "my_churn").iterdir() if path.is_file())
    assert {"runs/", "outputs/", "__pycache__/"} <= set((tmp_path / "my_churn/.gitignore").read_text().split())


def test_cookiecutter_leaves_nothing_at_home(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    made(tmp_path / "churn", data)

    assert list((tmp_path / "home").iterdir()) == []
