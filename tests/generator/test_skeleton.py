"""The files that are written once: whatever the project is called, they say only what the template says."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from overture.generator.new import slug
from overture.generator.skeleton import skeleton

FOLDERS = (
    "churn",
    'x"]\nrun = "y',
    "${{ secrets.TOKEN }}",
    "{{ 7 * 7 }}",
    "a' ; touch canary #",
    "x\nRUN touch canary",
    "a" * 63,
)
WORKFLOW, HOOKS = ".github/workflows/check.yml", ".pre-commit-config.yaml"


@pytest.mark.parametrize("folder", FOLDERS, ids=range(len(FOLDERS)))
def test_the_name_of_a_project_is_a_value_and_nothing_else(folder: str, tmp_path: Path) -> None:
    name = slug(folder)
    made, plain = tmp_path / "made", tmp_path / "plain"
    for root, called in ((made, name), (plain, "plain")):
        root.mkdir()
        skeleton(root, called)

    assert shape(tomllib.loads((made / "pyproject.toml").read_text())) == shape(
        tomllib.loads((plain / "pyproject.toml").read_text())
    )
    assert tomllib.loads((made / "pyproject.toml").read_text())["project"]["name"] == name
    for path in (WORKFLOW, HOOKS, ".gitignore", ".gitattributes"):
        assert (made / path).read_bytes() == (plain / path).read_bytes()
    assert sorted(path.relative_to(made) for path in made.rglob("*")) == sorted(
        path.relative_to(plain) for path in plain.rglob("*")
    )


def test_the_check_runs_in_ci_and_before_a_commit(tmp_path: Path) -> None:
    root = tmp_path / "churn"
    root.mkdir()
    skeleton(root, "churn")

    workflow = yaml.safe_load((root / WORKFLOW).read_text())
    (hook,) = yaml.safe_load((root / HOOKS).read_text())["repos"][0]["hooks"]

    assert workflow["on"] == ["push", "pull_request"]
    assert workflow["jobs"]["check"]["steps"][-1] == {"run": "overture generate --check"}
    assert hook["entry"] == "overture generate --check"
    assert not hook["pass_filenames"]
    assert "${{" not in (root / WORKFLOW).read_text()


def shape(value: Any) -> Any:
    """A value with its texts left out."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__
