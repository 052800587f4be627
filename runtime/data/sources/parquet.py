"""Rows from Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictStr

from ...errors import Mistake, Problem
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
            paths.located(self.path, root), self.part, lambda part, file: list(_scan(part, file, None).columns)
        )

    def read(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.DataFrame:
        """The wanted columns; no others are read.

        Raises Mistake when a file cannot be opened or is damaged.
        """
        return paths.stacked(
            paths.located(self.path, root), self.part, wanted, lambda part, file: _scan(part, file, list(wanted))
        )

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


def _scan(part: str, file: Path, wanted: list[str] | None) -> pl.DataFrame:
    """The wanted columns that the file has; with null, its columns without any row."""
    import polars as pl

    try:
        scan = pl.scan_parquet(file, glob=False)
        names = scan.collect_schema().names()
        if wanted is None:
            return pl.DataFrame(schema=names)
        return scan.select(name for name in names if name in wanted).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        what = f"{file.name} cannot be read as Parquet: {str(error).splitlines()[0].rstrip('.')}."
        raise Mistake(Problem(what, paths.where(part), hint="Is it whole? Is it a Parquet file?")) from None
