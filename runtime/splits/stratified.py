"""Rows go to their part by chance, with the same share of each class in every part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..splitting import TRAIN, VALID, Split, identity

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

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
        return self.cut(_middles(frame, schema, self.seed or 0))

    def fold(self, frame: pl.DataFrame, schema: Schema, part: pl.Series) -> pl.Series:
        """The fold of each row, with the same share of each class in every fold, exact to a row."""
        import numpy as np

        known = part.is_in([TRAIN, VALID]).fill_null(False)
        where = np.zeros(frame.height)
        where[known.to_numpy()] = _middles(frame.filter(known), schema, self.chance)
        return self.numbered(where, part)


def _middles(frame: pl.DataFrame, schema: Schema, seed: int) -> NDArray[np.float64]:
    """Where each row stands in [0, 1) among those of its class in the order of their hashes. Shape (rows,)."""
    import polars as pl

    from ..row_hash import hashes

    stratum = pl.col(schema.target)
    if not schema.classification:
        bins = max(1, min(_BINS, frame.height // _ROWS_A_BIN))
        stratum = (stratum.rank("min") - 1).cast(pl.Int64) * bins // max(frame.height, 1)
    rows = frame.select(stratum=stratum, hash=pl.Series(hashes(frame.select(identity(schema)), seed), dtype=pl.UInt64))
    middle = (pl.col("hash").rank("average") - 0.5) / pl.len()
    return rows.select(middle.over("stratum")).to_series().to_numpy()
