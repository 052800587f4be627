"""The rows of a data set: loaded, typed, and checked against the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Mistake, Problem, Refusal, did_you_mean, listed
from ..progress import step
from ..schema import Schema
from .breach import Breach
from .column import AnyColumn
from .contract import Conformed, conform
from .dataset import Dataset
from .features import added, columns_of

if TYPE_CHECKING:
    import polars as pl

ROW = "_row"
"""The column that holds a row's number in its source, from 1."""


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
    """Every column of the schema, those derived, and `_row`; no row without a target."""
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
    """Columns of the source that are neither declared nor ignored."""


def load(data: Data) -> Rows:
    """Read the rows and hold them to the contract; what breaks it is in `breaches`, for `check` to judge.

    Raises Mistake, with everything found, when files or columns are missing, a file cannot be read, there are no rows,
    nothing can be learned from the target, or hooks.features fails.
    """
    with step("load") as now:
        raw, extra = _raw(data)
        conformed = _conformed(data, raw)
        rows = _kept(data, conformed, extra)
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


def source_name(data: Data) -> str:
    """Where the rows come from, for people: the names of the files, else the source's own."""
    files = data.dataset.source.files(data.root)
    return listed((file.name for file in files), "and") or next(iter(data.dataset.sources))


def _raw(data: Data) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """All rows of the declared columns as the source stores them, and which columns nobody asked for."""
    dataset, source = data.dataset, data.dataset.source
    with _placed(dataset):
        found = source.columns(data.root)
        here = [*found, *source.adds()]
        missing = [name for name in dataset.columns if name not in here]
        if missing:
            free = [name for name in found if name not in dataset.columns]
            raise Mistake([_absent(name, source_name(data), free) for name in missing])
        raw = source.read(data.root, data.schema.columns)
    if raw.height == 0:
        where = ("data", "sources", next(iter(dataset.sources)))
        raise Mistake(Problem(f"{source_name(data)} has no rows.", where))
    asked = {*dataset.columns, *dataset.ignore, *source.adds()}
    return raw, tuple(dict.fromkeys(name for name in found if name not in asked))


@contextmanager
def _placed(dataset: Dataset) -> Iterator[None]:
    """Give the problems of a source, which does not know its name, their place in the whole configuration."""
    prefix = ("data", "sources", next(iter(dataset.sources)))
    try:
        yield
    except Mistake as mistake:
        raise Mistake(
            [it if it.path[:1] == ("data",) else replace(it, path=(*prefix, *it.path)) for it in mistake.problems],
            notes=mistake.notes,
        ) from None


def _absent(name: str, source: str, free: list[str]) -> Problem:
    hint = did_you_mean(name, free, otherwise="Remove it here, or add it to the data.")
    return Problem(f'{source} has no column "{name}".', ("data", "columns", name), hint=hint)


def _conformed(data: Data, raw: pl.DataFrame) -> Conformed:
    """The policy for unknown labels is for features: a target, key or part that nobody knows is always a breach."""
    schema = data.schema
    others: dict[str, AnyColumn] = {name: it for name, it in schema.columns.items() if name not in schema.features}
    others[schema.target] = schema.target_column.model_copy(update={"nullable": True})
    features = conform(raw, schema.features, timezone=schema.timezone, unknown_category=schema.unknown_category)
    rest = conform(raw, others, timezone=schema.timezone)
    frame = features.frame.hstack(rest.frame)
    return Conformed(frame, features.breaches + rest.breaches, features.unknown)


def _kept(data: Data, conformed: Conformed, extra: tuple[str, ...]) -> Rows:
    import polars as pl

    schema, target = data.schema, data.schema.target
    frame = conformed.frame.with_row_index(ROW, offset=1)
    frame = frame.select(pl.exclude(ROW), pl.col(ROW).cast(pl.Int64))
    if frame[target].null_count():
        frame = frame.filter(pl.col(target).is_not_null())
    mistyped = sum(it.count for it in conformed.breaches if (it.column, it.rule) == (target, "type"))
    read = conformed.frame.height
    if not conformed.breaches:
        _learnable(frame[target], target, source_name(data))
        if data.features is not None:
            frame, schema = _with_features(frame, schema, data.features)
    dropped = read - frame.height - mistyped
    return Rows(frame, schema, source_name(data), read, dropped, conformed.breaches, conformed.unknown, extra)


def _learnable(target: pl.Series, name: str, source: str) -> None:
    if target.len() == 0:
        raise Mistake(Problem(f"no row of {source} has a value of {name}.", ("target",)))
    if target.n_unique() == 1:
        raise Mistake(
            Problem(f"{name} is {target[0]} in every row of {source}: there is nothing to learn.", ("target",))
        )


def _with_features(
    frame: pl.DataFrame, schema: Schema, features: Callable[[pl.DataFrame], pl.DataFrame]
) -> tuple[pl.DataFrame, Schema]:
    given = frame.select(*schema.features)
    made = added(given, features).drop(given.columns)
    clash = [name for name in made.columns if name in frame.columns]
    if clash:
        raise Mistake(
            f"hooks.features adds {listed(clash, 'and')}, which the data has already.", hint="Give it another name."
        )
    return frame.hstack(made), schema.model_copy(update={"derived": columns_of(made, features)})


def _remarks(rows: Rows, target: str) -> Iterator[str]:
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
