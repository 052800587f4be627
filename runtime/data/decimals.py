"""Numbers that are written with a decimal comma, and maybe with points between thousands: 1.234,5."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

COMMA = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)?(,\d*)?([eE][+-]?\d+)?$"
"""What such a number looks like; "" does too."""


def with_point(value: pl.Expr) -> pl.Expr:
    """Text in which numbers with a decimal comma have a point; what is no such number is made no number at all."""
    import polars as pl

    number = value.str.strip_chars()
    point = number.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(number.str.contains(COMMA)).then(point).otherwise(value + " (with a decimal comma)")
