"""Categories as codes of their labels, a fraction of the memory of text; only where the text can be had back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..threads import at_once
from .column import AnyColumn, CategoryColumn

if TYPE_CHECKING:
    import polars as pl

MOST = 1 << 14
"""Labels of a column, beyond which it stays text: they are no categories a model could learn much of."""
_SAMPLE = 1 << 17


def encoded(frame: pl.DataFrame, columns: Mapping[str, AnyColumn], names: Collection[str]) -> pl.DataFrame:
    """The frame with the named categories that it holds as pl.Enum of their labels in order; others are text still.

    A label that its column does not allow keeps the whole column text, so that the contract can tell what it is.
    """
    import polars as pl

    chosen = {
        name: column
        for name, column in columns.items()
        if name in names and isinstance(column, CategoryColumn) and not column.numeric and _is_text(frame.schema[name])
    }
    made = at_once(lambda name: _encoded(frame[name].cast(pl.String), chosen[name].values), chosen)
    return frame.with_columns(made)


def decoded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with categories as text."""
    import polars as pl

    return frame.cast({pl.Enum: pl.String})


def _is_text(stored: pl.DataType) -> bool:
    import polars as pl

    return isinstance(stored, pl.String | pl.Categorical | pl.Enum)


def _encoded(values: pl.Series, allowed: list[int | str] | None) -> pl.Series:
    import polars as pl

    if allowed is None:
        if values.head(_SAMPLE).n_unique() > MOST or (found := values.drop_nulls().unique()).len() > MOST:
            return values
        labels = found.sort()
    else:
        labels = pl.Series(sorted(map(str, allowed)))
    codes = values.cast(pl.Enum(labels), strict=False)
    return codes if codes.null_count() == values.null_count() else values
