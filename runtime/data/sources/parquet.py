"""Rows from Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictStr

from ...errors import Mistake, Problem
from ...own import first_line
from .. import paths
from ..column import AnyColumn
from ..source import Source

if TYPE_CHECKING:
    import polars as pl


class Parquet(Source):
    """Rows from a Parquet file; values keep the types they are stored in."""

    kind: Literal["parquet"]
    path: paths.Paths
    """The file; or several files by the part their rows belong to, {train: a.parquet, test: b.parquet}."""
    part: Annotated[StrictStr, Field(min_length=1)] = "part"
    """With several files: the name of the added column that says which one a row came from."""

    def columns(self, root: Path) -> list[str]:
        """The names stored in the file.

        Raises Mistake when a file cannot be opened or is no Parquet file.
        """
        return paths.common_columns(
            paths.located(self.path, root), self.part, lambda part, file: _scan(part, file).collect_schema().names()
        )

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns; no others are read.

        Raises Mistake when a file cannot be opened.
        """
        return paths.stacked(paths.located(self.path, root), self.part, wanted, _scan)

    def misread(self, error: Exception, root: Path) -> Mistake:
        """Which of the files is damaged."""
        files = paths.located(self.path, root)
        for part, file in files.items():
            if len(files) == 1 or _damaged(file):
                return _fault(part, file, error)
        return super().misread(error, root)

    def adds(self) -> dict[str, AnyColumn]:
        """The column that tells several files apart."""
        return paths.part_column(self.path, self.part)

    def files(self, root: Path) -> list[Path]:
        """The files, sorted."""
        return sorted(paths.named(self.path, root).values())

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write the frame as a Parquet file."""
        frame.write_parquet(folder / "example.parquet")
        return {"kind": "parquet", "path": "example.parquet"}


def _scan(part: str, file: Path) -> pl.LazyFrame:
    """The file, whose schema can be read."""
    import polars as pl

    try:
        scan = pl.scan_parquet(file, glob=False)
        scan.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _fault(part, file, error) from None
    return scan


def _damaged(file: Path) -> bool:
    import polars as pl

    try:
        pl.scan_parquet(file, glob=False).select(pl.all().null_count()).collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError):
        return True
    return False


def _fault(part: str, file: Path, error: Exception) -> Mistake:
    what = f"{file.name} cannot be read as Parquet: {first_line(error).rstrip('.')}."
    return Mistake(Problem(what, paths.where(part), hint="Is it whole? Is it a Parquet file?"))
