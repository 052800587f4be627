"""Rows from Delta tables: one version, known by its number."""

import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.data.sources.delta import Delta
from overture.runtime.errors import Mistake

ANY = {"a": column("integer")}


@pytest.fixture
def root(tmp_path):
    pl.DataFrame({"a": [1]}).write_delta(tmp_path / "table")
    pl.DataFrame({"a": [2]}).write_delta(tmp_path / "table", mode="append")
    return tmp_path


def test_the_newest_version_is_read_unless_another_is_named(root):
    newest, first = Delta(kind="delta", path="table"), Delta(kind="delta", path="table", version=0)
    assert sorted(newest.read(root, ANY)["a"]) == [1, 2]
    assert first.read(root, ANY)["a"].to_list() == [1]
    assert newest.snapshot(root)["version"] == "1"
    assert first.snapshot(root) == {**newest.snapshot(root), "version": "0"}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"path": "none"}, "path: there is no Delta table none"),
        ({"path": "table", "version": 7}, "version: table has no version 7"),
    ],
)
def test_what_is_not_there_is_a_mistake(root, keys, said):
    for ask in (Delta.columns, Delta.snapshot, lambda source, root: source.read(root, ANY)):
        with pytest.raises(Mistake, match=said):
            ask(Delta(kind="delta", **keys), root)


def test_a_file_of_the_table_that_is_gone_is_a_mistake(root):
    next((root / "table").glob("*.parquet")).unlink()
    with pytest.raises(Mistake, match="path: table cannot be read as a Delta table"):
        Delta(kind="delta", path="table").read(root, ANY)
