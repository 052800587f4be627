"""Every example of docs/lineage.md does what the page says."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from overture.runtime.data.dataset import Dataset
from overture.runtime.runs.promote import promote

from ..runtime.runs.conftest import train

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "lineage.md").read_text("utf-8")
SHOWN = re.findall(r"```console\n\$ overture (.*?)\n(.*?)```", PAGE, re.DOTALL)
VARYING = r"[0-9a-f]{12}|20\d\d-\d\d-\d\dT[\d:.]+Z|by [\w ]+(?=:)|commit \S+( with changes)?|no commit"


def test_the_page_shows_what_is_printed(make_project: Callable[..., Path], overture: Callable[..., object]) -> None:
    root = make_project(model="catboost", rows=400)
    run = train(root)
    promote(root, [], run, "the first one")

    for words, output in SHOWN:
        done = overture(*words.split(), cwd=root)
        assert done.returncode == 0, done.stderr
        said = re.sub(VARYING, "*", done.stdout)
        for part in re.sub(VARYING, "*", output).split("…\n"):
            assert part in said


@pytest.mark.parametrize("text", re.findall(r"```yaml\n# conf/data/\S+\n(.*?)```", PAGE, re.DOTALL))
def test_an_example_is_a_data_set(text: str) -> None:
    assert Dataset.model_validate(yaml.safe_load(text)).problems() == []
