"""Rows held to their columns: cast exactly, every breach counted, as a slow and obvious row-by-row check does."""

import datetime as dt
import re
from fractions import Fraction
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.runtime.data.column import TYPES, column
from overture.runtime.data.contract import conform

from ...conftest import SOAK
from ...effort import effort

ZONE = "Europe/Berlin"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)([T ](\d\d:\d\d)(:[0-5]\d(\.\d{1,9})?)?( ?(Z|[+-][0-2]\d:?[0-5]\d))?)?", re.ASCII
)


def obvious(value, asked, timezone):
    """What the documentation says of one value: what it is, or that it is nothing."""
    if asked.type == "integer" or (asked.type == "category" and asked.numeric):
        return obvious_integer(value)
    return {
        "number": obvious_number,
        "boolean": lambda it: (
            {"true": True, "false": False}.get(str(it).lower()) if isinstance(it, bool | str) else None
        ),
        "category": obvious_text,
        "text": obvious_text,
        "date": obvious_date,
        "timestamp": lambda it: obvious_moment(it, timezone),
    }[asked.type](value)


def obvious_integer(value):
    if isinstance(value, str):
        if re.fullmatch(r"[+-]?\d+", value, re.ASCII):
            return obvious_integer(int(value))
        return obvious_integer(obvious_number(value)) if NUMBER.fullmatch(value) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= 2**53 else None
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def obvious_number(value):
    if isinstance(value, str):
        value = float(value) if NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < float("inf") else None


def obvious_text(value):
    if isinstance(value, dt.datetime):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def obvious_date(value):
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) else None
        except ValueError:
            return None
    if isinstance(value, dt.datetime):
        return value.date() if value.time() == dt.time(0) else None
    return value if isinstance(value, dt.date) else None


def obvious_moment(value, timezone):
    if isinstance(value, str):
        found = MOMENT.fullmatch(value)
        try:
            clock = dt.datetime.fromisoformat(f"{found[1]}T{found[3] or '00:00'}{(found[4] or ':00')[:10]}")
        except (TypeError, ValueError):
            return None
        value = clock
        if found[7]:
            try:
                zone = dt.datetime.strptime(found[7], "%z").tzinfo
            except ValueError:
                return None
            return clock.replace(tzinfo=zone).astimezone(dt.UTC)
    if not isinstance(value, dt.datetime):
        if not isinstance(value, dt.date):
            return None
        value = dt.datetime.combine(value, dt.time(0))
    if value.tzinfo is None:
        if timezone is None:
            return None
        there = value.replace(tzinfo=ZoneInfo(timezone), fold=0)
        back = there.astimezone(dt.UTC)
        return back if back.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) == value else None
    return value.astimezone(dt.UTC)


def obvious_breaches(values, asked, timezone):
    """Every rule and the rows that break it."""
    found = {}
    for row, value in enumerate(values, 1):
        if value is None or value != value:
            if not asked.nullable:
                found.setdefault("nullable", []).append(row)
            continue
        typed = obvious(value, asked, timezone)
        if typed is None:
            found.setdefault("type", []).append(row)
            continue
        if getattr(asked, "min", None) is not None and typed < asked.min:
            found.setdefault("min", []).append(row)
        if getattr(asked, "max", None) is not None and typed > asked.max:
            found.setdefault("max", []).append(row)
        if getattr(asked, "values", None) is not None and typed not in asked.values:
            found.setdefault("values", []).append(row)
    return found


DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2090, 1, 1))  # beyond, the zones of two libraries differ
WORDS = st.one_of(
    st.sampled_from(
        ["a", "b", "A", "true", "False", "TRUE", "", " ", "NA", "inf", "-inf", "nan", "1e400", "0x1f", "1_0", "٣"]
    ),
    st.integers(-(2**64), 2**64).map(str),
    st.integers(-130, 130).map(str),
    st.integers(-130, 130).map(lambda number: f"{number}.0"),
    st.floats().map(repr),
    st.from_regex(r"\A[+-]?[0-9.]{1,4}(e[+-]?[0-9]{1,2})?\Z"),
    DAYS.map(str),
    st.from_regex(
        r"\A20(24-03-31|24-10-27|23-02-2[89])[T ]0[0-3]:[0-9]{2}(:[0-6][0-9](\.[0-9]{1,7})?)?( ?Z|[+-]0[0-3]:?[03]0)?\Z"
    ),
    st.from_regex(r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-9]{2}:[0-9]{2})?\Z").filter(lambda it: "1900" < it < "2090"),
)
CLOCK = st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2037, 1, 1))
STORED = {
    pl.String: WORDS,
    pl.Categorical: st.sampled_from(["a", "b", "1", "true", "2024-01-01"]),
    pl.Int64: st.integers(-(2**63), 2**63 - 1) | st.integers(-130, 130),
    pl.UInt64: st.integers(0, 2**64 - 1),
    pl.Int8: st.integers(-128, 127),
    pl.Float64: st.floats() | st.integers(-130, 130).map(float) | st.just(float(2**53)),
    pl.Boolean: st.booleans(),
    pl.Date: DAYS,
    pl.Datetime("us"): CLOCK | DAYS.map(lambda day: dt.datetime.combine(day, dt.time(0))),
    pl.Datetime("us", "America/New_York"): CLOCK.map(lambda it: it.replace(tzinfo=dt.UTC)),
}
ASKED = st.one_of(
    st.tuples(st.sampled_from(TYPES), st.just({})),
    st.tuples(
        st.sampled_from(["integer", "number"]), st.sampled_from([{"min": 0}, {"max": 12}, {"min": -3, "max": 3}])
    ),
    st.tuples(st.just("category"), st.sampled_from([{"values": ["a", "b", "1"]}, {"values": [1, 2, -3]}])),
    st.tuples(st.just("date"), st.just({"min": dt.date(2000, 1, 1), "max": dt.date(2024, 1, 1)})),
    st.tuples(st.just("timestamp"), st.just({"min": dt.datetime(2024, 3, 31, 0, 30, tzinfo=dt.UTC)})),
)


@st.composite
def tables(draw):
    """A column as it is stored and what is declared of it."""
    stored = draw(st.sampled_from(list(STORED)))
    values = draw(st.lists(st.none() | STORED[stored], max_size=8))
    type, keys = draw(ASKED)
    if type in ("text", "category") and stored == pl.Float64:
        type, keys = "number", {}
    frame = pl.DataFrame({"it": pl.Series(values, dtype=stored)})
    return frame, column(type, nullable=draw(st.booleans()), **keys), draw(st.sampled_from([None, ZONE, "UTC"]))


@settings(max_examples=10_000 if SOAK else 400, deadline=None)
@given(tables())
def test_every_value_and_every_breach_is_what_the_obvious_check_finds(table):
    frame, asked, timezone = table
    made = conform(frame, {"it": asked}, timezone=timezone)
    values = frame["it"].to_list()
    expected = [None if it is None or it != it else obvious(it, asked, timezone) for it in values]
    assert made.frame["it"].dtype == asked.dtype
    assert made.frame["it"].to_list() == expected
    found = {}
    for breach in made.breaches:
        assert breach.share == breach.count / frame.height
        found[breach.rule] = found.get(breach.rule, 0) + breach.count
    wrong = obvious_breaches(values, asked, timezone)
    assert found == {rule: len(rows) for rule, rows in wrong.items()}
    for breach in made.breaches:
        assert set(breach.rows) <= set(wrong[breach.rule])
        if breach.rule != "values":
            assert breach.rows == tuple(wrong[breach.rule][:5])


def said(values, asked, **keys):
    made = conform(pl.DataFrame({"it": values}), {"it": asked}, **keys)
    return [str(breach.problem()) for breach in made.breaches]


def test_a_number_that_is_no_number_is_shown_with_its_rows():
    assert said(["1", "x", "12.5", "3"], column("integer")) == [
        'data.columns.it.type: 2 rows are not whole numbers ("x"), in rows 2, 3'
    ]


def test_the_same_word_everywhere_is_taken_for_a_missing_value():
    assert said(["1", "?", "?"], column("number"))[0].endswith(
        'If "?" says that the value is missing, add it to missing of the source.'
    )


def test_a_missing_value_is_said():
    assert said([1, None], column("integer")) == [
        "data.columns.it.nullable: 1 row is missing, row 2. Write nullable: true if that is right."
    ]


def test_a_bound_is_said_with_the_most_extreme_value():
    values = [1, 999, 121, -5, 130, 5, 122, 123, 124]
    assert said(values, column("integer", min=0, max=120)) == [
        "data.columns.it.min: 1 row is less than 0 (smallest -5), row 4",
        "data.columns.it.max: 6 rows are greater than 120 (largest 999), first in rows 2, 3, 5, 7, 8",
    ]


def test_days_are_early_and_late():
    asked = column("date", min=dt.date(2024, 1, 1))
    assert said(["2023-05-01", "2024-01-01"], asked) == [
        "data.columns.it.min: 1 row is earlier than 2024-01-01 (earliest 2023-05-01), row 1"
    ]


def test_unknown_labels_are_said_one_by_one_up_to_three_the_most_frequent_first():
    values = ["One year"] * 3 + ["z"] + ["y"] * 2 + ["x", "w", "w", "w", "w", "Two year"]
    assert said(values, column("category", values=["One Year", "Two year"])) == [
        'data.columns.it.values: 4 rows say "w", which is not allowed. It can be One Year or Two year.',
        'data.columns.it.values: 3 rows say "One year", which is not allowed. Did you mean "One Year"?',
        'data.columns.it.values: 2 rows say "y", which is not allowed. It can be One Year or Two year.',
        "data.columns.it.values: 2 rows hold 2 more labels that are not allowed",
    ]


def test_unknown_labels_can_count_as_missing():
    made = conform(
        pl.DataFrame({"it": ["a", "b", None, "c", "c"], "n": [1, 2, 3, 4, 9]}),
        {"it": column("category", values=["a"], nullable=True), "n": column("integer", max=8)},
        unknown_category="missing",
    )
    assert made.frame["it"].to_list() == ["a", None, None, None, None]
    assert made.unknown == {"it": 3}
    assert [(breach.column, breach.rule) for breach in made.breaches] == [("n", "max")]


def test_moments_without_a_zone_ask_for_one():
    assert said(["2024-01-01 10:00", "2024-01-02T10:00:00"], column("timestamp")) == [
        'data.columns.it.type: 2 rows name no time zone ("2024-01-01 10:00"), in rows 1, 2. '
        "Say which one it is: data.timezone, for example Europe/Berlin or UTC."
    ]


@pytest.mark.parametrize(
    ("clock", "utc"),
    [
        ("2024-07-01 12:00", "2024-07-01T10:00:00+00:00"),
        ("2024-10-27 02:30", "2024-10-27T00:30:00+00:00"),  # shown twice: the first
        ("2024-03-31 02:30", None),  # skipped
        ("2024-07-01 12:00Z", "2024-07-01T12:00:00+00:00"),
        ("2024-07-01T12:00:00.25+05:30", "2024-07-01T06:30:00.250000+00:00"),
        ("2024-07-01", "2024-06-30T22:00:00+00:00"),
    ],
)
def test_moments_are_kept_in_utc(clock, utc):
    made = conform(pl.DataFrame({"it": [clock]}), {"it": column("timestamp")}, timezone=ZONE)
    assert [it and it.isoformat() for it in made.frame["it"]] == [utc]


def test_days_from_the_first_year_to_the_last_are_days():
    made = conform(
        pl.DataFrame({"it": ["0001-01-01", "9999-12-31", "0000-01-01", "10000-01-01"]}), {"it": column("date")}
    )
    assert made.frame["it"].to_list() == [dt.date(1, 1, 1), dt.date(9999, 12, 31), None, None]


def test_moments_outside_the_calendar_are_none():
    values = ["9999-12-31T23:59-05:00", "0001-01-01T00:00+01:00", "9999-12-31T23:59Z", "2024-01-01T00:00+24:00"]
    made = conform(pl.DataFrame({"it": values}), {"it": column("timestamp")})
    assert made.frame["it"].is_null().to_list() == [True, True, False, True]


def test_a_bound_without_a_zone_is_in_the_zone_of_the_data():
    asked = column("timestamp", min=dt.datetime(2024, 7, 1, 12))
    values = ["2024-07-01T09:59:00Z", "2024-07-01T10:00:00Z"]
    assert said(values, asked, timezone=ZONE) == [
        "data.columns.it.min: 1 row is earlier than 2024-07-01T10:00:00Z (earliest 2024-07-01T09:59:00Z), row 1"
    ]


def test_whole_floats_become_labels_without_a_point():
    made = conform(pl.DataFrame({"it": [1.0, 2.5, float("nan")]}), {"it": column("category", nullable=True)})
    assert made.frame["it"].to_list() == ["1", "2.5", None]


def test_numbers_of_rows_can_be_given():
    frame = pl.DataFrame({"it": ["1", "x"]})
    made = conform(frame, {"it": column("integer")}, numbers=pl.Series([101, 102]))
    assert made.breaches[0].rows == (102,)


def test_columns_that_nobody_declared_are_left_out():
    assert conform(pl.DataFrame({"a": [1], "b": [2]}), {"b": column("integer")}).frame.columns == ["b"]


def test_no_rows_break_nothing():
    columns = {type: column(type) for type in TYPES}
    made = conform(pl.DataFrame(schema=dict.fromkeys(TYPES, pl.String)), columns, timezone=ZONE)
    assert made.breaches == ()
    assert made.frame.schema == {name: it.dtype for name, it in columns.items()}


def test_two_thousand_columns_are_quick():
    names = [str(i) for i in range(2000)]
    frame, found = pl.DataFrame({name: ["1", "2", "x"] for name in names}), []
    columns = {name: column("integer", min=0, max=9) for name in names}
    assert effort(lambda: found.extend(conform(frame, columns).breaches)) < 180
    assert len(found) == 2000


def test_a_stored_decimal_is_a_number():
    frame = pl.DataFrame({"it": pl.Series(["1.50", "2.00"]).cast(pl.Decimal(10, 2))})
    assert conform(frame, {"it": column("number")}).frame["it"].to_list() == [float(Fraction(3, 2)), 2.0]
    assert conform(frame, {"it": column("integer")}).frame["it"].to_list() == [None, 2]


def test_stored_lists_are_nothing_a_column_can_hold():
    frame = pl.DataFrame({"it": [[1], [2]]})
    for type in TYPES:
        assert [(it.rule, it.count) for it in conform(frame, {"it": column(type)}).breaches] == [("type", 2)]


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        (["secret", "1"], {"type": "integer"}),
        ([-77, 3], {"type": "number", "min": 0}),
        ([77, 3], {"type": "number", "max": 10}),
        (["secret", "a"], {"type": "category", "values": ["a"]}),
    ],
)
def test_values_of_a_personal_column_are_never_shown(values, asked):
    made = conform(pl.DataFrame({"it": values}), {"it": column(**asked, personal=True)})
    assert [(it.rows, it.count, it.example) for it in made.breaches] == [((1,), 1, "")]
    said = str(made.breaches[0].problem())
    assert said.endswith(", row 1")
    assert "secret" not in said
    assert "77" not in said
