"""From the types of computed columns to those that a contract knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def column_type(dtype: pl.DataType) -> str | None:
    """The type of the contract that holds what is computed as this dtype; None when no model can take it."""
    import polars as pl

    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "number"
    kinds = {pl.Boolean: "boolean", pl.String: "category", pl.Categorical: "category", pl.Enum: "category",
             pl.Date: "date", pl.Datetime: "timestamp"}  # fmt: skip
    return kinds.get(dtype.base_type())


def typed(stored: pl.DataType, dtype: pl.DataType, name: str) -> pl.Expr:
    """A computed column in the dtype of its column: moments in UTC, numbers that are not finite missing."""
    import polars as pl

    value = pl.col(name)
    if isinstance(stored, pl.Datetime) and stored.time_zone is None:
        value = value.dt.replace_time_zone("UTC")
    elif isinstance(stored, pl.Datetime):
        value = value.dt.convert_time_zone("UTC")
    value = value.cast(dtype)
    return pl.when(value.is_finite()).then(value).alias(name) if dtype == pl.Float64 else value
