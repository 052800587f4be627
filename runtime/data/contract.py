"""Holding rows to what their columns promise: every value cast, every rule counted, in one pass over all columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .breach import Breach as Breach
from .cast import cast
from .column import AnyColumn, TimestampColumn
from .rule import NUMBER, Typed
from .survey import survey

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Conformed:
    """Rows in the types of their columns, and where they break their rules."""

    frame: pl.DataFrame
    """A value that breaks rule "type" is null; one that breaks another rule is there."""
    breaches: tuple[Breach, ...]
    unknown: dict[str, int]
    """By column, labels outside `values` that were taken for missing."""


def conform(
    raw: pl.DataFrame,
    columns: Mapping[str, AnyColumn],
    *,
    timezone: str | None = None,
    unknown_category: Literal["reject", "missing"] = "reject",
    numbers: pl.Series | None = None,
) -> Conformed:
    """The columns of `raw`, as read from a source, in their dtypes, with every breach of the contract.

    raw: holds each of `columns`, and maybe more, which are left out.
    timezone: where moments that name no zone are.
    unknown_category: "missing" makes a label outside `values` null, counted and no breach, nullable or not.
    numbers: the number of each row, by default from 1.
    """
    import polars as pl

    held = Typed(columns, {name: raw.schema[name] for name in columns}, timezone)
    number = (numbers if numbers is not None else pl.int_range(1, raw.height + 1, eager=True)).alias(NUMBER)
    rows = held.prepared(raw.with_columns(number).select(NUMBER, *columns).lazy()).collect()
    rules, unknown = held.rules(), {}
    frame = rows.select(*columns)
    if unknown_category == "missing":
        labelled = {rule.column: rule.faulty for rule in rules if rule.name == "values"}
        counts = rows.select(faulty.sum().alias(name) for name, faulty in labelled.items())
        unknown = {name: count for name, count in counts.row(0, named=True).items() if count} if labelled else {}
        rules = [rule for rule in rules if rule.name != "values"]
        frame = frame.with_columns(pl.when(labelled[name].not_()).then(pl.col(name)).alias(name) for name in unknown)
    return Conformed(frame, tuple(survey(rows.lazy(), rules)), unknown)


def zoneless(type: str, values: pl.Series, timezone: str | None) -> bool:
    """Are these values, which are none of the type, moments that only lack a zone?"""
    if type != "timestamp" or timezone is not None:
        return False
    import polars as pl

    there = cast(pl.col("value"), values.dtype, TimestampColumn(type="timestamp"), "UTC")
    return bool(values.to_frame("value").select(there.is_not_null().all()).item())
