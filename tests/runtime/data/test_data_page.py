"""Every YAML example of docs/data.md is a configuration without problems."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from overture.runtime.data.derive import FUNCTIONS
from overture.runtime.data.source import SOURCES
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
    assert len(BLOCKS) == PAGE.count("```yaml")
    assert all("```yaml\n# conf/" in section for section in PAGE.split("\n## ")[1:])


def test_every_kind_of_source_is_shown_as_it_is_written():
    written = [yaml.safe_load(text) for text in re.findall(r"^\| [^|]+ \| `(\{.*?\})` \|", PAGE, re.MULTILINE)]
    for keys in written:
        TypeAdapter(SOURCES.union()).validate_python(keys)
    assert sorted(keys["kind"] for keys in written) == SOURCES.names()


def test_every_extra_of_the_sources_is_there():
    project = tomllib.loads((Path(__file__).resolve().parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    named = set(re.findall(r"overture\[(\w+)\]", PAGE))
    assert named == {"delta", "excel", "iceberg", "sql"} <= set(project["optional-dependencies"])


def test_the_functions_that_are_listed_are_there():
    listed = re.search(r"Functions: `(.*?)`", PAGE, re.DOTALL)[1].replace("·", " ").split()
    assert set(listed) - {"case"} <= FUNCTIONS
