"""Rows from Parquet files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictStr

from ...errors import Mistake, Problem
from ...own import first_line
from .. import paths
from ..column import AnyColumn
from ..source import Source
from ..storage import Remote, options
from ..stores.fault import fault, is_of_store

if TYPE_CHECKING:
    import polars as pl


# with less than five processors polars decodes one row group after the other, unless a thread may do with fewer values
os.environ.setdefault("POLARS_PARQUET_DECODE_TARGET_VALUES_PER_THREAD", "1000000")


class Parquet(Source):
    """Rows from a Parquet file; values keep the types they are stored in."""

    kind: Literal["parquet"]
    path: paths.Paths
    """The file, or a pattern as usage/**/*.parquet; or several by the part their rows belong to, {train: a.parquet,
    test: b.parquet}. Here, or in an object store: s3://lake/usage/*.parquet."""
    part: Annotated[StrictStr, Field(min_length=1)] = "part"
    """With several files: the name of the added column that says which one a row came from."""
    hive: StrictBool = False
    """Folders called key=value are columns of the rows in them: usage/year=2024/a.parquet has a column year."""

    def columns(self, root: Path) -> list[str]:
        """The names stored in the file.

        Raises Mistake when a file cannot be opened or is no Parquet file.
        """
        return paths.common_columns(
            paths.located(self.path, root), self.part, lambda it: self._scan(it).collect_schema().names()
        )

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns; no others are read.

        Raises Mistake when a file cannot be opened.
        """
        return paths.stacked(paths.located(self.path, root), self.part, wanted, self._scan)

    def misread(self, error: Exception, root: Path) -> Mistake:
        """Which of the files is damaged."""
        found = paths.located(self.path, root)
        for it in found:
            if len(found) == 1 or _damaged(it.file):
                return _fault(it, error)
        return super().misread(error, root)

    def adds(self) -> dict[str, AnyColumn]:
        """The column that tells several files apart."""
        return paths.part_column(self.path, self.part)

    def files(self, root: Path) -> list[Path]:
        """The files, sorted."""
        return paths.files(self.path, root)

    def objects(self, root: Path) -> list[Remote]:
        """The files in an object store."""
        return paths.objects(self.path, root)

    def _scan(self, found: paths.Found) -> pl.LazyFrame:
        """The file, whose schema can be read, with what its folders say."""
        import polars as pl

        scan = _opened(found.file)
        try:
            stored = scan.collect_schema()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise _fault(found, error) from None
        if not self.hive:
            return scan
        values = {key: value for key, value in found.folders.items() if key not in stored}
        return scan.with_columns(pl.lit(value, pl.String).alias(key) for key, value in values.items())

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write the frame as a Parquet file."""
        frame.write_parquet(folder / "example.parquet")
        return {"kind": "parquet", "path": "example.parquet"}


def _opened(file: Path | Remote) -> pl.LazyFrame:
    import polars as pl

    if isinstance(file, Remote):
        return pl.scan_parquet(file.url, glob=False, hive_partitioning=False, storage_options=options(file.url))
    return pl.scan_parquet(file, glob=False, hive_partitioning=False)


def _damaged(file: Path | Remote) -> bool:
    import polars as pl

    try:
        _opened(file).select(pl.all().null_count()).collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError):
        return True
    return False


def _fault(found: paths.Found, error: Exception) -> Mistake:
    import polars as pl

    if isinstance(found.file, Remote) and is_of_store(error):
        return Mistake(fault(found.file.url, error, paths.where(found.part)))
    if isinstance(error, pl.exceptions.DuplicateError):
        what, hint = f"{found.file.name}: {first_line(error).rstrip('.')}.", "Rename all but one where it is written."
        return Mistake(Problem(what, paths.where(found.part), hint=hint))
    what = f"{found.file.name} cannot be read as Parquet: {first_line(error).rstrip('.')}."
    return Mistake(Problem(what, paths.where(found.part), hint="Is it whole? Is it a Parquet file?"))
