"""What docs/report.md says is so: its commands run, its YAML loads, its keys are all there are."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from overture.runtime.config.load import load
from overture.runtime.explanations.settings import Explanations
from overture.runtime.runs.run import Run
from overture.runtime.stated import Stated

from ..runs.conftest import train

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "report.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```yaml\n# (conf/\S+)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = re.findall(r"^\$ (overture .*)$", PAGE, re.MULTILINE)


def test_its_yaml_is_what_every_project_starts_from(make_project: Callable[..., Path]) -> None:
    root = make_project()
    config = root / "conf" / "config.yaml"
    config.write_text(config.read_text() + EXAMPLES["conf/config.yaml"])
    (root / "conf" / "card.yaml").write_text(EXAMPLES["conf/card.yaml"])

    assert load(root).spec.explanations == Explanations()
    assert yaml.safe_load(EXAMPLES["conf/config.yaml"])["explanations"].keys() == Explanations.model_fields.keys()
    assert Stated.model_validate(yaml.safe_load(EXAMPLES["conf/card.yaml"])).license == "apache-2.0"


def test_its_commands_run(
    make_project: Callable[..., Path], overture: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    root = make_project()
    runs = [train(root, "~model.params.iterations", *more) for more in ([], ["model.params.C=2"])]
    ids = dict(zip(("e462a48e2ab5", "e9700cd648bc"), (run.id for run in runs), strict=True))

    for command in COMMANDS:
        for shown, run in ids.items():
            command = command.replace(shown, run)
        done = overture(*command.split()[1:], cwd=root)
        assert (done.returncode, done.stderr) == (0, "")
        if not command.startswith("overture card"):
            assert Path(done.stdout.strip()).is_file()
    assert len(COMMANDS) == 3
    assert (root / "runs" / f"{runs[0].id}-{runs[1].id}.html").is_file()


def test_every_section_it_names_is_in_the_report(make_project: Callable[..., Path]) -> None:
    run: Run = train(make_project(rows=1500), "~model.params.iterations")
    parts = re.findall(r"^\| ([A-Z][^|]+?) \|", PAGE, re.MULTILINE)

    html = (run.folder / "report.html").read_text()

    assert len(parts) == 5
    assert [part for part in parts if f">{part}</h" not in html] == []


@pytest.mark.parametrize("word", ["null", "{rows: 50}"])
def test_explanations_are_overridden_on_the_command_line(make_project: Callable[..., Path], word: str) -> None:
    found = load(make_project(), [f"explanations={word}"]).spec.explanations

    assert (found is None) == (word == "null")
    assert found is None or (found.rows, found.repeats) == (50, 5)
