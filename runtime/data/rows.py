"""The rows of a data set: loaded, typed, and checked against the contract."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Mistake, Problem, Refusal, listed
from ..progress import step
from ..schema import Schema
from ..threads import alongside, at_once
from . import pieces
from .breach import Breach
from .checking import Before, Checking
from .content import of_rows
from .dataset import Dataset
from .derive import evaluated, expression
from .features import completed
from .held import Held
from .joins import Joined, joined, source_name
from .once import once
from .quarantine import quarantined, set_aside
from .rule import NUMBER as ROW
from .stored import Stored, stored
from .unchanged import Stamps, unchanged

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Data:
    """What is to be loaded."""

    dataset: Dataset
    schema: Schema
    """As declared."""
    root: Path
    """The project folder, where relative paths start."""
    features: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """hooks.features: adds columns computed from a row's own columns."""
    keep: bool = True
    """Write the rows that are set aside into quarantine.parquet."""
    before: Before | None = None
    """What the run before was trained on."""
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    """The clock that the age of rows is told by."""
    encode: frozenset[str] = frozenset()
    """The categories that are held as pl.Enum of their labels where that loses nothing, a fraction of the memory of text.
    Where rules or other columns are computed of them, and for rows that several jobs share, they are text nevertheless."""
    meanwhile: Callable[[], object] | None = None
    """What is made ready while the files are read, as a library that takes long to import; None: nothing."""
    seen: Stamps | None = None
    """The state of the files when they were hashed; None: they were not yet."""


@dataclass
class Rows:
    """Rows in the types of their columns, and all there is to say about them."""

    frame: pl.DataFrame
    """Every column of the schema, those derived, and `_row`, the number in the base from 1; no row without a target.
    In the order of the base until they are told apart, then in that of the parts."""
    schema: Schema
    """As declared, and with the columns that hooks.features adds; it is not asked while the contract is broken."""
    source: str
    """Where they came from, for people: "telco.csv"."""
    read: int
    """How many rows the source has."""
    dropped: int
    """How many were left out since their target is missing."""
    breaches: tuple[Breach, ...]
    """How the rows, those left out too, break the contract."""
    unknown: dict[str, int]
    """By column, labels outside `values` that count as missing."""
    extra: tuple[str, ...]
    """Columns of the sources that are neither declared nor ignored, and that no join goes by."""
    notes: tuple[str, ...] = ()
    """What joins did not find, and what could not be computed, counted."""
    aside: int = 0
    """How many rows were set aside since they break the contract."""
    stored: Stored = field(default_factory=Stored)
    """The columns that the base has."""
    stamps: Stamps = field(default_factory=dict)
    """The state of the files while they were read."""
    kept: bool = False
    """Will another job ask for them, too? Then they stay as they are."""

    def apart(self, parts: Sequence[pl.Series]) -> list[pl.DataFrame]:
        """The rows of each part, in the order of the base.

        Where nobody keeps them, the memory they take is that of `frame`: from then on it holds the parts one below the
        other, and last the rows of none. parts: for each of them, which rows it has; no row has two.
        """
        import polars as pl

        if self.kept:
            return [self.frame.filter(part) for part in parts]
        none = ~pl.select(pl.any_horizontal(*parts)).to_series()
        columns, self.frame = self.frame.get_columns(), pl.DataFrame()
        found = pieces.apart(columns, [*parts, none] if none.any() else parts)
        self.frame = pl.concat(found)
        return found[: len(parts)]

    @cached_property
    def content(self) -> str:
        """The fingerprint of the rows in the columns of the contract, in any order and from any files."""
        return of_rows(
            self.frame.select(name for name in self.frame.columns if name != ROW and name not in self.schema.derived)
        )


@once
def load(data: Data) -> Rows:
    """Read the rows and hold them to the contract; what breaks it is in `breaches`, for `check` to judge.

    Raises Mistake, with everything found, when files or columns are missing, a file cannot be read, there are no rows,
    nothing can be learned from the target, or hooks.features fails.
    """
    with step("load") as now:
        with alongside(data.meanwhile), unchanged(data.dataset, data.root, data.seen) as stamps:
            raw = joined(data.dataset, data.root, data.schema.columns, _encodable(data))
            rows = replace(_kept(data, raw), stamps=stamps)
        now.say(f"{told(rows.read, 'row')} from {rows.source}")
        for line in [*rows.notes, *remarks(rows.dropped, data.schema.target, rows.unknown, rows.extra)]:
            now.say(line)
    return rows


def check(rows: Rows, schema: Schema) -> None:
    """Refuse rows that break the contract.

    Raises Refusal with one problem a breach.
    """
    with step("check") as now:
        if found := refused(rows.breaches):
            raise Refusal([breach.problem() for breach in found])
        columns = len(schema.columns)
        now.say(f"{told(columns, 'column')} {'keeps' if columns == 1 else 'keep'} the contract")
        for breach in rows.breaches:
            now.say(breach.remark)


def held(data: Data, raw: pl.LazyFrame, exact: frozenset[str] = frozenset()) -> Held:
    """The contract over rows as they are stored, with `_row`; `exact` are the columns that need no cast.

    The policy for unknown labels is for features: a target, key or part that nobody knows is always a breach.
    """
    import polars as pl

    schema, dataset = data.schema, data.dataset
    columns = schema.columns
    if schema.target_from is None:
        columns[schema.target] = schema.target_column.model_copy(update={"nullable": True})
    lenient = frozenset(schema.features) if schema.unknown_category == "missing" else frozenset[str]()
    described = {**dataset.known_columns, **columns}
    checking = Checking(
        dataset.checks, described, dataset.sources, data.root, schema.timezone, data.now, before=data.before
    )
    target = pl.col(schema.target) if schema.target_from is None else expression(schema.target_from)
    return Held(raw, columns, lenient, checking, target, exact)


def _encodable(data: Data) -> frozenset[str]:
    """Of the columns to encode those that nobody asks for their text."""
    schema, checks = data.schema, data.dataset.checks
    computed = data.features is not None or schema.derived or schema.target_from is not None or checks.truths
    if computed or checks.references or checks.on_breach == "quarantine":
        return frozenset()
    plain = {name for name, column in data.schema.features.items() if getattr(column, "pattern", None) is None}
    unique = {name for unique in checks.uniques for name in unique.columns}
    return data.encode & plain - unique - {schema.target, schema.key, schema.time, schema.weight}


def _exact(data: Data, raw: pl.DataFrame) -> frozenset[str]:
    """The columns that are stored as their contract has them, which are not to be copied."""
    import polars as pl

    codes = {name for name in _encodable(data) if isinstance(raw.schema[name], pl.Enum)}
    numbers = [name for name, it in data.schema.columns.items() if it.dtype == raw.schema[name] == pl.Float64]
    finite = at_once(lambda name: raw[name].is_finite().all(), numbers)
    return frozenset({*codes, *itertools.compress(numbers, finite)})


def refused(breaches: Iterable[Breach]) -> list[Breach]:
    """The breaches that work cannot go on with."""
    return [breach for breach in breaches if breach.severity == "error"]


def _kept(data: Data, raw: Joined) -> Rows:
    import polars as pl

    schema, target, checks = data.schema, data.schema.target, data.dataset.checks
    numbered = raw.frame.with_columns(raw.numbers.alias(ROW))
    contract = held(data, numbered.lazy(), _exact(data, numbered))
    # the rows pass by a part at a time, so that what is computed of them for the rules alone is never held
    verdict = contract.judged(contract.rows, "streaming")
    breaches = [_told_apart(it, raw.origin) for it in verdict.breaches]
    has = stored(data.dataset, data.root, raw.stored)
    breaches += contract.checking.differences(raw.read, has)
    good, aside = contract.rows, 0
    if checks.on_breach == "quarantine":
        good, aside = _parted(data, contract, numbered)
        breaches = [quarantined(it) for it in breaches]
    frame, notes = contract.frame(good, verdict.unknown), list(raw.notes)
    del numbered, good, contract
    if schema.target_from is not None:
        frame, _ = evaluated(frame, target, schema.target_from, schema.target_column.dtype)
    whole = frame.height
    if frame[target].null_count():
        frame = frame.filter(pl.col(target).is_not_null())
    mistyped = sum(it.count for it in verdict.breaches if (it.column, it.rule) == (target, "type"))
    dropped = whole - frame.height - (0 if aside else mistyped)
    name = source_name(data.dataset, data.root)
    everything = (*raw.breaches, *breaches)
    if not refused(everything):
        values = frame[target]
        if problem := nothing_to_learn(values.len(), values.min(), values.max(), target, name):
            raise Mistake(problem)
        made, schema, more = completed_rows(frame.drop(ROW), schema, data.features)
        frame, notes = made.with_columns(frame[ROW]), [*notes, *more]
    return Rows(
        frame, schema, name, raw.read, dropped, everything, verdict.unknown, raw.extra, tuple(notes), aside, has
    )


def _parted(data: Data, contract: Held, numbered: pl.DataFrame) -> tuple[pl.LazyFrame, int]:
    """The prepared rows that keep the contract, and how many do not and are set aside."""
    prepared = contract.rows.collect()
    reasons = contract.reasons(prepared)
    if data.keep:
        set_aside(numbered, reasons, data.root)
    return prepared.filter(reasons.is_null()).lazy(), reasons.len() - reasons.null_count()


def _told_apart(breach: Breach, origin: Mapping[str, str]) -> Breach:
    """A breach that says which source was joined to make it; its rows are those of the base."""
    source = origin.get(breach.column) if not breach.path else None
    return breach if source is None else replace(breach, what=f"joined from {source}: {breach.what}")


def nothing_to_learn(rows: int, least: object, greatest: object, name: str, source: str) -> Problem | None:
    """Why nothing can be learned from a target with these values."""
    if rows == 0:
        return Problem(f"no row of {source} has a value of {name}.", ("target",))
    if least == greatest:
        what = f"{name} is {_said(least)} in every row of {source}: there is nothing to learn."
        return Problem(what, ("target",))
    return None


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def completed_rows(
    frame: pl.DataFrame, schema: Schema, hook: Callable[[pl.DataFrame], pl.DataFrame] | None
) -> tuple[pl.DataFrame, Schema, list[str]]:
    """The rows with what is derived and what hooks.features adds, the contract with these, and what could not be computed.

    Raises Mistake when the hook fails, or a name is taken.
    """
    made = completed(frame.select(*schema.features), schema, hook, learned=False)
    derived = made.frame.drop(*schema.features)
    clash = [name for name in derived.columns if name in (*frame.columns, ROW)]
    if clash:
        who = "derive makes" if clash[0] in schema.expressions else "hooks.features adds"
        raise Mistake(f"{who} {listed(clash, 'and')}, which the data has already.", hint="Give it another name.")
    notes = [
        f"{name}: {count:,} result{'s' * (count > 1)} not finite, treated as missing"
        for name, count in made.not_finite.items()
    ]
    return frame.hstack(derived), made.schema, notes


def remarks(dropped: int, target: str, unknown: Mapping[str, int], extra: Sequence[str]) -> Iterator[str]:
    """What else there is to say of rows."""
    if dropped:
        yield f"{told(dropped, 'row')} without {target} left out"
    if unknown:
        each = listed((f"{name} {count:,}" for name, count in unknown.items()), "and")
        yield f"labels that are not allowed, treated as missing: {each}"
    if extra:
        more = f" and {len(extra) - 5:,} more" if len(extra) > 5 else ""
        names = ", ".join(name or "(no name)" for name in extra[:5])
        yield f"{told(len(extra), 'column')} not described, not used: {names}{more}"


def told(number: int, noun: str) -> str:
    """How many there are of something.

    assert told(1, "row") == "1 row" and told(1000, "row") == "1,000 rows"
    """
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
