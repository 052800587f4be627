"""From how a value is stored to the type its column declares: exactly, or not at all.

| declared  | what is taken                                                                                            |
|-----------|----------------------------------------------------------------------------------------------------------|
| integer   | whole numbers of 64 bits, also written 12.0 or 1e3 up to 2**53                                           |
| number    | decimal numbers, 1e3 too; neither infinite nor "nan". Integers beyond 2**53 are rounded as floats are      |
| boolean   | true and false in any case                                                                               |
| category  | text as it is; stored numbers, booleans and days as they are written; integer labels as integers         |
| text      | the same                                                                                                 |
| timestamp | ISO 8601: a day, or day and time parted by T or a blank, with a fraction (kept to microseconds), Z or offset |
| date      | ISO 8601, or a stored moment that is midnight                                                            |

A moment without a zone is in the data set's zone; where the clock showed it twice it is the first, and where
it was skipped, or no zone is declared, there is no such moment. (polars knows no daylight saving after 2099.)
A stored NaN is a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .column import AnyColumn, BooleanColumn, CategoryColumn, DateColumn, IntegerColumn, NumberColumn, TimestampColumn

if TYPE_CHECKING:
    import polars as pl

_DAY = r"\d{4}-\d{2}-\d{2}"
_MOMENT = rf"^({_DAY})(?:[T ](\d{{2}}:\d{{2}})(?:(:[0-5]\d)(\.\d{{1,9}})?)? ?(Z|[+-][0-2]\d:?[0-5]\d)?)?$"
_PLAIN = rf"^{_DAY}[T ]\d{{2}}:\d{{2}}:[0-5]\d(?:Z|\+00:00)?$"  # how most files write moments
_EXACT = 2**53  # beyond it floats skip whole numbers


def present(name: str, stored: pl.DataType) -> pl.Expr:
    """A stored column in which a missing value is null, and a category is text."""
    import polars as pl

    value = pl.col(name)
    if stored.is_float():
        return value.fill_nan(None)
    return value.cast(pl.String) if isinstance(stored, pl.Categorical | pl.Enum) else value


def cast(value: pl.Expr, stored: pl.DataType, column: AnyColumn, timezone: str | None = None) -> pl.Expr:
    """A present() value in the column's dtype; null where it is missing, or is no such value."""
    import polars as pl

    if isinstance(stored, pl.Categorical | pl.Enum):
        stored = pl.String()
    if isinstance(column, IntegerColumn) or (isinstance(column, CategoryColumn) and column.numeric):
        return _integer(value, stored)
    if isinstance(column, NumberColumn):
        return _number(value, stored)
    if isinstance(column, BooleanColumn):
        return _boolean(value, stored)
    if isinstance(column, TimestampColumn):
        return _timestamp(value, stored, timezone)
    if isinstance(column, DateColumn):
        return _date(value, stored)
    return _text(value, stored)


def narrow(frame: pl.DataFrame, columns: Mapping[str, AnyColumn]) -> pl.DataFrame:
    """A frame of text with numbers in place of every column of numbers that holds nothing else; it is a fraction of the size."""
    numeric = [name for name in frame.columns if isinstance(columns[name], IntegerColumn | NumberColumn)]
    if not numeric:
        return frame
    stored = frame.schema
    typed = frame.with_columns(
        cast(present(name, stored[name]), stored[name], columns[name]).alias(name) for name in numeric
    )
    before, after = (it.null_count().row(0, named=True) for it in (frame.select(numeric), typed.select(numeric)))
    whole = [name for name in numeric if before[name] == after[name]]
    return frame.with_columns(typed.select(whole))


def widened(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Frames that were made narrow(), one below the other: text again where one of them had to stay text."""
    import polars as pl

    text = list({name for frame in frames for name, stored in frame.schema.items() if stored == pl.String})
    return pl.concat(frame.with_columns(pl.col(text).cast(pl.String)) for frame in frames)


def _integer(value: pl.Expr, stored: pl.DataType) -> pl.Expr:
    import polars as pl

    if stored.is_integer() or stored == pl.Null:
        return value.cast(pl.Int64, strict=False)
    if stored == pl.String:
        return pl.coalesce(value.cast(pl.Int64, strict=False), _whole(value.cast(pl.Float64, strict=False)))
    if stored.is_float() or stored.is_decimal():
        return _whole(value.cast(pl.Float64))
    return _none(pl.Int64())


def _whole(value: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when((value == value.floor()) & (value.abs() <= _EXACT)).then(value.cast(pl.Int64, strict=False))


def _number(value: pl.Expr, stored: pl.DataType) -> pl.Expr:
    import polars as pl

    if stored.is_numeric() or stored in (pl.String, pl.Null):
        number = value if stored == pl.Float64 else value.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite()).then(number) if stored.is_float() or stored == pl.String else number
    return _none(pl.Float64())


def _boolean(value: pl.Expr, stored: pl.DataType) -> pl.Expr:
    import polars as pl

    if stored in (pl.Boolean, pl.Null):
        return value.cast(pl.Boolean)
    if stored == pl.String:
        low = value.str.to_lowercase()
        return pl.when(low == "true").then(True).when(low == "false").then(False)
    return _none(pl.Boolean())


def _text(value: pl.Expr, stored: pl.DataType) -> pl.Expr:
    import polars as pl

    if stored.is_float():
        return pl.coalesce(_whole(value).cast(pl.String), value.cast(pl.String))
    if stored.is_numeric() or stored in (pl.String, pl.Boolean, pl.Date, pl.Binary, pl.Null):
        return value.cast(pl.String, strict=False)
    return _none(pl.String())


def _timestamp(value: pl.Expr, stored: pl.DataType, timezone: str | None) -> pl.Expr:
    import polars as pl

    utc = pl.Datetime("us", "UTC")
    if isinstance(stored, pl.Datetime) and stored.time_zone is not None:
        return value.dt.convert_time_zone("UTC").cast(utc)
    if isinstance(stored, pl.Datetime) or stored in (pl.Date, pl.Null):
        return _in_zone(value.cast(pl.Datetime("us")), timezone)
    if stored != pl.String:
        return _none(utc)
    return value.map_batches(lambda text: _moments(text, timezone), return_dtype=utc, is_elementwise=True)


def _moments(text: pl.Series, timezone: str | None) -> pl.Series:
    """Moments as they are written; where all are written as _PLAIN says, which is quick to tell, many times quicker."""
    import polars as pl

    plain = text.str.contains(_PLAIN)
    if not plain.all():
        value = pl.col("text")
        found = pl.when(plain).then(_plainly(pl.when(plain).then(value), timezone)).otherwise(_written(value, timezone))
    else:
        found = _plainly(pl.col("text"), timezone)
    return text.to_frame("text").select(pl.when(found.dt.year().is_between(1, 9999)).then(found)).to_series()


def _plainly(value: pl.Expr, timezone: str | None) -> pl.Expr:
    import polars as pl

    text = value.str.slice(0, 19).str.replace("T", " ", literal=True)
    clock = text.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    zoned = value.str.len_bytes() > 19
    return pl.when(zoned).then(clock.dt.replace_time_zone("UTC")).otherwise(_in_zone(clock, timezone))


def _written(value: pl.Expr, timezone: str | None) -> pl.Expr:
    """Moments in any other form of ISO 8601 that is taken."""
    import polars as pl

    day, time, second, fraction, zone = (pl.field(str(group)) for group in range(1, 6))
    clock = pl.concat_str(
        day, pl.lit(" "), time.fill_null("00:00"), second.fill_null(":00"), fraction.fill_null("")
    ).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    hours, minutes = zone.str.slice(1, 2).cast(pl.Int64, strict=False), zone.str.slice(-2).cast(pl.Int64, strict=False)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    offset = pl.when(zone == "Z").then(0).when(hours < 24).then(sign * (hours * 60 + minutes))
    zoned = (clock - pl.duration(minutes=offset)).dt.replace_time_zone("UTC")
    moment = pl.when(zone.is_null()).then(_in_zone(clock, timezone)).otherwise(zoned)
    # inside the struct, so that the text is taken apart only once
    return value.str.extract_groups(_MOMENT).struct.with_fields(moment=moment).struct.field("moment")


def _in_zone(clock: pl.Expr, timezone: str | None) -> pl.Expr:
    import polars as pl

    if timezone is None:
        return _none(pl.Datetime("us", "UTC"))
    there = clock.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return there.dt.convert_time_zone("UTC")


def _date(value: pl.Expr, stored: pl.DataType) -> pl.Expr:
    import polars as pl

    if stored in (pl.Date, pl.Null):
        return value.cast(pl.Date)
    if isinstance(stored, pl.Datetime):
        return pl.when(value.dt.time() == pl.time(0)).then(value.dt.date())
    if stored == pl.String:
        day = pl.when(value.str.contains(rf"^{_DAY}$")).then(value).str.to_date("%Y-%m-%d", strict=False)
        return pl.when(day.dt.year() >= 1).then(day)
    return _none(pl.Date())


def _none(dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    return pl.lit(None, dtype)
