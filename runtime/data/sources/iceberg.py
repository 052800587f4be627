"""Rows from Iceberg tables."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr, model_validator

from ...errors import Mistake, Problem, did_you_mean, listed
from ...form import EnvironmentVariable, Form
from ...own import first_line
from .. import storage
from ..column import AnyColumn
from ..connection import connection
from ..drivers import driver
from ..source import Source
from ..stores.fault import fault, is_of_store

if TYPE_CHECKING:
    import polars as pl


class Iceberg(Source):
    """Rows of one snapshot of an Iceberg table. It needs the extra "iceberg".

    The table is named by the file of its metadata, or by its name in a catalog that an environment variable gives.
    The snapshot is an input of every run: the same snapshot is the same data.
    """

    kind: Literal["iceberg"]
    path: Annotated[StrictStr, Field(min_length=1)] | None = None
    """The folder of the table, whose newest metadata counts, or one file of its metadata: s3://lake/usage/metadata/….json."""
    table: Annotated[str, Form(r"^[^.]+(\.[^.]+)+$", "a namespace and a name, as crm.usage")] | None = None
    """The name of the table in the catalog: crm.usage."""
    connection_env: EnvironmentVariable | None = None
    """The environment variable that holds the address of the catalog: https://… of a REST catalog, or a database's address."""
    catalog: Annotated[StrictStr, Field(min_length=1)] = "default"
    """The name of the catalog, which several in one database are told apart by."""
    snapshot_id: StrictInt | None = None
    """The snapshot to read; null: the newest."""

    @model_validator(mode="after")
    def _one_name(self) -> Iceberg:
        if (self.path is None) == (self.table is None):
            raise ValueError("name the table by either path or table")
        if (self.table is None) != (self.connection_env is None):
            raise ValueError("table needs connection_env, the environment variable with the address of its catalog")
        return self

    def columns(self, root: Path) -> list[str]:
        """The names in the schema of that snapshot.

        Raises Mistake when there is no such table or snapshot.
        """
        return self._scan(root).collect_schema().names()

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns; no others are read.

        Raises Mistake when there is no such table or snapshot.
        """
        return self._scan(root).select(*wanted)

    def misread(self, error: Exception, root: Path) -> Mistake:
        """Which table cannot be read."""
        return self._fault(error)

    def snapshot(self, root: Path) -> dict[str, str]:
        """The snapshot that is read, and the identity of the table.

        Raises Mistake when there is no such table or snapshot.
        """
        table = self._table(root)
        return {"table": str(table.metadata.table_uuid), "snapshot": str(self._snapshot(table))}

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write the frame as a table of a catalog beside it."""
        from pyiceberg.catalog import load_catalog

        catalog = load_catalog(
            "example", type="sql", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}"
        )
        catalog.create_namespace_if_not_exists("example")
        rows = frame.to_arrow()
        table = catalog.create_table_if_not_exists("example.rows", schema=rows.schema)
        table.append(rows.cast(table.schema().as_arrow()))
        return {"kind": "iceberg", "path": str(Path(table.location().removeprefix("file://")).relative_to(folder))}

    @property
    def _key(self) -> str:
        return "path" if self.path is not None else "table"

    def _table(self, root: Path) -> Any:
        driver("pyiceberg", "iceberg")
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError
        from pyiceberg.table import StaticTable

        try:
            if self.path is not None:
                told = storage.iceberg(self.path)
                return StaticTable.from_metadata(self._metadata(self.path, root), told)
            return self._catalog().load_table(self.table)
        except (NoSuchTableError, NoSuchNamespaceError, FileNotFoundError):
            raise Mistake(Problem(f"there is no Iceberg table {self.path or self.table}.", (self._key,))) from None
        except (OSError, ValueError) as error:
            raise self._fault(error) from None

    def _catalog(self) -> Any:
        from pyiceberg.catalog import load_catalog

        assert self.connection_env is not None
        address = connection(self.connection_env)
        kind = "rest" if address.startswith(("http://", "https://")) else "sql"
        try:
            return load_catalog(self.catalog, type=kind, uri=address, **storage.iceberg(None))
        except Exception as error:  # each kind of catalog fails in its own way
            what = f"the catalog in {self.connection_env} cannot be opened: {type(error).__name__}."
            raise Mistake(Problem(what, ("connection_env",))) from None

    def _metadata(self, path: str, root: Path) -> str:
        """The newest file of metadata in the folder of a table; the path itself, where it is such a file."""
        if path.endswith(".json"):
            return path if storage.is_remote(path) else str(root / path)
        if storage.is_remote(path):
            found = [it.url for it in storage.inside(f"{path.rstrip('/')}/metadata", ".metadata.json")]
        else:
            found = [str(it) for it in (root / path / "metadata").glob("*.metadata.json")]
        if not found:
            hint = "Name the folder that holds the folder metadata."
            raise Mistake(Problem(f"there is no Iceberg table {path}.", ("path",), hint=hint))
        return max(found, key=_age)

    def _snapshot(self, table: Any) -> int:
        known = [it.snapshot_id for it in table.snapshots()]
        if self.snapshot_id is not None and self.snapshot_id not in known:
            what = f"{self.path or self.table} has no snapshot {self.snapshot_id}; the newest are {listed(known[-3:], 'and')}."
            raise Mistake(Problem(what, ("snapshot_id",), hint=did_you_mean(self.snapshot_id, known, otherwise=" ")))
        newest = table.current_snapshot()
        if newest is None:
            raise Mistake(Problem(f"{self.path or self.table} has no rows.", (self._key,)))
        return int(self.snapshot_id or newest.snapshot_id)

    def _scan(self, root: Path) -> pl.LazyFrame:
        import polars as pl

        table = self._table(root)
        chosen = self._snapshot(table)
        if find_spec("polars_iceberg") is None:  # say so, or polars warns that it is not there
            os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")
        try:
            return pl.scan_iceberg(table, snapshot_id=chosen, storage_options=_options(table))
        except (pl.exceptions.PolarsError, OSError, ValueError) as error:
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> Mistake:
        if self.path is not None and storage.is_remote(self.path) and is_of_store(error):
            return Mistake(fault(self.path, error, ("path",)))
        what = f"{self.path or self.table} cannot be read as an Iceberg table: {first_line(error).rstrip('.')}."
        return Mistake(Problem(what, (self._key,)))


def _options(table: Any) -> dict[str, Any] | None:
    """What polars has to be told of the store that the rows of a table are in."""
    location = str(table.location())
    return storage.options(location) if storage.is_remote(location) else None


def _age(name: str) -> tuple[int, str]:
    """Files of metadata are called 00002-….metadata.json or v2.metadata.json."""
    number = re.match(r"v?(\d+)", name.replace("\\", "/").rpartition("/")[2])
    return int(number[1]) if number else -1, name
