"""Rows from Iceberg tables: one snapshot, by the folder of the table or its name in a catalog."""

import polars as pl
import pytest
from pydantic import ValidationError

from overture.runtime.data.column import column
from overture.runtime.data.sources.iceberg import Iceberg
from overture.runtime.errors import Mistake

ANY = {"a": column("integer")}


@pytest.fixture
def table(tmp_path):
    """A table of two snapshots."""
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("lake", type="sql", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}")
    catalog.create_namespace("crm")
    rows = pl.DataFrame({"a": [1]}).to_arrow()
    made = catalog.create_table("crm.usage", schema=rows.schema)
    made.append(rows)
    made.append(pl.DataFrame({"a": [2]}).to_arrow())
    return made


def test_the_newest_snapshot_is_read_unless_another_is_named(table, tmp_path):
    first, newest = (it.snapshot_id for it in table.snapshots())
    source = Iceberg(kind="iceberg", path="crm/usage")
    older = Iceberg(kind="iceberg", path="crm/usage", snapshot_id=first)
    assert sorted(source.read(tmp_path, ANY)["a"]) == [1, 2]
    assert older.read(tmp_path, ANY)["a"].to_list() == [1]
    assert source.snapshot(tmp_path)["snapshot"] == str(newest)
    assert older.snapshot(tmp_path)["snapshot"] == str(first)


def test_a_file_of_metadata_names_a_table(table, tmp_path):
    path = table.metadata_location.removeprefix("file://")
    assert Iceberg(kind="iceberg", path=path).read(tmp_path, ANY).height == 2


def test_a_catalog_is_named_by_the_environment(table, tmp_path, monkeypatch):
    source = Iceberg(kind="iceberg", table="crm.usage", connection_env="LAKE", catalog="lake")
    with pytest.raises(Mistake, match="connection_env: the environment variable LAKE is not set"):
        source.columns(tmp_path)
    monkeypatch.setenv("LAKE", f"sqlite:///{tmp_path}/catalog.db")
    assert source.read(tmp_path, ANY).height == 2
    with pytest.raises(Mistake, match=r"table: there is no Iceberg table crm\.none"):
        Iceberg(kind="iceberg", table="crm.none", connection_env="LAKE", catalog="lake").columns(tmp_path)


def test_a_catalog_that_cannot_be_opened_tells_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKE", "nosuch://someone:s3cret@host/lake")
    with pytest.raises(Mistake, match="connection_env: the catalog in LAKE cannot be opened") as mistake:
        Iceberg(kind="iceberg", table="crm.usage", connection_env="LAKE", catalog="lake").columns(tmp_path)
    assert "s3cret" not in str(mistake.value)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"path": "crm/none"}, "path: there is no Iceberg table crm/none"),
        ({"path": "crm/usage", "snapshot_id": 7}, "snapshot_id: crm/usage has no snapshot 7; the newest are"),
    ],
)
def test_what_is_not_there_is_a_mistake(table, tmp_path, keys, said):
    for ask in (Iceberg.columns, Iceberg.snapshot, lambda source, root: source.read(root, ANY)):
        with pytest.raises(Mistake, match=said):
            ask(Iceberg(kind="iceberg", **keys), tmp_path)


@pytest.mark.parametrize("keys", [{}, {"path": "a", "table": "b.c"}, {"table": "b.c"}])
def test_a_table_is_named_in_one_way(keys):
    with pytest.raises(ValidationError):
        Iceberg(kind="iceberg", **keys)
