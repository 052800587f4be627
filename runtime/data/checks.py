"""The section `data.checks`: what the rows of a data set promise beyond what each column does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StrictInt, StrictStr, Tag, field_validator, model_validator

from ..errors import Mistake, Problem, did_you_mean, listed
from ..section import Section
from . import derive
from .column import AnyColumn, BooleanColumn, DateColumn, TimestampColumn
from .join import By, shape

Severity = Literal["error", "warn"]
Path = tuple[str | int, ...]
_Name = Annotated[StrictStr, Field(min_length=1)]
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
WHERE: Path = ("data", "checks")


class Check(Section):
    """What checks of every sort share."""

    severity: Severity = "error"
    """error: broken data is refused. warn: it is counted and said, and the work goes on."""


class RowCount(Check):
    """How many rows there are."""

    min: Annotated[StrictInt | None, Field(ge=0)] = None
    """The fewest rows allowed."""
    max: Annotated[StrictInt | None, Field(ge=0)] = None
    """The most rows allowed."""

    @model_validator(mode="after")
    def _in_order(self) -> RowCount:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        return self


class Unique(Check):
    """Columns whose values together no two rows share; rows that lack one of them are passed over."""

    columns: Annotated[list[_Name], Field(min_length=1)]
    """One column or more."""


class Fresh(Check):
    """How old the latest row may be."""

    column: _Name
    """A timestamp or a date."""
    max_age: StrictStr
    """For example 7d; w, d, h, m or s. Moments later than the clock do not count."""

    @field_validator("max_age")
    @classmethod
    def _length(cls, age: str) -> str:
        if not (age[:-1].isascii() and age[:-1].isdigit() and age[-1:] in _UNITS and len(age) < 8):
            raise ValueError(f'"{age}" is no length of time; write it as 7d, 12h or 30m')
        return age

    @property
    def age(self) -> dt.timedelta:
        """The greatest age allowed.

        assert Fresh(column="at", max_age="2h").age == dt.timedelta(hours=2)
        """
        return dt.timedelta(**{_UNITS[self.max_age[-1]]: int(self.max_age[:-1])})


class Expression(Check):
    """What is true of every row."""

    that: _Name
    """SQL over one row; a row in which it gives nothing keeps it."""


class Reference(Check):
    """Values that another source has to know; a missing value refers to nothing."""

    by: By
    """The column, several of them, or {here: there} where the two are called differently."""
    source: _Name
    """The source that has to know them."""

    @property
    def pairs(self) -> dict[str, str]:
        """The columns here and what they are called there."""
        if isinstance(self.by, dict):
            return self.by
        return {name: name for name in ([self.by] if isinstance(self.by, str) else self.by)}


class Previous(Check):
    """How the data may differ from what the run before was trained on."""

    severity: Severity = "warn"
    """error: broken data is refused. warn: it is counted and said, and the work goes on."""
    rows: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = 0.5
    """By which share the number of rows may differ; null: by any."""
    columns: bool = True
    """Must the base have the same columns, stored in the same types?"""


_Unique = Annotated[
    Annotated[_Name, Tag("one")]
    | Annotated[Annotated[list[_Name], Field(min_length=1)], Tag("several")]
    | Annotated[Unique, Tag("pairs")],
    Discriminator(lambda value: "pairs" if isinstance(value, Unique) else shape(value)),
]
_Expression = Annotated[
    Annotated[_Name, Tag("one")] | Annotated[Expression, Tag("pairs")],
    Discriminator(lambda value: "pairs" if isinstance(value, Expression) else shape(value).replace("several", "one")),
]


class Checks(Section):
    """What the data as a whole promises."""

    rows: RowCount = RowCount()
    """How many rows there are: {min: 1000}."""
    unique: list[_Unique] = []
    """A column, a list of columns, or {columns: […], severity: warn}: no two rows hold the same."""
    fresh: Fresh | None = None
    """How old the latest row may be: {column: measured_at, max_age: 7d}."""
    expressions: dict[_Name, _Expression] = {}
    """By a name of your choice what is true of every row, as SQL: {paid: total >= monthly}."""
    references: list[Reference] = []
    """Values that another source has to know: {by: plan, source: plans}."""
    previous: Previous | None = None
    """How the data may differ from what the run before was trained on; null: in any way."""
    on_breach: Literal["refuse", "quarantine"] = "refuse"
    """quarantine: rows that break a rule are set aside into quarantine.parquet, with reasons, and training goes on with the rest."""

    @property
    def uniques(self) -> list[Unique]:
        """What is unique, each in its long form."""
        return [
            it if isinstance(it, Unique) else Unique(columns=[it] if isinstance(it, str) else it) for it in self.unique
        ]

    @property
    def truths(self) -> dict[str, Expression]:
        """The expressions, each in its long form."""
        return {name: Expression(that=it) if isinstance(it, str) else it for name, it in self.expressions.items()}

    def problems(self, columns: Mapping[str, AnyColumn], sources: Mapping[str, Any]) -> Iterator[Problem]:
        """Which checks ask what the data cannot answer. columns: those described, by name."""
        for i, unique in enumerate(self.uniques):
            yield from _missing(unique.columns, columns, (*WHERE, "unique", i))
        if self.fresh is not None:
            where = (*WHERE, "fresh", "column")
            yield from _missing([self.fresh.column], columns, where)
            if not isinstance(columns.get(self.fresh.column, _MOMENT), TimestampColumn | DateColumn):
                yield Problem(f"{self.fresh.column} is neither a timestamp nor a date.", where)
        for i, reference in enumerate(self.references):
            yield from _missing(reference.pairs, columns, (*WHERE, "references", i, "by"))
            if reference.source not in sources:
                hint = did_you_mean(reference.source, sources)
                what = f'no source is called "{reference.source}".'
                yield Problem(what, (*WHERE, "references", i, "source"), hint=hint)
        for name in self.expressions:
            yield from self._untrue(name, columns)

    def _untrue(self, name: str, columns: Mapping[str, AnyColumn]) -> Iterator[Problem]:
        """What is wrong with an expression."""
        written = self.expressions[name]
        path = (*WHERE, "expressions", name, *(() if isinstance(written, str) else ("that",)))
        try:
            made = derive.result(self.truths[name].that, columns, {}, path)
        except Mistake as mistake:
            yield from mistake.problems
            return
        if not isinstance(made, BooleanColumn):
            what = f"gives a {getattr(made, 'type', '')}; it must be true or false, as total >= monthly is."
            yield Problem(what, path)
        elif not derive.names(self.truths[name].that):
            yield Problem("reads no column, so it is the same for every row.", path)


_MOMENT = DateColumn(type="date")


def _missing(names: Any, columns: Mapping[str, AnyColumn], path: Path) -> Iterator[Problem]:
    for name in names:
        if name not in columns:
            hint = did_you_mean(name, columns, otherwise="Only described columns can be checked.")
            yield Problem(f'data.columns has no "{name}".', path, hint=hint)


def together(columns: list[str]) -> str:
    """Columns as a sentence names them."""
    return listed(columns, "and")
