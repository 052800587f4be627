"""Rows go to their part by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ..splitting import Split, identity

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema


class Random(Split):
    """Each row by the hash of its key, or of all it says: sizes are approximate, and no row moves when others join."""

    kind: Literal["random"] = "random"
    keeps_together: ClassVar[bool] = True

    def assign(self, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """The part of each row."""
        from ..row_hash import positions

        return self.cut(positions(frame.select(identity(schema)), self.seed or 0))
