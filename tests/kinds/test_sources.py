"""What every kind of source promises; a new file in runtime/data/sources is held to it by itself."""

import datetime as dt

import polars as pl
import pytest
from pydantic import TypeAdapter

from overture.runtime.data.column import column
from overture.runtime.data.contract import conform
from overture.runtime.data.source import SOURCES
from overture.runtime.errors import Mistake

FRAME = pl.DataFrame(
    {
        "whole": [1, -2, None, 2**40],
        "part": [0.5, None, 1e-9, 3.0],
        "label": ["a", "b,c", 'say "d"', None],
        "words": ["two\nlines", " blanks ", "ü", "x"],
        "day": [dt.date(2024, 1, 31), None, dt.date(1999, 12, 31), dt.date(2024, 2, 29)],
        "moment": [dt.datetime(2024, 1, 31, 12, 30, 1, 5, tzinfo=dt.UTC)] * 3 + [None],
        "yes": [True, False, None, True],
    }
)
TYPES = ("integer", "number", "category", "text", "date", "timestamp", "boolean")
COLUMNS = {name: column(type, nullable=True) for name, type in zip(FRAME.columns, TYPES, strict=True)}


@pytest.fixture(params=SOURCES.names())
def source(request, tmp_path):
    keys = SOURCES[request.param].example(tmp_path, FRAME)
    if keys is None:
        pytest.skip(f"{request.param} has rows of its own")
    return TypeAdapter(SOURCES.union()).validate_python(keys)


def test_every_row_comes_back_as_it_was(source, tmp_path):
    read = conform(source.read(tmp_path, COLUMNS), COLUMNS)
    assert read.breaches == ()
    assert read.frame.equals(FRAME)


def test_the_columns_are_named_in_their_order(source, tmp_path):
    assert source.columns(tmp_path) == FRAME.columns


def test_only_wanted_columns_are_read_in_the_order_wanted(source, tmp_path):
    wanted = {name: COLUMNS[name] for name in ("label", "whole")}
    assert source.read(tmp_path, wanted).columns == ["label", "whole"]


def test_the_files_are_there_and_sorted(source, tmp_path):
    assert source.files(tmp_path) == sorted(source.files(tmp_path))
    assert all(file.is_file() for file in source.files(tmp_path))


def test_a_file_that_is_gone_is_a_mistake_with_its_key(source, tmp_path):
    for file in source.files(tmp_path):
        file.unlink()
        for ask in (source.columns, lambda root: source.read(root, COLUMNS)):
            with pytest.raises(Mistake) as mistake:
                ask(tmp_path)
            assert mistake.value.problems[0].path == ("path",)


def test_every_key_is_explained():
    for kind in SOURCES.classes():
        fields = {name: field for name, field in kind.model_fields.items() if name != "kind"}
        assert all(field.description for field in fields.values())
        assert kind.__doc__


def test_a_scan_gives_the_same_rows_in_the_same_order_a_part_at_a_time(source, tmp_path):
    blocks = source.scan(tmp_path, COLUMNS).collect_batches(maintain_order=True)
    scanned = pl.concat([conform(block, COLUMNS).frame for block in blocks])
    assert scanned.equals(FRAME)


def test_the_rows_of_a_scan_can_be_counted_filtered_and_cut(source, tmp_path):
    scan = source.scan(tmp_path, COLUMNS)
    for engine in ("in-memory", "streaming"):
        assert scan.select(pl.len()).collect(engine=engine).item() == 4
        assert scan.filter(pl.col("label") == "a").select("words").collect(engine=engine).rows() == [("two\nlines",)]
        assert scan.head(2).select("label").collect(engine=engine)["label"].to_list() == ["a", "b,c"]
