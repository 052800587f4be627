"""A key that was renamed is pointed out with its new name and its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.config.load import examine
from overture.runtime.config.renamed import RENAMED, Renamed

CONFIG = """\
defaults: [base, _self_, {override data: people}, {override model: logistic}]
hydra:
  searchpath: [pkg://overture.conf]
name: churn
task: binary
target: left
label: "yes"
"""
DATA = """\
sources: {people: {kind: csv, path: data/people.csv}}
columns:
  age:  {type: integer, lowest: 0}
  left: {type: category, values: ["no", "yes"]}
"""


def test_the_new_name_and_the_line_are_told(make_project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RENAMED, "label", Renamed("positive", "0.3.0"))
    monkeypatch.setitem(RENAMED, "data.columns.*.lowest", Renamed("data.columns.*.min", "0.4.0"))
    root = make_project(config=CONFIG, data=DATA)

    told = [str(problem) for problem in examine(root)[1]]

    assert any("conf/config.yaml:7" in one and "is called positive since overture 0.3.0" in one for one in told), told
    assert any("conf/data/people.yaml:3" in one and "is called data.columns.*.min since" in one for one in told), told


def test_a_key_that_never_had_another_name_is_compared_with_those_there_are(make_project: Callable[..., Path]) -> None:
    root = make_project(config=CONFIG, data=DATA)

    told = [str(problem) for problem in examine(root)[1]]

    assert any("there is no such key" in one for one in told)
