"""The rules that columns make, as expressions over rows in which every column stands as stored and as typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from . import breach
from .breach import Breach, Found
from .cast import cast, present
from .column import AnyColumn, NumberColumn, TimestampColumn, whole

if TYPE_CHECKING:
    import polars as pl

NUMBER = "_row"
"""The column that holds the number of each row."""


@dataclass(frozen=True)
class Rule:
    """Something that every row has to keep."""

    column: str
    """Of which column, or which check."""
    name: str
    faulty: pl.Expr
    """Which rows break it; null: that row keeps it."""
    say: Callable[[Found], Breach]
    """What is to be said when some do."""
    severity: Literal["error", "warn"] = "error"
    value: pl.Expr | None = None
    """What the rows hold that is to be shown."""
    extremes: bool = False
    """Are the least and the greatest of these to be shown?"""
    zoneless: pl.Expr | None = None
    """Which rows would keep it if they named a time zone."""
    labels: Callable[[Iterable[Any], int], list[Rule]] | None = None
    """Rules instead of this one, by the labels that break it most often and how many there are beside them."""


@dataclass(frozen=True)
class Typed:
    """Rows prepared for rules: each column in its dtype under its name, and as stored beside it."""

    columns: Mapping[str, AnyColumn]
    stored: Mapping[str, pl.DataType]
    """The dtypes of the columns in their source."""
    timezone: str | None
    exact: frozenset[str] = frozenset()
    """Columns that need no cast: numbers that are all finite, and codes of labels that are all allowed."""

    def prepared(self, raw: pl.LazyFrame) -> pl.LazyFrame:
        """The rows, each column typed, and as stored where that is something else; `_row` stays."""
        aside = [
            present(name, self.stored[name]).alias(_aside(name)) for name in self.columns if not self.kept_as_is(name)
        ]
        # in one step, so that rows do not wait in memory between two
        return raw.select(NUMBER, *aside, *(self._typed(name, it).alias(name) for name, it in self.columns.items()))

    def _typed(self, name: str, column: AnyColumn) -> pl.Expr:
        import polars as pl

        stored = self.stored[name]
        if name in self.exact:
            return pl.col(name)
        if stored == column.dtype and not stored.is_float():
            return present(name, stored)
        # a number that is not finite is none, so NaN needs no taking away before
        bare = isinstance(column, NumberColumn) and stored.is_float()
        value = pl.col(name) if bare else present(name, stored)
        return cast(value, stored, column, self.timezone)

    def kept_as_is(self, name: str) -> bool:
        """Is a column stored in its own dtype, so that no value can be of another type?"""
        return name in self.exact or (
            self.stored[name] == self.columns[name].dtype and not self.stored[name].is_float()
        )

    def raw(self, name: str) -> pl.Expr:
        """A column as it is stored."""
        import polars as pl

        return pl.col(name if self.kept_as_is(name) else _aside(name))

    def rules(self) -> list[Rule]:
        """The rules of all columns, in the order they are spoken of."""
        return [
            replace(rule, severity="warn") if rule.name in column.warn else rule
            for name, column in self.columns.items()
            for rule in self._of(name, column)
        ]

    def _of(self, name: str, column: AnyColumn) -> Iterable[Rule]:
        import polars as pl

        raw, value = self.raw(name), pl.col(name)
        type = str(getattr(column, "type", ""))
        if not self.kept_as_is(name):
            zone = None
            if type == "timestamp" and self.timezone is None:
                zone = cast(raw, self.stored[name], TimestampColumn(type="timestamp"), "UTC").is_not_null()
            text = self.stored[name] in (pl.String, pl.Categorical, pl.Enum)
            yield Rule(
                name,
                "type",
                raw.is_not_null() & value.is_null(),
                lambda found: breach.mistyped(name, type, found, column.personal),
                value=raw,
                extremes=text,
                zoneless=zone,
            )
        if not column.nullable:
            yield Rule(name, "nullable", raw.is_null(), lambda found: breach.missing(name, found))
        for rule in ("min", "max"):
            if (bound := moment(getattr(column, rule, None), self.timezone)) is not None:
                faulty = value.lt(bound) if rule == "min" else value.gt(bound)
                yield Rule(name, rule, faulty, _beyond(name, rule, bound, column.personal), value=value, extremes=True)
        labels = getattr(column, "values", None)
        if labels is not None and name not in self.exact:
            yield _label_rule(name, labels, column.personal)
        if (pattern := getattr(column, "pattern", None)) is not None:
            yield Rule(
                name,
                "pattern",
                value.str.contains(whole(pattern)).not_(),
                lambda found: breach.unlike(name, pattern, found, column.personal),
                value=value,
            )


def moment(bound: Any, timezone: str | None) -> Any:
    """A bound in UTC, where it is a moment; one without a zone is in the data set's."""
    if not isinstance(bound, dt.datetime):
        return bound
    return (bound if bound.tzinfo else bound.replace(tzinfo=ZoneInfo(timezone or "UTC"))).astimezone(dt.UTC)


def _beyond(name: str, rule: str, bound: Any, personal: bool) -> Callable[[Found], Breach]:
    return lambda found: breach.beyond(name, rule, bound, found, personal)


def _label_rule(name: str, labels: list[int | str], personal: bool) -> Rule:
    import polars as pl

    value = pl.col(name)
    faulty = value.is_in(labels).not_()

    def apart(common: Iterable[Any], more: int) -> list[Rule]:
        each = [Rule(name, "values", value == label, _unlabelled(name, label, labels), value=value) for label in common]
        rest = faulty & value.is_in(list(common)).not_()
        say = _more_labels(name, more)
        return [*each, Rule(name, "values", rest, say, value=value)] if more else each

    hidden = Rule(name, "values", faulty, lambda found: breach.hidden(name, "values", found))
    return hidden if personal else Rule(name, "values", faulty, hidden.say, value=value, labels=apart)


def _unlabelled(name: str, label: int | str, labels: list[int | str]) -> Callable[[Found], Breach]:
    return lambda found: breach.unlabelled(name, label, labels, found)


def _more_labels(name: str, more: int) -> Callable[[Found], Breach]:
    return lambda found: breach.more_labels(name, more, found)


def _aside(name: str) -> str:
    return f"stored\x1f{name}"
