"""Columns computed from one row by SQL expressions: checked without data, and the same for one row as for many.

A name is a column, in double quotes where it holds blanks; text stands in single quotes. `a / b` is never cut to
a whole number, what divides by zero is missing, and moments are in UTC.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, Problem, did_you_mean, listed
from .column import AnyColumn, Column, column
from .dtypes import column_type, typed
from .specimen import values

if TYPE_CHECKING:
    import polars as pl

Path = tuple[str | int, ...]

_ONE = """
abs acos acosd asin asind atan atan2 atan2d atand cbrt ceil ceiling cos cosd cot cotd degrees div exp floor ln log
log10 log1p log2 mod pi pow power radians round sign sin sind sqrt tan tand
bit_and bit_count bit_not bit_or bit_xor bitand bitcount bitnot bitor bitxor
bit_length char_length character_length concat concat_ws ends_with initcap left length lower ltrim normalize
octet_length regexp_like replace reverse right rtrim split_part starts_with strpos substr substring trim upper
cast coalesce date date_part extract greatest if ifnull least nullif strftime strptime timestamp try_cast
"""
_MANY = """
array_agg avg corr count covar covar_pop covar_samp cume_dist dense_rank every explode first first_value
group_concat lag last last_value lead listagg max mean median min mode ntile over percent_rank quantile_cont
quantile_disc rank row_number std stddev stddev_pop stddev_samp stdev string_agg sum unnest var var_pop var_samp
variance
"""
_FICKLE = (
    "current_date current_time current_timestamp gen_random_uuid localtime localtimestamp now rand random today uuid"
)
_WORDS = "all and any array as between by case else end from ilike in is like not or rlike similar to then when"
FUNCTIONS = frozenset(_ONE.split())
"""What may be called: everything whose answer for a row depends on that row alone."""
_LITERALS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_ROWS = 48  # specimens that an expression is tried on


def describe(
    expressions: Mapping[str, str], features: Mapping[str, AnyColumn], others: Mapping[str, str], path: Path
) -> tuple[dict[str, Column], list[Problem]]:
    """What each expression gives, as a column that may be missing; and what is wrong with those that give nothing.

    expressions: SQL by the name of the new column; each may use the features and the columns derived before it.
    others: why a column that is no feature may not be used, by its name.
    """
    known: dict[str, AnyColumn] = dict(features)
    found: dict[str, Column] = {}
    problems: list[Problem] = []
    refused: set[str] = set()
    for name, sql in expressions.items():
        later = {it: "it is derived below; move it up" for it in expressions if it not in known and it != name}
        later |= {name: "it is what is derived here"}
        if refused.intersection(names(sql)):
            refused.add(name)  # said once, where it starts
            continue
        try:
            known[name] = found[name] = result(sql, known, {**others, **later}, (*path, name))
        except Mistake as mistake:
            problems += mistake.problems
            refused.add(name)
    return found, problems


def result(sql: str, columns: Mapping[str, AnyColumn], others: Mapping[str, str], path: Path) -> Column:
    """What an expression over one row of these columns gives, found without data.

    Raises Mistake when it cannot be read, uses what is not there, looks at more than one row, or fails for a row that
    the columns allow.
    """
    import polars as pl

    if problem := _foreign(sql, path):
        raise Mistake(problem)
    try:
        same = expression(sql).meta.eq(_parsed(sql))
    except pl.exceptions.PolarsError as error:
        hint = "Names with blanks stand in double quotes, text in single quotes." if "parse" in str(error) else ""
        raise Mistake(Problem(f"cannot be read: {_line(error)}.", path, hint=hint)) from None
    if not same:
        raise Mistake(Problem("gives something else each time it is asked.", path, hint=_ONE_ROW))
    used = names(sql)
    problems = [_unknown(name, columns, others, path) for name in used if name not in columns]
    if problems:
        raise Mistake(problems)
    dtype = _tried(sql, tuple((name, columns[name].model_dump_json()) for name in used), path)
    kind = column_type(dtype)
    if kind is None:
        hint = "It can be a number, true or false, text, a day or a moment."
        raise Mistake(Problem(f"gives {_plain(dtype)}, which no model can take.", path, hint=hint))
    return column(kind, nullable=True)


def evaluated(frame: pl.DataFrame, name: str, sql: str, dtype: pl.DataType) -> tuple[pl.DataFrame, int]:
    """The frame with one more column, and in how many rows it would not be finite; there it is missing.

    Raises Mistake when a value of a row makes the expression fail.
    """
    import polars as pl

    try:
        raw = frame.select(expression(sql).alias(name)) if frame.width else pl.DataFrame({name: []}, {name: dtype})
        if raw.height != frame.height:  # a literal
            raw = frame.select(pl.repeat(raw[name][0], pl.len(), dtype=raw[name].dtype).alias(name))
        made = raw.select(typed(raw.schema[name], dtype, name).alias(name))
    except pl.exceptions.PolarsError as error:
        raise Mistake(f"{name} = {sql} fails: {_line(error)}") from None
    return frame.hstack(made), made[name].null_count() - raw[name].null_count()


def several(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, a single one twice.

    polars divides one row by a constant, and several rows by multiplying with its reciprocal; what is computed of a
    row alone would differ from what is computed of it among others in the last bit. It takes equal rows made by
    frames for one row, too; made by series, they are two.
    """
    import polars as pl

    return rows if rows.height != 1 else pl.DataFrame([pl.concat([it, it]) for it in rows.get_columns()])


def names(sql: str) -> list[str]:
    """The columns that an expression reads, each once; none where it cannot be read."""
    import polars as pl

    try:
        return list(dict.fromkeys(expression(sql).meta.root_names()))
    except pl.exceptions.PolarsError:
        return []


@lru_cache(maxsize=1024)
def expression(sql: str) -> pl.Expr:
    """The expression, compiled once."""
    return _parsed(sql)


def _parsed(sql: str) -> pl.Expr:
    import polars as pl

    return pl.sql_expr(sql)


_ONE_ROW = "It must depend on one row alone, so that one row and many are answered alike."


def _foreign(sql: str, path: Path) -> Problem | None:
    """The first thing in an expression that looks beyond its row, or that nobody knows."""
    if found := re.search(r'"(\^.*?\$)"', sql):
        return Problem(f"{found[1]} may be many columns; write their names.", path)
    bare = _LITERALS.sub(" '' ", sql).lower()
    if found := re.search(r"\b(select|over)\b(?=\s*[(\w*])", bare):
        return Problem(f"{found[1]} looks at other rows.", path, hint=_ONE_ROW)
    if found := re.search(rf"\b({_FICKLE.replace(' ', '|')})\b", bare):
        return Problem(f"{found[1]} gives something else each time it is asked.", path, hint=_ONE_ROW)
    for word in re.findall(r"\b([a-z_]\w*)\s*\(", bare):
        if word in _MANY.split():
            return Problem(f"{word} looks at more than one row.", path, hint=_ONE_ROW)
        if word not in FUNCTIONS and word not in _WORDS.split():
            hint = did_you_mean(word, FUNCTIONS, otherwise="docs/data.md lists those there are.")
            return Problem(f"there is no function {word} for one row.", path, hint=hint)
    return None


def _unknown(name: str, columns: Mapping[str, AnyColumn], others: Mapping[str, str], path: Path) -> Problem:
    if name in others:
        return Problem(f"cannot use {name}: {others[name]}.", path)
    blank = next((it for it in columns if it.startswith(f"{name} ")), None)
    hint = did_you_mean(name, columns) if blank is None else f'Put "{blank}" into its double quotes.'
    return Problem(f'there is no column "{name}" to compute from.', path, hint=hint)


@lru_cache(maxsize=1024)
def _tried(sql: str, described: tuple[tuple[str, str], ...], path: Path) -> pl.DataType:
    """The type an expression over columns, each described in JSON, gives; many made rows give what each gives alone (as `completed` asks), and none fails."""
    import polars as pl

    columns = {name: column(**json.loads(text)) for name, text in described}
    rows = _specimens(columns)
    try:
        empty = rows.clear().select(expression(sql).alias("it"))
    except pl.exceptions.PolarsError as error:
        raise Mistake(Problem(f"the types do not fit: {_line(error)}", path)) from None
    try:
        together = rows.select(expression(sql).alias("it"))
        alone = pl.concat([several(rows[i]).select(expression(sql).alias("it")).head(1) for i in range(rows.height)])
    except pl.exceptions.PolarsError as error:
        hint = "CAST fails where TRY_CAST gives nothing." if "conversion" in str(error) else ""
        what = f"fails for values that {listed(columns, 'and')} may hold: {_line(error)}"
        raise Mistake(Problem(what, path, hint=hint)) from None
    if columns and not together.equals(alone, null_equal=True):
        raise Mistake(Problem("looks at more than one row.", path, hint=_ONE_ROW))
    return empty.schema["it"]


def _specimens(columns: Mapping[str, AnyColumn]) -> pl.DataFrame:
    """Rows that the columns allow, ordinary ones and odd ones: (48, columns); the first lacks every value."""
    import polars as pl

    draw = random.Random(0)
    made: dict[str, Any] = {}
    for name, it in columns.items():
        pool = values(it)
        rest = [draw.choice([*pool, None]) for _ in range(_ROWS - 1 - len(pool))]
        made[name] = pl.Series(name, [None, *pool, *rest], it.dtype)
    return pl.DataFrame(made if made else {"": [None]})


def _plain(dtype: pl.DataType) -> str:
    text = str(dtype)
    return "a length of time" if text.startswith("Duration") else "nothing" if text == "Null" else text


def _line(error: BaseException) -> str:
    """The first line of what polars says, without the point at its end."""
    return (str(error).splitlines() or [""])[0][:200].rstrip(".")
