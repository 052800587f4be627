"""A name that stands for other columns is refused where it is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.config.load import examine

DATA = """\
sources: {{people: {{kind: csv, path: data/people.csv}}}}
columns:
  {name}: {{type: integer}}
  left: {{type: category, values: ["no", "yes"]}}
"""


@pytest.mark.parametrize("name", ["'*'", "'^a.*$'", "^$"])
def test_a_pattern_is_no_name_of_a_column(name: str, make_project: Callable[..., Path]) -> None:
    told = [str(problem) for problem in examine(make_project(data=DATA.format(name=name)))[1]]

    assert [one for one in told if one.startswith("conf/data/people.yaml:3") and "stands for other columns" in one], (
        told
    )


@pytest.mark.parametrize("name", ["'a*'", "'^a'", "'a$'", "'^a.*'"])
def test_what_only_looks_like_a_pattern_is_a_name(name: str, make_project: Callable[..., Path]) -> None:
    assert examine(make_project(data=DATA.format(name=name)))[1] == []
