"""Why rows break the contract, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .data.column import AnyColumn, whole
from .data.rule import moment

if TYPE_CHECKING:
    import polars as pl


def reasons(
    raw: pl.DataFrame,
    typed: pl.DataFrame,
    columns: Mapping[str, AnyColumn],
    broken: Iterable[tuple[str, str]],
    timezone: str | None,
) -> pl.Series:
    """For each row what it breaks, as text, or null where it keeps the contract.

    raw: the columns as they were read. typed: as `conform` gave them. broken: the columns and rules that some row breaks.
    """
    import polars as pl

    from .data.cast import present

    if not (rules := dict.fromkeys(broken)):
        return pl.Series("reason", [None], dtype=pl.String).new_from_index(0, raw.height)
    stored = raw.select(present(name, raw.schema[name]).alias(f"raw {name}") for name in columns)
    both = stored.hstack(typed.select(pl.col(name).alias(f"typed {name}") for name in columns))
    parts = []
    for name, rule in rules:
        fault, text = _fault(pl.col(f"raw {name}"), pl.col(f"typed {name}"), rule, columns[name], timezone)
        parts.append(pl.when(fault).then(pl.lit(f"{name}: {text}")))
    joined = pl.concat_str(parts, separator="; ", ignore_nulls=True)
    return both.select(pl.when(joined != "").then(joined).alias("reason"))["reason"]


def _fault(was: pl.Expr, value: pl.Expr, rule: str, column: AnyColumn, timezone: str | None) -> tuple[pl.Expr, str]:
    bound: Any = getattr(column, rule, None)
    if rule == "type":
        return was.is_not_null() & value.is_null(), f"not of type {getattr(column, 'type', '')}"
    if rule == "nullable":
        return was.is_null(), "missing"
    if rule == "min":
        return value < moment(bound, timezone), f"less than {bound}"
    if rule == "max":
        return value > moment(bound, timezone), f"greater than {bound}"
    if rule == "pattern":
        return value.str.contains(whole(bound)).not_(), f"not written as {bound}"
    return value.is_in(bound).not_(), "not one of the labels allowed"
