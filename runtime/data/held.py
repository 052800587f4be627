"""The whole contract of a data set over its rows: every rule of every column, and every check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .breach import Breach
from .checking import Checking
from .column import AnyColumn
from .rule import NUMBER, Rule, Typed
from .survey import Engine, counted, detailed

if TYPE_CHECKING:
    import polars as pl

_WORDS = {
    "type": "not of its type",
    "nullable": "missing",
    "min": "less than allowed",
    "max": "greater than allowed",
    "values": "not one of the labels allowed",
    "pattern": "not written as asked",
    "expressions": "not so",
    "references": "refers to nothing",
}


@dataclass(frozen=True)
class Verdict:
    """What the rows keep and break."""

    height: int
    """How many rows there are."""
    breaches: tuple[Breach, ...]
    unknown: dict[str, int]
    """By column, labels outside `values` that count as missing."""
    target: tuple[int, Any, Any] = (0, None, None)
    """How many rows lack it, and its least and greatest value."""


@dataclass(frozen=True)
class Held:
    """Rows as they are stored, and what is asked of them."""

    raw: pl.LazyFrame
    """Every column asked for, and `_row`."""
    columns: Mapping[str, AnyColumn]
    lenient: frozenset[str]
    """Columns in which labels that nobody knows count as missing."""
    checking: Checking
    target: pl.Expr | None = None
    """What is predicted."""
    exact: frozenset[str] = frozenset()
    """As Typed has it."""

    @cached_property
    def typed(self) -> Typed:
        """The columns and how they are stored."""
        stored = self.raw.collect_schema()
        return Typed(self.columns, {name: stored[name] for name in self.columns}, self.checking.timezone, self.exact)

    @cached_property
    def rows(self) -> pl.LazyFrame:
        """The rows, prepared for the rules.

        Raises Mistake when a source that a check refers to cannot be read.
        """
        return self.checking.prepared(self.typed.prepared(self.raw))

    @cached_property
    def rules(self) -> list[Rule]:
        """What every row has to keep by itself."""
        own = [rule for rule in self.typed.rules() if not self._passed_over(rule)]
        return [*own, *self.checking.rules()]

    def judged(self, rows: pl.LazyFrame, engine: Engine) -> Verdict:
        """What the prepared rows break: one pass over them, and others only where something is broken."""
        aside = {rule.column: rule.faulty for rule in self.typed.rules() if self._passed_over(rule)}
        lenient = [faulty.sum().alias(f"unknown {name}") for name, faulty in aside.items()]
        facts = [] if self.target is None else [self.target.null_count(), self.target.min(), self.target.max()]
        marks = self.checking.marks()
        more = [*lenient, *self.checking.totals(marks), *(fact.alias(f"target {i}") for i, fact in enumerate(facts))]
        height, counts, totals = counted(rows, self.rules, engine, more)
        found = detailed(rows, self.rules, counts, height, engine)
        found += self.checking.breaches(rows, height, totals, marks, engine)
        unknown = {name: totals[f"unknown {name}"] for name in aside if totals[f"unknown {name}"]}
        target = (totals["target 0"], totals["target 1"], totals["target 2"]) if facts else (0, None, None)
        return Verdict(height, tuple(found), unknown, target)

    def frame(self, rows: pl.LazyFrame, unknown: Mapping[str, int]) -> pl.DataFrame:
        """The columns and `_row` of prepared rows; labels that count as missing are null."""
        import polars as pl

        known = (pl.col(name).is_in(getattr(self.columns[name], "values", [])) for name in unknown)
        cleaned = [pl.when(it).then(pl.col(name)).alias(name) for name, it in zip(unknown, known, strict=True)]
        return rows.select(*self.columns, NUMBER).with_columns(cleaned).collect()

    def reasons(self, rows: pl.DataFrame) -> pl.Series:
        """For each prepared row the rules of severity error that it breaks, as text, or null."""
        import polars as pl

        parts = [
            pl.when(rule.faulty).then(pl.lit(f"{rule.column}: {_WORDS[rule.name]}"))
            for rule in self.rules
            if rule.severity == "error"
        ]
        for unique in self.checking.checks.uniques:
            if unique.severity == "error":
                twice = pl.col(NUMBER).is_in(self.checking.repeated(unique, rows.lazy(), "in-memory").implode())
                parts.append(pl.when(twice).then(pl.lit(f"{', '.join(unique.columns)}: not unique")))
        if not parts:
            return pl.Series([None] * rows.height, dtype=pl.String)
        text = pl.concat_str(parts, separator="; ", ignore_nulls=True)
        return rows.select(pl.when(text != "").then(text).alias("reasons"))["reasons"]

    def _passed_over(self, rule: Rule) -> bool:
        return rule.name == "values" and rule.column in self.lenient
