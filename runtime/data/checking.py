"""Holding rows to the checks of their data set: expressions row by row, the rest by what all rows give together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ..errors import Mistake, Problem, did_you_mean, listed
from . import breach
from .breach import Breach, Found
from .cast import cast, present
from .checks import WHERE, Checks, Reference, Unique, together
from .column import AnyColumn
from .derive import expression
from .marks import Marks
from .rule import NUMBER, Rule
from .source import Source
from .stored import Stored
from .survey import Engine

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Before:
    """What the run before was trained on."""

    run: str
    rows: int
    stored: Stored
    """The columns of its base."""


@dataclass(frozen=True)
class Checking:
    """The checks of a data set, as expressions over its typed rows."""

    checks: Checks
    columns: Mapping[str, AnyColumn]
    sources: Mapping[str, Source]
    root: Path
    timezone: str | None = None
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    before: Before | None = None

    def prepared(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows, with what other sources know of them beside them.

        Raises Mistake when such a source cannot be read.
        """
        import polars as pl

        for i, reference in enumerate(self.checks.references):
            known = self._known[i].with_columns(pl.lit(True).alias(_flag(i)))
            rows = rows.join(known.lazy(), on=list(reference.pairs), how="left", maintain_order="left")
        return rows

    def rules(self) -> list[Rule]:
        """What every row has to keep by itself."""
        import polars as pl

        found = []
        for name, truth in self.checks.truths.items():
            path = (*WHERE, "expressions", name)
            say = _saying(name, "expressions", f"not so: {truth.that}", path)
            found.append(Rule(name, "expressions", expression(truth.that).not_(), say, truth.severity))
        for i, reference in enumerate(self.checks.references):
            there = pl.all_horizontal(pl.col(name).is_not_null() for name in reference.pairs)
            what = f"{{}} no row of {reference.source} has"
            subject = together(list(reference.pairs))
            say = _saying(subject, "references", what, (*WHERE, "references", i))
            unknown = there & pl.col(_flag(i)).is_null()
            found.append(Rule(subject, "references", unknown, say, reference.severity))
        return found

    def marks(self) -> list[Marks]:
        """Where one pass over the rows leaves what tells whether two are alike."""
        return [Marks() for _ in self.checks.uniques]

    def totals(self, marks: Sequence[Marks]) -> list[pl.Expr]:
        """What all rows have to give together. marks: filled as they are read."""
        import polars as pl

        # without a filter among them, for which the engine would keep rows back from one total to the other
        asked = [
            pl.when(_whole(unique))
            .then(_mark(unique))
            .map_batches(kept.take, return_dtype=pl.UInt64(), is_elementwise=True)
            .len()
            .alias(f"unique {i}")
            for i, (unique, kept) in enumerate(zip(self.checks.uniques, marks, strict=True))
        ]
        if self.checks.fresh is not None:
            moment = self._moment(self.checks.fresh.column)
            asked.append(pl.when(moment <= pl.lit(self.now)).then(moment).max().alias("latest"))
        return asked

    def breaches(
        self, rows: pl.LazyFrame, height: int, totals: Mapping[str, Any], marks: Sequence[Marks], engine: Engine
    ) -> list[Breach]:
        """What all rows together break. totals, marks: as `totals` asked for, and filled."""
        found = [*self._counted(height)]
        for i, (unique, kept) in enumerate(zip(self.checks.uniques, marks, strict=True)):
            if (alike := kept.repeated()).len():
                found += self._repeated(i, unique, rows, alike, height, engine)
        if self.checks.fresh is not None and height:
            found += self._stale(totals["latest"], height)
        return found

    def differences(self, height: int, stored: Stored) -> list[Breach]:
        """How the data differs from what the run before was trained on."""
        asked, before, found = self.checks.previous, self.before, []
        if asked is None or before is None:
            return []
        if asked.rows is not None and before.rows and abs(height - before.rows) / before.rows > asked.rows:
            change = (height - before.rows) / before.rows
            what = f"{height:,} rows; run {before.run} had {before.rows:,} ({change:+.0%}, {asked.rows:.0%} allowed)"
            found.append(_whole_breach("previous", "rows", height, what, (*WHERE, "previous", "rows"), asked.severity))
        if asked.columns and (parts := list(stored.changes(before.stored))):
            what = f"since run {before.run} the source has {listed(parts, 'and')}"
            path = (*WHERE, "previous", "columns")
            found.append(_whole_breach("previous", "columns", height, what, path, asked.severity))
        return found

    def repeated(self, unique: Unique, rows: pl.LazyFrame, engine: Engine, alike: pl.Series | None = None) -> pl.Series:
        """The numbers of the rows that share the values of some columns with another row, in their order.

        alike: the hashes that several rows have, where they are known.
        """
        import polars as pl

        # equal values have equal hashes, so only rows whose hash is there twice need to be looked at closer
        there = rows.filter(_whole(unique)).with_columns(_mark(unique).alias("\x1f"))
        if alike is None:
            marks = there.group_by("\x1f").len().filter(pl.col("len") > 1)
        else:
            marks = alike.alias("\x1f").to_frame().lazy()
        few = there.join(marks, on="\x1f", how="semi")
        frame = few.select(NUMBER, *dict.fromkeys(unique.columns)).collect(engine=engine)
        return frame.filter(frame.select(unique.columns).is_duplicated())[NUMBER].sort()

    def _repeated(
        self, i: int, unique: Unique, rows: pl.LazyFrame, alike: pl.Series, height: int, engine: Engine
    ) -> Iterator[Breach]:
        numbers = self.repeated(unique, rows, engine, alike)
        if numbers.len():
            found = Found.of(numbers.to_frame("row"), height)
            what = f"share {together(unique.columns)} with another row"
            path = (*WHERE, "unique", i)
            made = breach.located(together(unique.columns), "unique", found, what)
            yield replace(made, path=path, severity=unique.severity)

    def _counted(self, height: int) -> Iterator[Breach]:
        asked = self.checks.rows
        for rule, bound, word in (("min", asked.min, "fewer"), ("max", asked.max, "more")):
            if bound is not None and (height < bound if rule == "min" else height > bound):
                what = f"{height:,} row{'s' * (height != 1)}, {word} than {bound:,}"
                yield _whole_breach("rows", rule, height, what, (*WHERE, "rows", rule), asked.severity)

    def _stale(self, latest: dt.datetime | None, height: int) -> Iterator[Breach]:
        asked, hint = self.checks.fresh, ""
        assert asked is not None
        if latest is None:
            what = f"{asked.column} holds no moment up to now"
        elif self.now - latest > asked.age:
            hours = int((self.now - latest).total_seconds() // 3600)
            age = f"{hours // 24:,} days" if hours >= 48 else f"{hours} hours"
            shown = "" if self.columns[asked.column].personal else f" ({latest.isoformat().replace('+00:00', 'Z')})"
            what = f"the latest {asked.column}{shown} is {age} old, and may be {asked.max_age}"
            hint = "Fetch the data anew."
        else:
            return
        made = _whole_breach("fresh", "max_age", height, what, (*WHERE, "fresh", "max_age"), asked.severity)
        yield replace(made, hint=hint)

    def _moment(self, name: str) -> pl.Expr:
        """A column as moments in UTC; a day is its start, in the zone of the data."""
        import polars as pl

        if self.columns[name].dtype != pl.Date:
            return pl.col(name)
        start = pl.col(name).cast(pl.Datetime("us"))
        zone = str(ZoneInfo(self.timezone or "UTC"))
        there = start.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return there.dt.convert_time_zone("UTC")

    @cached_property
    def _known(self) -> list[pl.DataFrame]:
        """By reference, every combination of values that its source has, as the columns here hold them."""
        return [self._values(i, reference) for i, reference in enumerate(self.checks.references)]

    def _values(self, i: int, reference: Reference) -> pl.DataFrame:
        import polars as pl

        source, here = self.sources[reference.source], self.columns
        try:
            names = [*source.columns(self.root), *source.adds()]
            if lacking := [there for there in reference.pairs.values() if there not in names]:
                what = f'{reference.source} has no column "{lacking[0]}".'
                raise Mistake(Problem(what, (*WHERE, "references", i, "by"), hint=did_you_mean(lacking[0], names)))
            with source.reading(self.root):
                wanted = {there: here[name] for name, there in reference.pairs.items()}
                scan = source.scan(self.root, wanted)
                stored = scan.collect_schema()
                typed = [
                    cast(present(there, stored[there]), stored[there], here[name], self.timezone).alias(name)
                    for name, there in reference.pairs.items()
                ]
                return (
                    scan.select(typed)
                    .filter(pl.all_horizontal(pl.all().is_not_null()))
                    .unique()
                    .collect(engine="streaming")
                )
        except Mistake as mistake:
            where = ("data", "sources", reference.source)
            raise Mistake(
                [it if it.path[:1] == ("data",) else replace(it, path=(*where, *it.path)) for it in mistake.problems]
            ) from None


def _flag(i: int) -> str:
    return f"known\x1f{i}"


def _mark(unique: Unique) -> pl.Expr:
    import polars as pl

    return (pl.col(unique.columns[0]) if len(unique.columns) == 1 else pl.struct(unique.columns)).hash()


def _whole(unique: Unique) -> pl.Expr:
    import polars as pl

    return pl.all_horizontal(pl.col(name).is_not_null() for name in unique.columns)


def _saying(subject: str, rule: str, what: str, path: tuple[str | int, ...]) -> Callable[[Found], Breach]:
    def say(found: Found) -> Breach:
        one = found.count == 1
        text = what.format(f"{'refers' if one else 'refer'} to a {subject} that") if "{}" in what else what
        text = text if rule == "references" else f"{'is' if one else 'are'} {text}"
        return replace(breach.located(subject, rule, found, text), path=path)

    return say


def _whole_breach(column: str, rule: str, height: int, what: str, path: tuple[str | int, ...], severity: Any) -> Breach:
    return Breach(column, rule, height, 1.0, (), "", what, path=path, severity=severity)
