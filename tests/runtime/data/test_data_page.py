"""Every YAML example of docs/data.md is a configuration without problems."""

import re
from pathlib import Path

import pytest
import yaml

from overture.runtime.data.derive import FUNCTIONS
from overture.runtime.spec import Spec

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "data.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n# (conf/\S+)\n(.*?)```", PAGE, re.DOTALL)
FLIGHTS = next(text for file, text in BLOCKS if file == "conf/data/flights.yaml")


@pytest.mark.parametrize(("file", "text"), BLOCKS)
def test_an_example_has_no_problems(file, text):
    given = yaml.safe_load(text)
    if file.startswith("conf/data/"):
        target = "arr_delay" if "flights" in file else "left"
        given = {"task": "regression" if target == "arr_delay" else "binary", "target": target, "data": given}
    else:
        given["data"] = yaml.safe_load(FLIGHTS)
    spec = Spec.model_validate({"name": "example", "model": {"kind": "catboost"}, "split": {"kind": "random"}, **given})
    assert spec.problems() == []
    assert list(spec.contract.expressions) == list(spec.data.derive)


def test_every_section_has_an_example():
    assert len(BLOCKS) == PAGE.count("\n## ") == PAGE.count("```yaml") == 6


def test_the_functions_that_are_listed_are_there():
    listed = re.search(r"Functions: `(.*?)`", PAGE, re.DOTALL)[1].replace("·", " ").split()
    assert set(listed) - {"case"} <= FUNCTIONS
