"""Rows go to their part by chance, with the same share of each class in every part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..splitting import Split, identity

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema

_BINS = 10
_ROWS_A_BIN = 20


class Stratified(Split):
    """The rows of each class sorted by their hash, then cut: shares are exact to a row, and rows at a cut may move when others join.

    Regression has no classes: the target is cut into tenths, or fewer where there would be less than 20 rows in each.
    Rows that are equal in all they say stay together, on the side where the middle of them falls.
    """

    kind: Literal["stratified"] = "stratified"

    def assign(self, frame: pl.DataFrame, schema: Schema) -> pl.Series:
        """The part of each row."""
        import polars as pl

        from ..row_hash import hashes

        stratum = pl.col(schema.target)
        if not schema.classification:
            bins = max(1, min(_BINS, frame.height // _ROWS_A_BIN))
            stratum = (stratum.rank("min") - 1).cast(pl.Int64) * bins // frame.height
        rows = frame.select(
            stratum=stratum, hash=pl.Series(hashes(frame.select(identity(schema)), self.seed or 0), dtype=pl.UInt64)
        )
        middle = (pl.col("hash").rank("average") - 0.5) / pl.len()
        return self.cut(rows.select(middle.over("stratum")).to_series().to_numpy())
