"""What every source of rows does. A kind of source is one file in `sources/`: its typed fields are its YAML keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..kinds import Kinds
from ..section import Section

if TYPE_CHECKING:
    import polars as pl

    from .column import AnyColumn


class Source(Section):
    """Where rows come from."""

    kind: str

    def columns(self, root: Path) -> list[str]:
        """The names of the columns, in their order, without reading the rows.

        Raises Mistake when the source cannot be opened.
        """
        raise NotImplementedError

    def read(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.DataFrame:
        """The wanted columns of all rows, each as text or in the type it is stored in; missing values are null.

        root: the project folder, where relative paths start.
        Raises Mistake when the source cannot be opened or read.
        """
        raise NotImplementedError

    def adds(self) -> dict[str, AnyColumn]:
        """Columns that the source makes by itself, as the part a row's file belongs to."""
        return {}

    def files(self, root: Path) -> list[Path]:
        """The local files that the rows come from, sorted; none for a source that is no file."""
        return []

    def snapshot(self, root: Path) -> dict[str, str]:
        """What else tells the rows of today from those of another day, as {"snapshot": "8741…"} of a table with
        versions or {"query": "select …"} of a database; none where the files say it all. It never holds a secret.

        Raises Mistake when the source cannot be opened.
        """
        return {}

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write a frame into a folder and give the YAML keys that read it back; the contract test of all kinds uses it."""
        raise NotImplementedError


SOURCES: Kinds[Source] = Kinds("source", "overture.runtime.data.sources", Source)
