"""Rows from object stores, as emulators on loopback keep them, and what is said when a store does not give them."""

import gzip
import io
import re

import polars as pl
import pytest
from pydantic import TypeAdapter

from overture.runtime.data import storage
from overture.runtime.data.column import column
from overture.runtime.data.source import SOURCES
from overture.runtime.errors import Mistake

from ....stores import AZURE_ACCOUNT, environment

FRAME = pl.DataFrame({"a": ["1", "2"], "b": ["x", "y"]})
KINDS = ("csv", "excel", "jsonl", "parquet")
ANY = dict.fromkeys("ab", column("text", nullable=True))


def source(**keys):
    return TypeAdapter(SOURCES.union()).validate_python(keys)


def as_bytes(kind, frame=FRAME):
    buffer = io.BytesIO()
    if kind == "parquet":
        frame.write_parquet(buffer)
    elif kind == "excel":
        frame.write_excel(buffer)
    elif kind == "jsonl":
        frame.write_ndjson(buffer)
    else:
        frame.write_csv(buffer)
    return buffer.getvalue()


def ask(source, root):
    source.columns(root)
    return source.read(root, ANY)


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_every_kind_are_read_from_it(lake, tmp_path, kind):
    for year in (2023, 2024):
        lake.put(f"usage/{year}/rows", as_bytes(kind))
    one = source(kind=kind, path=lake.url("usage/2024/rows"))
    assert one.columns(tmp_path) == ["a", "b"]
    assert one.read(tmp_path, ANY).cast(pl.String).equals(FRAME)
    assert source(kind=kind, path=lake.url("usage/*/r?ws")).read(tmp_path, ANY).height == 4
    assert source(kind=kind, path=lake.url("**/rows")).read(tmp_path, ANY).height == 4


def test_a_packed_file_is_read_from_it(lake, tmp_path):
    lake.put("rows.csv.gz", gzip.compress(as_bytes("csv")))
    assert source(kind="csv", path=lake.url("rows.csv.gz")).read(tmp_path, ANY).height == 2


def test_a_snapshot_says_when_another_file_is_there(lake, tmp_path):
    lake.put("rows.csv", as_bytes("csv"))
    rows = source(kind="csv", path=lake.url("rows.csv"))
    assert rows.files(tmp_path) == []
    before = rows.snapshot(tmp_path)
    lake.put("rows.csv", as_bytes("csv") + b"3,z\n")
    assert before.keys() == rows.snapshot(tmp_path).keys() == {lake.url("rows.csv")}
    assert before != rows.snapshot(tmp_path)


def test_a_delta_table_is_read_from_it(lake, tmp_path):
    FRAME.write_delta(tmp_path / "table")
    lake.put_folder(tmp_path / "table")
    table = source(kind="delta", path=lake.url("table"))
    assert table.read(tmp_path, ANY).equals(FRAME)
    assert table.snapshot(tmp_path)["version"] == "0"


def test_an_iceberg_table_is_read_from_it(lake, tmp_path, monkeypatch):
    if lake.store == "az":
        with pytest.raises(Mistake, match="path: Iceberg tables in Azure Blob Storage cannot be read"):
            source(kind="iceberg", path=lake.url("warehouse/crm/usage")).columns(tmp_path)
        return
    from pyiceberg.catalog import load_catalog

    monkeypatch.setenv("LAKE", f"sqlite:///{tmp_path}/catalog.db")
    told = {**storage.iceberg(lake.url("warehouse")), "s3.endpoint": lake.address, "gcs.service.host": lake.address}
    catalog = load_catalog(
        "lake", type="sql", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=lake.url("warehouse"), **told
    )
    catalog.create_namespace("crm")
    catalog.create_table("crm.usage", schema=FRAME.to_arrow().schema).append(FRAME.to_arrow())
    by_name = source(kind="iceberg", table="crm.usage", connection_env="LAKE", catalog="lake")
    by_path = source(kind="iceberg", path=lake.url("warehouse/crm/usage"))
    assert by_name.read(tmp_path, ANY).equals(FRAME)
    assert by_path.read(tmp_path, ANY).equals(FRAME)
    assert by_name.snapshot(tmp_path) == by_path.snapshot(tmp_path)
    with pytest.raises(Mistake, match=r"path: there is no Iceberg table .*warehouse/crm/none"):
        source(kind="iceberg", path=lake.url("warehouse/crm/none")).columns(tmp_path)


@pytest.mark.parametrize("place", ["lake/none", "nosuch/none", "nosuch/*.csv"])
@pytest.mark.parametrize("kind", [*KINDS, "delta"])
def test_what_is_not_there_is_a_mistake(lake, tmp_path, kind, place):
    with pytest.raises(Mistake, match=rf"path: there is no .*{re.escape(place)}\."):
        source(kind=kind, path=f"{lake.store}://{place}").columns(tmp_path)


def test_a_pattern_that_nothing_fits_is_a_mistake(lake, tmp_path):
    with pytest.raises(Mistake, match=r"path: no file fits \w+://lake/\*\.csv"):
        source(kind="csv", path=lake.url("*.csv")).columns(tmp_path)


@pytest.mark.parametrize("path", ["table", "*.csv"])
@pytest.mark.parametrize("kind", [*KINDS, "delta"])
def test_a_store_that_denies_is_a_mistake_that_says_what_to_set(lake, tmp_path, kind, path):
    lake.front.does("deny")
    said = r"path: \w+://lake/.*may not be read: lake denies access\. Set (AWS|GOOGLE|AZURE)_"
    with pytest.raises(Mistake, match=said) as mistake:
        source(kind=kind, path=lake.url(path)).columns(tmp_path)
    assert not re.search(r"s3cret|Eby8vdM", str(mistake.value))
    assert len(lake.front.asked) == 1  # a no is final


@pytest.mark.parametrize("kind", ["csv", "parquet", "delta"])
def test_a_store_that_is_busy_is_asked_again(lake, tmp_path, kind):
    if kind == "delta":
        FRAME.write_delta(tmp_path / f"{kind}-rows")
        lake.put_folder(tmp_path / f"{kind}-rows")
    else:
        lake.put(f"{kind}-rows", as_bytes(kind))
    lake.front.does("be busy twice")
    assert ask(source(kind=kind, path=lake.url(f"{kind}-rows")), tmp_path).height == 2
    assert len(lake.front.asked) > 3


@pytest.mark.parametrize("kind", [*KINDS, "delta"])
def test_a_connection_that_breaks_off_again_and_again_is_a_mistake(lake, tmp_path, kind):
    if lake.store == "gs" and kind != "parquet":
        pytest.skip("the library of Google tries again for more than a minute")
    many = pl.DataFrame({"a": [str(i * i) for i in range(20_000)], "b": "x"})
    if kind == "delta":
        many.write_delta(tmp_path / f"{kind}-rows")
        lake.put_folder(tmp_path / f"{kind}-rows")
    else:
        lake.put(f"{kind}-rows", as_bytes(kind, many))
    lake.front.does("break off")
    if lake.store == "az" and kind in ("csv", "excel", "jsonl"):  # its library goes on where it broke off
        assert ask(source(kind=kind, path=lake.url(f"{kind}-rows")), tmp_path).height == many.height
        return
    with pytest.raises(Mistake, match=r"path: \w+://lake/\w+-rows cannot be read: the connection broke off, each time"):
        ask(source(kind=kind, path=lake.url(f"{kind}-rows")), tmp_path)


def test_a_store_that_falls_silent_is_given_up(lake, tmp_path, monkeypatch):
    if lake.store != "s3":
        pytest.skip("the libraries of Google and Azure have no setting for it; they give up after minutes")
    monkeypatch.setattr("overture.runtime.data.stores.s3.ANSWER", 1)
    monkeypatch.setenv("AWS_PROFILE_OF_TEST", "silence")  # another environment is another file system
    lake.front.does("stall")
    with pytest.raises(Mistake, match="path: s3://lake/rows cannot be read: the store did not answer in time"):
        source(kind="csv", path=lake.url("rows")).columns(tmp_path)
    assert 1 < len(lake.front.asked) <= 4


def test_nobody_at_the_endpoint_is_a_mistake(tmp_path, monkeypatch):
    for name, value in environment("s3", "http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Mistake, match=r"path: s3://lake/rows\.csv cannot be read: there is no connection to the store"):
        source(kind="csv", path="s3://lake/rows.csv").columns(tmp_path)


def test_credentials_that_are_nowhere_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:9")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with pytest.raises(
        Mistake, match=r"no credentials for Google Cloud Storage were found\. Set GOOGLE_APPLICATION_CREDENTIALS"
    ):
        source(kind="csv", path="gs://lake/rows.csv").columns(tmp_path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(
        Mistake, match="the file that the environment variable GOOGLE_APPLICATION_CREDENTIALS names is not there"
    ):
        source(kind="csv", path="gs://lake/rows.csv").columns(tmp_path)
    with pytest.raises(Mistake, match="the environment variable AZURE_STORAGE_ACCOUNT_NAME is not set"):
        source(kind="csv", path="az://lake/rows.csv").columns(tmp_path)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", AZURE_ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"http://127.0.0.1:9/{AZURE_ACCOUNT}")
    with pytest.raises(Mistake, match=r"no credentials were found\. Set AZURE_STORAGE_ACCOUNT_KEY"):
        source(kind="csv", path="az://lake/rows.csv").columns(tmp_path)
