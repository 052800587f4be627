"""Rows from Delta tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr

from ...errors import Mistake, Problem
from ...own import first_line
from .. import storage
from ..column import AnyColumn
from ..drivers import driver
from ..source import Source
from ..stores.fault import fault, is_of_store

if TYPE_CHECKING:
    import polars as pl


class Delta(Source):
    """Rows of one version of a Delta table. It needs the extra "delta".

    The version is an input of every run: the same version is the same data.
    """

    kind: Literal["delta"]
    path: Annotated[StrictStr, Field(min_length=1)]
    """The folder of the table, here or in an object store: s3://lake/usage."""
    version: Annotated[StrictInt, Field(ge=0)] | None = None
    """The version to read; null: the newest."""

    def columns(self, root: Path) -> list[str]:
        """The names in the schema of that version.

        Raises Mistake when there is no such table or version.
        """
        return self._scan(root).collect_schema().names()

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns; no others are read.

        Raises Mistake when there is no such table or version.
        """
        return self._scan(root).select(*wanted)

    def misread(self, error: Exception, root: Path) -> Mistake:
        """Which table cannot be read."""
        return self._fault(error)

    def snapshot(self, root: Path) -> dict[str, str]:
        """The version that is read, and the identity of the table.

        Raises Mistake when there is no such table or version.
        """
        table = self._table(root)
        return {"table": str(table.metadata().id), "version": str(table.version())}

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write the frame as a table."""
        frame.write_delta(folder / "example")
        return {"kind": "delta", "path": "example"}

    def _where(self, root: Path) -> str:
        return self.path if storage.is_remote(self.path) else str(root / self.path)

    def _options(self) -> dict[str, Any]:
        return storage.options(self.path) if storage.is_remote(self.path) else {}

    def _table(self, root: Path) -> Any:
        deltalake = driver("deltalake", "delta")
        if storage.is_remote(self.path):
            self._asked()
        known = {name: str(value) for name, value in self._options().items()}
        try:
            return deltalake.DeltaTable(self._where(root), version=self.version, storage_options=known)
        except (deltalake.exceptions.DeltaError, OSError) as error:
            raise self._fault(error) from None

    def _asked(self) -> None:
        """The store, whether there is such a folder: what it says is plainer than what comes out of deltalake."""
        try:
            there = storage.is_folder(f"{self.path.rstrip('/')}/_delta_log")
        except OSError as error:
            raise Mistake(fault(self.path, error, ("path",))) from None
        if not there:
            raise self._absent()

    def _absent(self) -> Mistake:
        what = f"there is no Delta table {self.path}."
        return Mistake(Problem(what, ("path",), hint="Name the folder that holds _delta_log."))

    def _scan(self, root: Path) -> pl.LazyFrame:
        import polars as pl

        version = self._table(root).version()
        try:
            scan = pl.scan_delta(self._where(root), version=version, storage_options=self._options())
            scan.collect_schema()
        except (pl.exceptions.PolarsError, driver("deltalake", "delta").exceptions.DeltaError, OSError) as error:
            raise self._fault(error) from None
        return scan

    def _fault(self, error: Exception) -> Mistake:
        said = first_line(error).rstrip(".")
        if type(error).__name__ == "TableNotFoundError":
            return self._absent()
        if storage.is_remote(self.path) and is_of_store(error):
            return Mistake(fault(self.path, error, ("path",)))
        if self.version is not None and "version" in said.lower():
            return Mistake(Problem(f"{self.path} has no version {self.version}: {said}.", ("version",)))
        return Mistake(Problem(f"{self.path} cannot be read as a Delta table: {said}.", ("path",)))
