"""What the overture command says and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Overture = Callable[..., CompletedProcess[str]]
Make = Callable[..., Path]


def test_help_lists_the_commands(overture: Overture, tmp_path: Path) -> None:
    done = overture("--help", cwd=tmp_path)

    assert done.returncode == 0
    assert all(word in done.stdout for word in ("new", "check", "generate", "train", "runs", "promote", "score"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chek"], 'there is no command "chek". Did you mean "check"?'),
        (["check"], "this folder is no overture project"),
        (["new"], "NAME"),
        (["new", "x", "--data", "nope.csv", "--target", "y"], "nope.csv"),
        (["new", "x", "--dta", "nope.csv"], "--data"),
    ],
)
def test_a_wrong_word_ends_with_2_and_a_sentence(
    overture: Overture, tmp_path: Path, words: list[str], said: str
) -> None:
    done = overture(*words, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_tells_config_and_data_together(overture: Overture, make_project: Make) -> None:
    root = make_project()
    config = root / "conf" / "config.yaml"
    config.write_text(config.read_text().replace("seed: 42", "seed: ten"))
    data = root / "conf" / "data" / "people.yaml"
    data.write_text(data.read_text().replace("[Oslo, Rome,", "[Oslo, Roma,"))

    done = overture("check", cwd=root)

    assert done.returncode == 2
    assert "conf/config.yaml:14" in done.stderr
    assert "conf/data/people.yaml:8" in done.stderr
    assert 'Did you mean "Roma"?' in done.stderr
    assert "2 problems" in done.stderr


def test_data_that_breaks_the_contract_ends_with_1(overture: Overture, make_project: Make) -> None:
    root = make_project()
    data = root / "conf" / "data" / "people.yaml"
    data.write_text(data.read_text().replace("max: 120", "max: 60"))

    done = overture("check", "--json", cwd=root)

    problem = json.loads(done.stdout)["problems"][0]
    assert done.returncode == 1
    assert (problem["file"], problem["line"], problem["key"]) == ("conf/data/people.yaml", 7, "columns.age.max")


def test_generate_keeps_an_edit_and_check_does_not_call_it_stale(overture: Overture, make_project: Make) -> None:
    root = make_project()
    assert overture("generate", cwd=root).returncode == 0
    train = root / "train.py"
    train.write_text(train.read_text() + "\n# a line of mine\n")

    checked = overture("generate", "--check", cwd=root)
    data = root / "conf" / "data" / "people.yaml"
    data.write_text(data.read_text().replace("max: 120", "max: 130"))
    stale = overture("generate", "--check", cwd=root)
    mended = overture("generate", cwd=root)

    assert checked.returncode == 0
    assert stale.returncode == 1
    assert "le=130" in stale.stdout
    assert "overture generate" in stale.stdout
    assert mended.returncode == 0
    assert "# a line of mine" in train.read_text()
    assert "le=130" in (root / "service.py").read_text()
