"""The rows of a data set: loaded, typed, and checked against the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Mistake, Problem, Refusal, listed
from ..progress import step
from ..schema import Schema
from .breach import Breach
from .column import AnyColumn
from .contract import Conformed, conform
from .dataset import Dataset
from .derive import evaluated
from .features import completed
from .joins import NUMBER as ROW
from .joins import Joined, joined, source_name
from .once import once

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


@dataclass(frozen=True)
class Rows:
    """Rows in the types of their columns, and all there is to say about them."""

    frame: pl.DataFrame
    """Every column of the schema, those derived, and `_row`, the number in the base from 1; no row without a target."""
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


@once
def load(data: Data) -> Rows:
    """Read the rows and hold them to the contract; what breaks it is in `breaches`, for `check` to judge.

    Raises Mistake, with everything found, when files or columns are missing, a file cannot be read, there are no rows,
    nothing can be learned from the target, or hooks.features fails.
    """
    with step("load") as now:
        raw = joined(data.dataset, data.root, data.schema.columns)
        rows = _kept(data, raw, _conformed(data, raw))
        now.say(f"{_count(rows.read, 'row')} from {rows.source}")
        for line in _remarks(rows, data.schema.target):
            now.say(line)
    return rows


def check(rows: Rows, schema: Schema) -> None:
    """Refuse rows that break the contract.

    Raises Refusal with one problem a breach.
    """
    with step("check") as now:
        if rows.breaches:
            raise Refusal([breach.problem() for breach in rows.breaches])
        columns = len(schema.columns)
        now.say(f"{_count(columns, 'column')} {'keeps' if columns == 1 else 'keep'} the contract")


def _conformed(data: Data, raw: Joined) -> Conformed:
    """The policy for unknown labels is for features: a target, key or part that nobody knows is always a breach."""
    schema = data.schema
    others: dict[str, AnyColumn] = {name: it for name, it in schema.columns.items() if name not in schema.features}
    if schema.target_from is None:
        others[schema.target] = schema.target_column.model_copy(update={"nullable": True})
    zone, policy = schema.timezone, schema.unknown_category
    features = conform(raw.frame, schema.features, timezone=zone, unknown_category=policy, numbers=raw.numbers)
    rest = conform(raw.frame, others, timezone=zone, numbers=raw.numbers)
    breaches = tuple(_told_apart(it, raw.origin) for it in (*features.breaches, *rest.breaches))
    return Conformed(features.frame.hstack(rest.frame), breaches, features.unknown)


def _told_apart(breach: Breach, origin: Mapping[str, str]) -> Breach:
    """A breach that says which source was joined to make it; its rows are those of the base."""
    source = origin.get(breach.column)
    return breach if source is None else replace(breach, what=f"joined from {source}: {breach.what}")


def _kept(data: Data, raw: Joined, conformed: Conformed) -> Rows:
    import polars as pl

    schema, target = data.schema, data.schema.target
    frame, notes = conformed.frame, list(raw.notes)
    if schema.target_from is not None:
        frame, _ = evaluated(frame, target, schema.target_from, schema.target_column.dtype)
    frame = frame.with_columns(raw.numbers.alias(ROW))
    whole = frame.height
    if frame[target].null_count():
        frame = frame.filter(pl.col(target).is_not_null())
    breaches = (*raw.breaches, *conformed.breaches)
    mistyped = sum(it.count for it in conformed.breaches if (it.column, it.rule) == (target, "type"))
    dropped = whole - frame.height - mistyped
    name = source_name(data.dataset, data.root)
    if not breaches:
        _learnable(frame[target], target, name)
        frame, schema, more = _completed(frame, schema, data.features)
        notes += more
    return Rows(frame, schema, name, raw.read, dropped, breaches, conformed.unknown, raw.extra, tuple(notes))


def _learnable(target: pl.Series, name: str, source: str) -> None:
    if target.len() == 0:
        raise Mistake(Problem(f"no row of {source} has a value of {name}.", ("target",)))
    if target.n_unique() == 1:
        raise Mistake(
            Problem(f"{name} is {_said(target[0])} in every row of {source}: there is nothing to learn.", ("target",))
        )


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _completed(
    frame: pl.DataFrame, schema: Schema, hook: Callable[[pl.DataFrame], pl.DataFrame] | None
) -> tuple[pl.DataFrame, Schema, list[str]]:
    made = completed(frame.select(*schema.features), schema, hook, learned=False)
    derived = made.frame.drop(*schema.features)
    clash = [name for name in derived.columns if name in frame.columns]
    if clash:
        who = "derive makes" if clash[0] in schema.expressions else "hooks.features adds"
        raise Mistake(f"{who} {listed(clash, 'and')}, which the data has already.", hint="Give it another name.")
    notes = [
        f"{name}: {count:,} result{'s' * (count > 1)} not finite, treated as missing"
        for name, count in made.not_finite.items()
    ]
    return frame.hstack(derived), made.schema, notes


def _remarks(rows: Rows, target: str) -> Iterator[str]:
    yield from rows.notes
    if rows.dropped:
        yield f"{_count(rows.dropped, 'row')} without {target} left out"
    if rows.unknown:
        each = listed((f"{name} {count:,}" for name, count in rows.unknown.items()), "and")
        yield f"labels that are not allowed, treated as missing: {each}"
    if rows.extra:
        more = f" and {len(rows.extra) - 5:,} more" if len(rows.extra) > 5 else ""
        yield f"{_count(len(rows.extra), 'column')} not described, not used: {', '.join(name or '(no name)' for name in rows.extra[:5])}{more}"


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
