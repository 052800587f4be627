"""Columns computed from a row, by `derive` and by a project's own hook, the same way in training, batch and serving."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import own
from ..errors import Mistake, Problem, listed
from .column import AnyColumn, Column, column
from .derive import evaluated, several
from .dtypes import column_type, typed

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema

Hook = Callable[["pl.DataFrame"], "pl.DataFrame"]
_TRIED = 12  # rows that a hook is given one by one


@dataclass(frozen=True)
class Completed:
    """Rows with everything that a model sees."""

    frame: pl.DataFrame
    """The features, then what is derived from them."""
    schema: Schema
    """With every derived column."""
    not_finite: dict[str, int]
    """By derived column, results that were not finite and so are missing."""


def completed(features: pl.DataFrame, schema: Schema, hook: Hook | None, *, learned: bool) -> Completed:
    """Some rows, one or many, with every derived column: those of `derive`, then those that hooks.features adds to both.

    features: schema.features of the rows. learned: the schema of a run, which knows what the hook adds.
    Raises Mistake when the hook fails, is gone, adds something else than in training, or looks beyond a row.
    """
    if hook is None and not schema.derived:
        return Completed(features, schema, {})
    frame, counts = several(features), {}
    for name, sql in schema.expressions.items():
        frame, counts[name] = evaluated(frame, name, sql, schema.derived[name].dtype)
    more = {name: it for name, it in schema.derived.items() if name not in schema.expressions}
    if hook is None and more:
        raise Mistake(f"hooks.py has no features, which made {listed(more, 'and')} in training.", hint="Train again.")
    if hook is not None:
        given, frame = frame, added(frame, hook, more if learned else None)
        more = more if learned else columns_of(frame.drop(given.columns), hook)
        if more and not learned:
            _row_by_row(given, frame, hook, more)
    derived = {**{name: schema.derived[name] for name in schema.expressions}, **more}
    found = {name: min(count, features.height) for name, count in counts.items() if count}
    return Completed(frame.head(features.height), schema.model_copy(update={"derived": derived}), found)


def added(
    frame: pl.DataFrame, features: Callable[[pl.DataFrame], pl.DataFrame], known: Mapping[str, AnyColumn] | None = None
) -> pl.DataFrame:
    """The frame with the columns that `features` adds, in the dtypes of their columns; numbers that are not finite are null.

    frame: the declared features of some rows, one or many.
    known: the columns added in training; then exactly these come out, in their order and dtypes. Null: any.
    Raises Mistake, with its place in hooks.py, when the function fails or gives something else than the frame and more.
    """
    import polars as pl

    try:
        made = features(frame)
    except Exception as error:
        raise Mistake(_failure(features, error)) from None
    if not isinstance(made, pl.DataFrame):
        raise _wrong(
            features, f"gave a {type(made).__name__}, not a DataFrame.", "End it with: return rows.with_columns(…)"
        )
    if made.height != frame.height:
        raise _wrong(
            features,
            f"was given {frame.height:,} rows and gave {made.height:,}.",
            "It may add columns, never take or add rows.",
        )
    changed = [
        name
        for name in frame.columns
        if name not in made.columns or not made[name].equals(frame[name], check_dtypes=True)
    ]
    if changed:
        raise _wrong(
            features, f"took away or changed {listed(changed, 'and')}.", "Give new columns a name of their own."
        )
    extra = made.drop(frame.columns)
    columns = known if known is not None else columns_of(extra, features)
    if differing := set(columns).symmetric_difference(extra.columns):
        raise _wrong(
            features, f"adds other columns than in training: {listed(sorted(differing), 'and')}.", "Train again."
        )
    try:
        return frame.hstack(extra.select(typed(extra.schema[name], it.dtype, name) for name, it in columns.items()))
    except pl.exceptions.PolarsError as error:
        raise _wrong(
            features, f"adds values of another type than in training: {own.first_line(error)}", "Train again."
        ) from None


def columns_of(frame: pl.DataFrame, features: Callable[..., Any]) -> dict[str, Column]:
    """What the added columns are, read off their dtypes; all of them may be missing.

    Raises Mistake for a dtype that no model can take.
    """
    found, problems = {}, []
    for name, dtype in frame.schema.items():
        kind = column_type(dtype)
        if kind is None:
            what = f'adds "{name}" as {dtype}, which no model can take.'
            problems.append(own.fault(features, what, "Make it numbers, booleans, text, days or moments."))
        else:
            found[name] = column(kind, nullable=True)
    if problems:
        raise Mistake(problems)
    return found


def _row_by_row(frame: pl.DataFrame, made: pl.DataFrame, features: Hook, columns: Mapping[str, AnyColumn]) -> None:
    """Refuse a hook that gives a row other values alone than among many: in serving a row is alone.

    Some rows, always the same, are tried. Numbers may differ in their last digits.
    """
    last = frame.height - 1
    for place in sorted({last * part // _TRIED for part in range(_TRIED + 1)}) if last > 0 else []:
        alone = added(frame[place : place + 1], features, columns).row(0, named=True)
        among = made.row(place, named=True)
        if differing := [name for name in columns if not _same(alone[name], among[name])]:
            raise _wrong(
                features,
                f"gives a row alone another {listed(differing, 'and')} than among many.",
                "It must look at one row at a time, since in serving there is one: no mean, rank or shift over rows.",
            )


def _same(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b


def _failure(features: Hook, error: Exception) -> Problem:
    import polars as pl

    absent = isinstance(error, pl.exceptions.ColumnNotFoundError)
    hint = "It is given the features, not the target, the key or the time." if absent else ""
    return own.failure(features, error, hint)


def _wrong(features: Hook, what: str, hint: str) -> Mistake:
    return Mistake(own.fault(features, what, hint))
