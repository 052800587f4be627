"""Holding rows to what their columns promise: every value cast, every rule counted, in one pass over all columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..errors import Problem, did_you_mean
from .cast import cast, present
from .column import AnyColumn, CategoryColumn

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 5  # row numbers kept of a breach
_LABELS = 3  # unknown labels told apart
_NOUNS = {
    "integer": ("is not a whole number", "are not whole numbers"),
    "number": ("is not a number", "are not numbers"),
    "boolean": ("is neither true nor false", "are neither true nor false"),
    "category": ("is not a label", "are not labels"),
    "text": ("is not text", "are not text"),
    "timestamp": ("is not a moment as 2024-05-31T13:45:00Z", "are not moments as 2024-05-31T13:45:00Z"),
    "date": ("is not a day as 2024-05-31", "are not days as 2024-05-31"),
}


@dataclass(frozen=True)
class Breach:
    """One rule of one column that some rows break."""

    column: str
    rule: str
    """type, nullable, min, max or values."""
    count: int
    share: float
    """Of all rows."""
    rows: tuple[int, ...]
    """The numbers of the first rows, at most 5."""
    example: str
    """The first value that breaks the rule, or the most extreme; "" for a missing one."""
    what: str
    hint: str = ""

    def problem(self) -> Problem:
        """The breach with its place in the configuration."""
        return Problem(self.what, ("data", "columns", self.column, self.rule), hint=self.hint)


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
    unknown = {}
    if unknown_category == "missing":
        unknown = check.unknown_labels(columns)
        frame = frame.with_columns(
            pl.when(pl.col(name).is_in(getattr(columns[name], "values", []))).then(pl.col(name)) for name in unknown
        )
    rules = check.broken(columns, without={"values"} if unknown_category == "missing" else set())
    return Conformed(
        frame, tuple(breach for name, rule in rules for breach in check.breaches(name, rule, columns[name])), unknown
    )


@dataclass(frozen=True)
class _Check:
    """The values as stored and as typed, row by row, and what is asked of them."""

    raw: pl.DataFrame
    frame: pl.DataFrame
    numbers: pl.Series
    timezone: str | None

    def unknown_labels(self, columns: Mapping[str, AnyColumn]) -> dict[str, int]:
        """How many labels outside `values` each column holds, where it holds any."""
        labelled = [name for name, column in columns.items() if _values(column) is not None]
        if not labelled:
            return {}
        counts = self.frame.select(self.faulty(name, "values", columns[name]).sum().alias(name) for name in labelled)
        return {name: count for name, count in counts.row(0, named=True).items() if count}

    def broken(self, columns: Mapping[str, AnyColumn], without: set[str]) -> list[tuple[str, str]]:
        """Which rules of which columns some rows break."""

        asked = [(name, rule) for name, column in columns.items() for rule in _rules(column) if rule not in without]
        by_value = [(name, rule) for name, rule in asked if rule in ("min", "max", "values")]
        counted = self.frame.select(
            self.faulty(name, rule, columns[name]).any().alias(str(i)) for i, (name, rule) in enumerate(by_value)
        )
        found = {rule for rule, some in zip(by_value, counted.row(0), strict=True) if some} if by_value else set()
        for name, rule in asked:
            lacking, lost = self.raw[name].null_count(), self.frame[name].null_count()
            if (rule == "type" and lost > lacking) or (rule == "nullable" and lacking):
                found.add((name, rule))
        return [rule for rule in asked if rule in found]

    def faulty(self, name: str, rule: str, column: AnyColumn) -> pl.Expr:
        """Which typed values break a rule; null where the value is missing."""
        import polars as pl

        if rule == "min":
            return pl.col(name).lt(self._bound(column, "min"))
        if rule == "max":
            return pl.col(name).gt(self._bound(column, "max"))
        return pl.col(name).is_in(_values(column) or []).not_()

    def breaches(self, name: str, rule: str, column: AnyColumn) -> Iterator[Breach]:
        """What is to be said about a broken rule: one breach, or one a label."""
        if rule == "type":
            values = self._where(self.raw[name].is_not_null() & self.frame[name].is_null(), self.raw[name])
            yield self._mistyped(name, column, values)
        elif rule == "nullable":
            rows = self._where(self.raw[name].is_null(), self.raw[name])
            yield self._made(
                name,
                rule,
                rows,
                "",
                f"{_count(rows.height)} {_are(rows.height)} missing{_first(rows)}",
                "Write nullable: true if that is right.",
            )
        else:
            broken = self.frame.select(self.faulty(name, rule, column).fill_null(False).alias(name))[name]
            values = self._where(broken, self.frame[name])
            yield from (
                self._unlabelled(name, column, values)
                if rule == "values"
                else [self._beyond(name, rule, column, values)]
            )

    def _where(self, broken: pl.Series, values: pl.Series) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame({"row": self.numbers.filter(broken), "value": values.filter(broken)})

    def _mistyped(self, name: str, column: AnyColumn, values: pl.DataFrame) -> Breach:
        example = _shown(values["value"][0])
        what = f"{_count(values.height)} {_NOUNS[column.type][values.height > 1]} (as {example}){_first(values)}"  # type: ignore[attr-defined]
        hint = ""
        if column.type == "timestamp" and self.timezone is None and _zoneless(values["value"]):  # type: ignore[attr-defined]
            what = f"{_count(values.height)} {'name' if values.height > 1 else 'names'} no time zone (as {example}){_first(values)}"
            hint = "Say which one it is: data.timezone, for example Europe/Berlin or UTC."
        elif values.height > 1 and isinstance(values["value"][0], str) and values["value"].n_unique() == 1:
            hint = f"If {example} says that the value is missing, add it to missing of the source."
        return self._made(name, "type", values, example, what, hint)

    def _beyond(self, name: str, rule: str, column: AnyColumn, values: pl.DataFrame) -> Breach:
        timely = isinstance(self._bound(column, rule), dt.date)
        extreme: Any = values["value"].min() if rule == "min" else values["value"].max()
        beyond = {
            "min": ("earlier", "earliest") if timely else ("less", "smallest"),
            "max": ("later", "latest") if timely else ("greater", "largest"),
        }[rule]
        bound, example = _plain(self._bound(column, rule)), _plain(extreme)
        what = f"{_count(values.height)} {_are(values.height)} {beyond[0]} than {bound} ({beyond[1]} {example}){_first(values)}"
        return self._made(name, rule, values, example, what)

    def _unlabelled(self, name: str, column: AnyColumn, values: pl.DataFrame) -> Iterator[Breach]:
        import polars as pl

        labels = values.group_by("value").agg(
            pl.len().alias("count"), pl.col("row").head(_SHOWN), pl.col("row").min().alias("first")
        )
        labels = labels.sort("count", "first", descending=[True, False])
        for label, count, rows, _ in labels.head(_LABELS).iter_rows():
            what = f"{_count(count)} {'says' if count == 1 else 'say'} {_shown(label)}, which is not allowed"
            yield Breach(
                name,
                "values",
                count,
                count / self.raw.height,
                tuple(rows),
                _shown(label),
                f"{what}.",
                did_you_mean(label, _values(column) or []),
            )
        if (more := labels.height - _LABELS) > 0:
            rest = values.filter(pl.col("value").is_in(labels["value"].head(_LABELS).to_list()).not_())
            what = f"and {more:,} more label{'s' * (more > 1)} in {_count(rest.height)}{_first(rest)}"
            yield self._made(name, "values", rest, _shown(rest["value"][0]), what)

    def _made(self, name: str, rule: str, values: pl.DataFrame, example: str, what: str, hint: str = "") -> Breach:
        rows = tuple(values["row"].head(_SHOWN).to_list())
        return Breach(name, rule, values.height, values.height / self.raw.height, rows, example, what, hint)

    def _bound(self, column: AnyColumn, rule: str) -> Any:
        from zoneinfo import ZoneInfo

        bound = getattr(column, rule)
        if isinstance(bound, dt.datetime):
            return (bound if bound.tzinfo else bound.replace(tzinfo=ZoneInfo(self.timezone or "UTC"))).astimezone(
                dt.UTC
            )
        return bound


def _rules(column: AnyColumn) -> Iterator[str]:
    yield "type"
    if not column.nullable:
        yield "nullable"
    yield from (rule for rule in ("min", "max", "values") if getattr(column, rule, None) is not None)


def _values(column: AnyColumn) -> list[int | str] | None:
    return column.values if isinstance(column, CategoryColumn) else None


def _zoneless(values: pl.Series) -> bool:
    """Would all of these be moments if they named a zone?"""
    from .column import column

    again = conform(values.to_frame("value"), {"value": column("timestamp")}, timezone="UTC")
    return not again.breaches


def _count(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _are(rows: int) -> str:
    return "is" if rows == 1 else "are"


def _first(values: pl.DataFrame) -> str:
    rows = [f"{row:,}" for row in values["row"].head(_SHOWN)]
    if values.height == 1:
        return f": row {rows[0]}"
    return f", {'first in' if values.height > len(rows) else 'in'} rows {', '.join(rows)}"


def _shown(value: object) -> str:
    """A value as a person writes it, cut where it is long."""
    text = value if isinstance(value, str) else _plain(value)
    text = text if len(text) <= 60 else f"{text[:57]}…"
    return f'"{text}"' if isinstance(value, str) else text


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)
