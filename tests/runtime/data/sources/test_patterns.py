"""Paths that name many files: patterns, folders that are columns, and files that change while they are read."""

import os

import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.data.sources.csv import Csv
from overture.runtime.data.sources.parquet import Parquet
from overture.runtime.errors import Mistake

ANY = column("text", nullable=True)


@pytest.fixture
def root(tmp_path):
    for year in ("2023", "2024", "__HIVE_DEFAULT_PARTITION__"):
        for city in ("New%20York", "Rome"):
            folder = tmp_path / "usage" / f"year={year}" / f"city={city}"
            folder.mkdir(parents=True)
            pl.DataFrame({"a": [f"{year[:4]} {city[:3]}"]}).write_parquet(folder / "rows.parquet")
            pl.DataFrame({"a": [f"{year[:4]} {city[:3]}"]}).write_csv(folder / "rows.csv")
    return tmp_path


def test_all_files_that_fit_are_read_in_the_order_of_their_names(root):
    source = Csv(kind="csv", path="usage/year=202*/**/*.csv")
    assert source.read(root, {"a": ANY})["a"].to_list() == ["2023 New", "2023 Rom", "2024 New", "2024 Rom"]
    assert len(source.files(root)) == 4


def test_patterns_name_parts(root):
    source = Csv(kind="csv", path={"train": "usage/year=2023/*/*.csv", "test": "usage/year=2024/*/*.csv"})
    read = source.read(root, {"a": ANY, **source.adds()})
    assert read.rows() == [("2023 New", "train"), ("2023 Rom", "train"), ("2024 New", "test"), ("2024 Rom", "test")]


def test_folders_are_columns_where_that_is_said(root):
    source = Parquet(kind="parquet", path="usage/**/*.parquet", hive=True)
    assert source.columns(root) == ["a", "year", "city"]
    read = source.read(root, {"city": ANY, "a": ANY, "year": ANY})
    assert read.rows()[:2] == [("New York", "2023 New", "2023"), ("Rome", "2023 Rom", "2023")]
    assert read["year"].to_list()[-2:] == [None, None]
    assert Parquet(kind="parquet", path="usage/**/*.parquet").columns(root) == ["a"]


def test_a_pattern_that_nothing_fits_is_a_mistake(root):
    with pytest.raises(Mistake, match=r"path: no file fits usage/\*\.csv"):
        Csv(kind="csv", path="usage/*.csv").columns(root)


@pytest.mark.parametrize("kind", [Csv, Parquet])
def test_a_file_that_changes_while_it_is_read_is_a_mistake(tmp_path, kind):
    frame = pl.DataFrame({"a": [str(i) for i in range(1000)]})
    name = kind.__name__.lower()
    file = tmp_path / f"rows.{name}"
    getattr(frame, f"write_{name}")(file)
    source = kind(kind=name, path=file.name)

    def grow():
        with source.reading(tmp_path):
            source.scan(tmp_path, {"a": ANY}).collect()
            file.write_bytes(file.read_bytes() + b"7\n")

    with pytest.raises(Mistake, match=f"path: rows.{name} changed while it was read"):
        grow()


def test_a_file_that_is_replaced_by_one_of_the_same_size_and_time_is_noticed(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("a\n1\n")
    state = file.stat()
    source = Csv(kind="csv", path="rows.csv")

    def replace():
        with source.reading(tmp_path):
            (tmp_path / "new").write_text("a\n2\n")
            os.utime(tmp_path / "new", ns=(state.st_atime_ns, state.st_mtime_ns))
            (tmp_path / "new").replace(file)

    with pytest.raises(Mistake, match="changed while it was read"):
        replace()
