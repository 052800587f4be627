"""Rows from an object store, as an S3 server on loopback keeps them."""

import gzip
import io

import polars as pl
import pytest
from pydantic import TypeAdapter

from overture.runtime.data.column import column
from overture.runtime.data.source import SOURCES
from overture.runtime.errors import Mistake

FRAME = pl.DataFrame({"a": ["1", "2"], "b": ["x", "y"]})
ANY = dict.fromkeys("ab", column("text", nullable=True))


def source(**keys):
    return TypeAdapter(SOURCES.union()).validate_python(keys)


def put(lake, key, content):
    with lake.open_output_stream(f"lake/{key}", compression=None) as file:
        file.write(content)


def as_bytes(kind):
    buffer = io.BytesIO()
    if kind == "parquet":
        FRAME.write_parquet(buffer)
    elif kind == "excel":
        FRAME.write_excel(buffer)
    elif kind == "jsonl":
        FRAME.write_ndjson(buffer)
    else:
        FRAME.write_csv(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["csv", "excel", "jsonl", "parquet"])
def test_files_of_every_kind_are_read_from_it(lake, tmp_path, kind):
    for year in (2023, 2024):
        put(lake, f"usage/{year}/rows", as_bytes(kind))
    one = source(kind=kind, path="s3://lake/usage/2024/rows")
    assert one.columns(tmp_path) == ["a", "b"]
    assert one.read(tmp_path, ANY).cast(pl.String).equals(FRAME)
    assert source(kind=kind, path="s3://lake/usage/*/r?ws").read(tmp_path, ANY).height == 4
    assert source(kind=kind, path="s3://lake/**/rows").read(tmp_path, ANY).height == 4


def test_a_packed_file_is_read_from_it(lake, tmp_path):
    put(lake, "rows.csv.gz", gzip.compress(as_bytes("csv")))
    assert source(kind="csv", path="s3://lake/rows.csv.gz").read(tmp_path, ANY).height == 2


def test_a_snapshot_says_when_another_file_is_there(lake, tmp_path):
    put(lake, "rows.csv", as_bytes("csv"))
    rows = source(kind="csv", path="s3://lake/rows.csv")
    assert rows.files(tmp_path) == []
    before = rows.snapshot(tmp_path)
    put(lake, "rows.csv", as_bytes("csv") + b"3,z\n")
    assert before.keys() == rows.snapshot(tmp_path).keys() == {"s3://lake/rows.csv"}
    assert before != rows.snapshot(tmp_path)


def test_a_delta_table_is_read_from_it(lake, tmp_path):
    options = {"aws_allow_http": "true", "aws_region": "eu-central-1", "aws_s3_allow_unsafe_rename": "true"}
    FRAME.write_delta("s3://lake/table", storage_options=options)
    table = source(kind="delta", path="s3://lake/table")
    assert table.read(tmp_path, ANY).equals(FRAME)
    assert table.snapshot(tmp_path)["version"] == "0"


@pytest.mark.parametrize("kind", ["csv", "parquet", "delta"])
def test_what_is_not_there_is_a_mistake(lake, tmp_path, kind):
    with pytest.raises(Mistake, match=r"path: there is no .*lake/none") as mistake:
        source(kind=kind, path="s3://lake/none").columns(tmp_path)
    assert mistake.value.problems[0].path == ("path",)


def test_a_pattern_that_nothing_fits_is_a_mistake(lake, tmp_path):
    with pytest.raises(Mistake, match=r"path: no file fits s3://lake/\*\.csv"):
        source(kind="csv", path="s3://lake/*.csv").columns(tmp_path)


@pytest.mark.parametrize("path", ["s3://lake/rows.csv", "s3://lake/*.csv"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_bucket_that_denies_is_a_mistake(denied, tmp_path, kind, path):
    with pytest.raises(Mistake, match=r"path: s3://lake/.*may not be read: lake denies access") as mistake:
        source(kind=kind, path=path).columns(tmp_path)
    assert "s3cret" not in str(mistake.value)


def test_an_endpoint_that_nobody_answers_is_a_mistake(lake, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Mistake, match=r"path: s3://lake/rows\.csv cannot be read"):
        source(kind="csv", path="s3://lake/rows.csv").columns(tmp_path)
