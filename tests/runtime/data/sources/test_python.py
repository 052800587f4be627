"""Rows from a function in hooks.py, and what is wrong with functions that give none."""

import pytest

from overture.runtime.data.column import column
from overture.runtime.data.sources.python import Python
from overture.runtime.errors import Mistake

HOOKS = """\
import polars as pl


def rows(first: int = 1) -> pl.DataFrame:
    return pl.DataFrame({"a": [first, 2], "b": ["x", None]})


def number():
    return 7


def broken():
    raise ValueError("no such host")
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "hooks.py").write_text(HOOKS)
    return tmp_path


def test_its_arguments_are_those_of_the_configuration(root):
    source = Python(kind="python", function="rows", arguments={"first": 5})
    assert source.columns(root) == ["a", "b"]
    assert source.read(root, {"a": column("integer")})["a"].to_list() == [5, 2]


def test_its_snapshot_is_what_it_gives(root):
    five, six = (Python(kind="python", function="rows", arguments={"first": n}).snapshot(root) for n in (5, 6))
    assert five["function"] == six["function"] == "rows"
    assert five["rows"] != six["rows"]
    assert five == Python(kind="python", function="rows", arguments={"first": 5}).snapshot(root)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"function": "row"}, 'function: hooks.py has no function row. Did you mean "rows"?'),
        ({"function": "rows", "arguments": {"last": 1}}, "arguments: rows cannot be called so: .*last"),
        ({"function": "number"}, "hooks.py:8   number must give a polars DataFrame or LazyFrame; it gave int"),
        ({"function": "broken"}, "hooks.py:13   broken fails: ValueError: no such host"),
    ],
)
def test_what_gives_no_rows_is_a_mistake(root, keys, said):
    with pytest.raises(Mistake, match=said.replace("?", r"\?")):
        Python(kind="python", **keys).columns(root)
