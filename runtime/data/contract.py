"""Holding rows to what their columns promise: every value cast, every rule counted, in one pass over all columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from . import breach
from .breach import Breach as Breach
from .cast import cast, present
from .column import AnyColumn, TimestampColumn

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Conformed:
    """Rows in the types of their columns, and where they break their rules."""

    frame: pl.DataFrame
    """A value that breaks rule "type" is null; one that breaks min, max or values is there."""
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

    stored = raw.schema
    raw = raw.select(present(name, stored[name]) for name in columns)
    frame = raw.with_columns(cast(pl.col(name), stored[name], it, timezone).alias(name) for name, it in columns.items())
    check = _Check(
        raw, frame, numbers if numbers is not None else pl.int_range(1, raw.height + 1, eager=True), timezone
    )
    broken = check.broken(columns)
    unknown: dict[str, int] = {}
    if unknown_category == "missing":
        broken = [(name, rule) for name, rule in broken if rule != "values"]
        unknown = check.unknown_labels(columns)
        known = (pl.col(name).is_in(getattr(columns[name], "values", [])) for name in unknown)
        frame = frame.with_columns(
            pl.when(it).then(pl.col(name)).alias(name) for name, it in zip(unknown, known, strict=True)
        )
    found = (it for name, rule in broken for it in check.breaches(name, rule, columns[name]))
    return Conformed(frame, tuple(found), unknown)


@dataclass(frozen=True)
class _Check:
    """The values as stored and as typed, row by row, and what is asked of them."""

    raw: pl.DataFrame
    frame: pl.DataFrame
    numbers: pl.Series
    timezone: str | None

    def unknown_labels(self, columns: Mapping[str, AnyColumn]) -> dict[str, int]:
        """How many labels outside `values` each column holds, where it holds any."""
        labelled = [name for name, column in columns.items() if "values" in _rules(column)]
        if not labelled:
            return {}
        counts = self.frame.select(self.faulty(name, "values", columns[name]).sum().alias(name) for name in labelled)
        return {name: count for name, count in counts.row(0, named=True).items() if count}

    def broken(self, columns: Mapping[str, AnyColumn]) -> list[tuple[str, str]]:
        """Which rules of which columns some rows break."""
        asked = [(name, rule) for name, column in columns.items() for rule in _rules(column)]
        by_value = [(name, rule) for name, rule in asked if rule in ("min", "max", "values")]
        found = set()
        if by_value:
            faulty = [self.faulty(name, rule, columns[name]).any() for name, rule in by_value]
            some = self.frame.select(any_.alias(str(i)) for i, any_ in enumerate(faulty)).row(0)
            found = {pair for pair, yes in zip(by_value, some, strict=True) if yes}
        for name in columns:
            lacking, left = self.raw[name].null_count(), self.frame[name].null_count()
            found |= {(name, "nullable")} if lacking else set()
            found |= {(name, "type")} if left > lacking else set()
        return [pair for pair in asked if pair in found]

    def faulty(self, name: str, rule: str, column: AnyColumn) -> pl.Expr:
        """Which typed values break a rule; null where the value is missing."""
        import polars as pl

        if rule == "min":
            return pl.col(name).lt(self.bound(column, rule))
        if rule == "max":
            return pl.col(name).gt(self.bound(column, rule))
        return pl.col(name).is_in(getattr(column, "values", [])).not_()

    def breaches(self, name: str, rule: str, column: AnyColumn) -> Iterator[Breach]:
        """What is to be said about a broken rule: one breach, or one a label."""
        raw, typed, height = self.raw[name], self.frame[name], self.raw.height
        if rule == "type":
            broken, values = raw.is_not_null() & typed.is_null(), raw
        elif rule == "nullable":
            broken, values = raw.is_null(), raw
        else:
            faulty = self.faulty(name, rule, column).fill_null(False)
            broken, values = self.frame.select(faulty.alias(name))[name], typed
        rows = self._rows(broken, values)
        if column.personal and rule != "nullable":
            yield breach.hidden(name, rule, rows, height)
        elif rule == "type":
            type = str(getattr(column, "type", ""))
            yield breach.mistyped(name, type, rows, height, zoneless(type, rows["value"], self.timezone))
        elif rule == "nullable":
            yield breach.missing(name, rows, height)
        elif rule == "values":
            yield from breach.unlabelled(name, getattr(column, "values", []), rows, height)
        else:
            yield breach.beyond(name, rule, self.bound(column, rule), rows, height)

    def bound(self, column: AnyColumn, rule: str) -> Any:
        """The least or greatest value allowed; a moment without a zone is in the data set's zone."""
        from zoneinfo import ZoneInfo

        value = getattr(column, rule)
        if not isinstance(value, dt.datetime):
            return value
        here = value if value.tzinfo else value.replace(tzinfo=ZoneInfo(self.timezone or "UTC"))
        return here.astimezone(dt.UTC)

    def _rows(self, broken: pl.Series, values: pl.Series) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame({"row": self.numbers.filter(broken), "value": values.filter(broken)})


def zoneless(type: str, values: pl.Series, timezone: str | None) -> bool:
    """Are these values, which are none of the type, moments that only lack a zone?"""
    if type != "timestamp" or timezone is not None:
        return False
    import polars as pl

    there = cast(pl.col("value"), values.dtype, TimestampColumn(type="timestamp"), "UTC")
    return bool(values.to_frame("value").select(there.is_not_null().all()).item())


def _rules(column: AnyColumn) -> list[str]:
    """The rules a column makes, in the order they are spoken of."""
    bounds = [rule for rule in ("min", "max", "values") if getattr(column, rule, None) is not None]
    return ["type", *([] if column.nullable else ["nullable"]), *bounds]
