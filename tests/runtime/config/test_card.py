"""conf/card.yaml is optional, and what is wrong in it is told with its line, before anything is trained."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from overture.runtime.config.card import stated
from overture.runtime.config.load import load
from overture.runtime.config.schemas import schemas
from overture.runtime.errors import Mistake
from overture.runtime.project import Project
from overture.runtime.stated import Stated

from ..runs.conftest import train

TEMPLATE = (
    Path(__file__).resolve().parents[3] / "templates" / "project" / "{{ cookiecutter.folder }}" / "conf" / "card.yaml"
)


def test_nothing_has_to_be_stated(make_project: Callable[..., Path]) -> None:
    root = make_project()

    assert stated(root) == Stated()
    (root / "conf" / "card.yaml").write_text(TEMPLATE.read_text())
    assert stated(root) == Stated()


def test_the_examples_of_a_new_project_are_right_once_their_sign_is_taken_away(tmp_path: Path) -> None:
    lines = TEMPLATE.read_text().partition("\n\n")[2].splitlines()
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "card.yaml").write_text("\n".join(line.removeprefix("# ") for line in lines))

    found = stated(tmp_path)

    assert all(line.startswith("# ") for line in lines)
    assert (found.license, len(found.out_of_scope)) == ("apache-2.0", 2)


def test_everything_wrong_in_it_is_told_with_its_line(make_project: Callable[..., Path]) -> None:
    root = make_project()
    (root / "conf" / "card.yaml").write_text("provider: us\nintended_usee: calls\nlimits: few\nout_of_scope: [1]\n")

    with pytest.raises(Mistake) as told:
        load(root)

    assert [str(problem) for problem in told.value.problems] == [
        "conf/card.yaml:4   out_of_scope[0]: must be text, not 1.",
        'conf/card.yaml:3   limits: must be a list, not "few".',
        'conf/card.yaml:2   intended_usee: there is no such key. Did you mean "intended_use"?',
    ]


@pytest.mark.parametrize("text", ["- a list", "words", "provider: [1", "provider: a\nprovider: b"])
def test_what_is_no_card_is_a_mistake(make_project: Callable[..., Path], text: str) -> None:
    root = make_project()
    (root / "conf" / "card.yaml").write_text(text)

    with pytest.raises(Mistake, match=r"conf/card\.yaml"):
        Project.open(root)


def test_what_is_stated_makes_no_run_another_and_the_command_says_it_as_it_is_now(
    make_project: Callable[..., Path], overture: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    root = make_project()
    (root / "conf" / "card.yaml").write_text("provider: Analytics\n")
    run = train(root, "~model.params.iterations")
    (root / "conf" / "card.yaml").write_text('provider: Analytics\nintended_use: "Calls, once a week."\n')

    shown = overture("card", "best", cwd=root)
    written = overture("card", run.id, "-o", "card.md", cwd=root)

    assert Project.open(root, ["evaluation.replicates=40"]).inputs.run_id == run.id
    kept = (run.folder / "card.md").read_text()
    assert "Analytics" in kept
    assert "Calls, once a week." not in kept
    assert "Calls, once a week." in shown.stdout
    assert (root / written.stdout.strip()).read_text() == shown.stdout
    run.verify()


def test_editors_know_its_keys() -> None:
    known = schemas()["card"]["properties"]

    assert known.keys() - {"defaults"} == Stated.model_fields.keys()
    assert all(known[name]["description"] for name in Stated.model_fields)
    assert yaml.safe_load(TEMPLATE.read_text()) is None
