"""Large frames, which are held in pieces as they were read, and are told apart without being held twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..cores import cores

if TYPE_CHECKING:
    import polars as pl


def beside(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """The columns of both frames, which are of one height, in the pieces of the left, so that nothing of it is copied."""
    import polars as pl

    lengths = left.to_series(0).chunk_lengths() if left.width else []
    if len(lengths) < 2:
        return left.hstack(right)
    parts, start = [], 0
    for length in lengths:
        parts.append(left.slice(start, length).hstack(right.slice(start, length)))
        start += length
    return pl.concat(parts)


def apart(columns: list[pl.Series], masks: Sequence[pl.Series]) -> list[pl.DataFrame]:
    """The rows that each mask chooses, in their order.

    columns: of one height; they are taken out of the list some at a time, as many as there are processors to use, so that
    nothing but these is in memory twice where nobody else holds them.
    """
    import polars as pl

    found: list[list[pl.Series]] = [[] for _ in masks]
    many = cores()
    while columns:
        some = pl.DataFrame(columns[:many])
        del columns[:many]
        for mask, kept in zip(masks, found, strict=True):
            kept += some.filter(mask).get_columns()
    return [pl.DataFrame(kept) for kept in found]
