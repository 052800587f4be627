"""Columns that a project's own hook `features` computes from a row, the same way in training, batch and serving."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, Place, Problem, listed
from .column import AnyColumn, Column, column

if TYPE_CHECKING:
    import polars as pl


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
        return frame.hstack(extra.select(_typed(extra.schema[name], it.dtype, name) for name, it in columns.items()))
    except pl.exceptions.PolarsError as error:
        raise _wrong(
            features, f"adds values of another type than in training: {_line(error)}", "Train again."
        ) from None


def columns_of(frame: pl.DataFrame, features: Callable[..., Any]) -> dict[str, Column]:
    """What the added columns are, read off their dtypes; all of them may be missing.

    Raises Mistake for a dtype that no model can take.
    """
    found, problems = {}, []
    for name, dtype in frame.schema.items():
        kind = _kind(dtype)
        if kind is None:
            what = f'adds "{name}" as {dtype}, which no model can take.'
            problems.append(_problem(features, what, "Make it numbers, booleans, text, days or moments."))
        else:
            found[name] = column(kind, nullable=True)
    if problems:
        raise Mistake(problems)
    return found


def _kind(dtype: pl.DataType) -> str | None:
    import polars as pl

    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "number"
    kinds = {pl.Boolean: "boolean", pl.String: "category", pl.Categorical: "category", pl.Enum: "category",
             pl.Date: "date", pl.Datetime: "timestamp"}  # fmt: skip
    return kinds.get(dtype.base_type())


def _typed(stored: pl.DataType, dtype: pl.DataType, name: str) -> pl.Expr:
    import polars as pl

    value = pl.col(name)
    if isinstance(stored, pl.Datetime) and stored.time_zone is None:
        value = value.dt.replace_time_zone("UTC")
    elif isinstance(stored, pl.Datetime):
        value = value.dt.convert_time_zone("UTC")
    value = value.cast(dtype)
    return pl.when(value.is_finite()).then(value).alias(name) if dtype == pl.Float64 else value


def _failure(features: Callable[..., Any], error: Exception) -> Problem:
    """What went wrong, and in which line of the file of the hook."""
    import polars as pl

    file = inspect.getsourcefile(inspect.unwrap(features))
    lines = [step.lineno for step in traceback.extract_tb(error.__traceback__) if step.filename == file]
    hint = ""
    if isinstance(error, pl.exceptions.ColumnNotFoundError):
        hint = "It is given the features, not the target, the key or the time."
    what = f"features fails: {type(error).__name__}: {_line(error)}"
    return Problem(what, place=_place(features, lines[-1] if lines and lines[-1] else 0), hint=hint)


def _wrong(features: Callable[..., Any], what: str, hint: str) -> Mistake:
    return Mistake(_problem(features, what, hint))


def _problem(features: Callable[..., Any], what: str, hint: str) -> Problem:
    code = getattr(inspect.unwrap(features), "__code__", None)
    return Problem(f"features {what}", place=_place(features, code.co_firstlineno if code else 0), hint=hint)


def _place(features: Callable[..., Any], line: int) -> Place:
    return Place(Path(inspect.getsourcefile(inspect.unwrap(features)) or "hooks.py").name, line)


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:200]
