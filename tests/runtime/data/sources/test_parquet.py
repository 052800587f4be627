"""Rows from Parquet files: stored types stay, damaged files are said."""

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from overture.runtime.data.column import column
from overture.runtime.data.contract import conform
from overture.runtime.data.sources.parquet import Parquet
from overture.runtime.errors import Mistake

ANY = column("text", nullable=True)


def test_values_keep_the_types_they_are_stored_in(tmp_path):
    frame = pl.DataFrame({"a": pl.Series([1, None], dtype=pl.Int16), "b": [1.5, float("nan")], "c": [True, False]})
    frame.write_parquet(tmp_path / "rows.parquet")
    read = Parquet(kind="parquet", path="rows.parquet").read(tmp_path, dict.fromkeys("cab", ANY))
    assert read.schema == {"c": pl.Boolean, "a": pl.Int16, "b": pl.Float64}
    assert read.equals(frame.select("c", "a", "b"))


def test_a_stored_nan_is_missing(tmp_path):
    pl.DataFrame({"b": [1.5, float("nan")]}).write_parquet(tmp_path / "rows.parquet")
    columns = {"b": column("number")}
    made = conform(Parquet(kind="parquet", path="rows.parquet").read(tmp_path, columns), columns)
    assert [(breach.rule, breach.rows) for breach in made.breaches] == [("nullable", (2,))]


def test_a_name_with_stars_is_a_name(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "[a]*.parquet")
    assert Parquet(kind="parquet", path="[a]*.parquet").columns(tmp_path) == ["a"]


def test_files_of_different_whole_numbers_stand_in_one_column(tmp_path):
    pl.DataFrame({"a": [1]}, schema={"a": pl.Int16}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"a": [2]}, schema={"a": pl.Int64}).write_parquet(tmp_path / "b.parquet")
    source = Parquet(kind="parquet", path={"train": "a.parquet", "test": "b.parquet"})
    assert source.read(tmp_path, {"a": ANY, **source.adds()}).rows() == [(1, "train"), (2, "test")]


def test_files_whose_types_do_not_go_together_are_a_mistake(tmp_path):
    pl.DataFrame({"a": [1], "b": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"a": [[2]], "b": [1]}).write_parquet(tmp_path / "b.parquet")
    source = Parquet(kind="parquet", path={"train": "a.parquet", "test": "b.parquet"})
    with pytest.raises(Mistake, match=r"path: a\.parquet and b\.parquet store a in types that do not go together"):
        source.read(tmp_path, {"a": ANY, "b": ANY})


@pytest.mark.parametrize("cut", [0, 3, 50, -1, -9])
def test_a_file_cut_short_is_a_mistake(tmp_path, cut):
    file = tmp_path / "rows.parquet"
    pl.DataFrame({"a": range(1000)}).write_parquet(file)
    file.write_bytes(file.read_bytes()[:cut])
    for ask in (Parquet.columns, lambda source, root: source.read(root, {"a": ANY})):
        with pytest.raises(Mistake, match=r"path: rows\.parquet cannot be read as Parquet"):
            ask(Parquet(kind="parquet", path="rows.parquet"), tmp_path)


def test_a_column_named_twice_is_said(tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(Mistake, match=r"path: rows\.parquet: .*'a'.*more than one.* Rename all but one") as mistake:
        Parquet(kind="parquet", path="rows.parquet").columns(tmp_path)
    assert "whole" not in str(mistake.value)


def test_a_damaged_page_is_a_mistake(tmp_path):
    file = tmp_path / "rows.parquet"
    pl.DataFrame({"a": [f"{i * 7919 % 1009}" for i in range(5000)]}).write_parquet(file)
    data = bytearray(file.read_bytes())
    data[10:400] = bytes(390)
    file.write_bytes(data)
    with pytest.raises(Mistake, match="cannot be read as Parquet"):
        Parquet(kind="parquet", path="rows.parquet").read(tmp_path, {"a": ANY})
