"""Several sources as one table: what is joined, under which names, and what is refused."""

import datetime as dt
import random

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.runtime.data.column import column
from overture.runtime.data.dataset import Dataset
from overture.runtime.data.join import AsOf, Join
from overture.runtime.data.joins import _gathered, joined
from overture.runtime.data.keys import Side
from overture.runtime.data.match import match
from overture.runtime.data.rows import check, load
from overture.runtime.errors import Mistake, OvertureError
from overture.runtime.project import Project

from ...conftest import SOAK

FILES = {
    "flights": "year,month,hour,tailnum,origin,dest,carrier,arr_delay\n"
    "2013,1,5,N1,EWR,IAH,UA,11\n2013,1,6,N2,JFK,SJU,B6,40\n2013,1,,NA,LGA,IAH,AA,NA\n2013,1,5,N1,EWR,BQN,UA,20\n2013,1,7,N9,EWR,IAH,UA,-3\n",
    "weather": "origin,year,month,hour,temp\nEWR,2013,1,5,39.5\nJFK,2013,1,6,12\nLGA,2013,1,1,3\nLGA,2013,1,1,4\nEWR,2013,1,,9\n",
    "planes": "tailnum,year,seats\nN1,1999,55\nN2,2004,182\nN3,2010,20\n",
    "airlines": "carrier,name\nUA,United\nB6,JetBlue\nAA,American\n",
    "airports": "faa,name,lat\nIAH,Houston,29.98\nBQN,Borinquen,18.49\n",
}
COLUMNS = """\
  month: {type: integer}
  origin: {type: category}
  dest: {type: category}
  temp: {type: number, nullable: true}
  planes_year: {type: integer, nullable: true}
  seats: {type: integer, nullable: true}
  name: {type: category}
  airports_name: {type: category, nullable: true}
  arr_delay: {type: integer, nullable: true}
"""
JOINS = """\
  - {source: weather, by: [origin, year, month, hour]}
  - {source: planes, by: tailnum}
  - {source: airlines, by: carrier}
  - {source: airports, by: {dest: faa}}
"""


@pytest.fixture
def flights(tmp_path):
    """A project of five files, which hold the traps of the flights that left New York in 2013."""

    def make(
        joins=JOINS,
        columns=COLUMNS,
        base="base: flights",
        extra="",
        target="{name: late, from: arr_delay > 15}",
        **files,
    ):
        (tmp_path / "conf" / "data").mkdir(parents=True, exist_ok=True)
        for name, text in {**FILES, **files}.items():
            (tmp_path / f"{name}.csv").write_text(text)
        sources = "".join(f"  {name}: {{kind: csv, path: {name}.csv, missing: [NA, '']}}\n" for name in FILES)
        data = f"sources:\n{sources}{base}\njoins:\n{joins}columns:\n{columns}{extra}"
        (tmp_path / "conf" / "data" / "flights.yaml").write_text(data)
        (tmp_path / "conf" / "config.yaml").write_text(
            "defaults: [base, _self_, override data: flights, override model: logistic]\n"
            "hydra: {searchpath: [pkg://overture.conf]}\n"
            f"name: flights\ntask: binary\ntarget: {target}\n"
        )
        (tmp_path / "hooks.py").write_text("")
        return Project.open(tmp_path)

    return make


def problems(run):
    with pytest.raises(OvertureError) as error:
        run()
    return [str(problem).partition("   ")[2] or str(problem) for problem in error.value.problems]


def refused(project):
    return problems(lambda: check(load(project.data), project.schema))


def test_five_sources_are_one_table(flights):
    rows = load(flights().data)
    assert rows.frame.select("temp", "planes_year", "seats", "name", "airports_name", "late", "_row").rows() == [
        (39.5, 1999, 55, "United", "Houston", False, 1),
        (12.0, 2004, 182, "JetBlue", None, True, 2),
        (39.5, 1999, 55, "United", "Borinquen", True, 4),
        (None, None, None, "United", "Houston", False, 5),
    ]
    assert (rows.read, rows.dropped) == (5, 1)
    assert rows.source == "flights.csv, weather.csv, planes.csv, airlines.csv and airports.csv"
    assert rows.breaches == ()


def test_what_finds_nothing_is_counted(flights):
    assert load(flights().data).notes == (
        "weather: 2 of 5 rows of flights found nothing",
        "weather: 1 key more than once, but no row has it",
        "planes: 2 of 5 rows of flights found nothing",
        "airports: 1 of 5 rows of flights found nothing",
    )


def test_a_column_of_a_source_that_nobody_wants_is_said_and_a_key_is_not(flights):
    assert load(flights().data).extra == ("lat",)


def test_every_file_goes_into_the_fingerprint(flights):
    assert list(flights().inputs.data) == [f"{name}.csv" for name in FILES]


def test_outcomes_and_keys_are_no_features(flights):
    schema = flights().schema
    assert "arr_delay" not in schema.features
    assert "tailnum" not in schema.features
    assert list(schema.outcomes) == ["arr_delay"]


def test_a_join_that_makes_more_rows_is_refused_with_counts(flights):
    planes = FILES["planes"] + "N1,2001,60\nN1,2002,61\n"
    assert refused(flights(planes=planes)) == [
        "data.joins[1].expect: 2 rows of flights find more than one row of planes, which makes 4 rows more, in rows 1, 4. "
        "If that is right, write another expect."
    ]


@pytest.mark.parametrize("expect", ["one_to_many", "many_to_many"])
def test_more_rows_are_made_where_that_is_expected(flights, expect):
    joins = JOINS.replace("by: tailnum", f"by: tailnum, expect: {expect}")
    planes = FILES["planes"] + "N2,2001,60\n"
    files = {"flights": FILES["flights"].replace("2013,1,5,N1,EWR,BQN", "2013,1,5,N4,EWR,BQN")}
    rows = load(flights(joins=joins, planes=planes, **files).data)
    assert rows.frame.select("_row", "seats").rows() == [(1, 55), (2, 182), (2, 60), (4, None), (5, None)]
    assert (rows.read, rows.dropped) == (5, 1)


@pytest.mark.parametrize("expect", ["one_to_one", "one_to_many"])
def test_a_row_found_twice_is_refused_where_each_has_its_own(flights, expect):
    joins = JOINS.replace("by: tailnum", f"by: tailnum, expect: {expect}")
    assert refused(flights(joins=joins)) == [
        "data.joins[1].expect: 1 row of planes finds more than one row of flights, row 1. If that is right, write another expect."
    ]


def test_an_inner_join_refuses_rows_that_find_nothing(flights):
    assert refused(flights(joins=JOINS.replace("by: tailnum", "by: tailnum, how: inner"))) == [
        "data.joins[1].how: 2 rows of flights find nothing in planes, in rows 3, 5. "
        "Write drop_unmatched: true to leave them out, or how: left to keep them."
    ]


def test_an_inner_join_leaves_rows_out_where_that_is_written(flights):
    joins = JOINS.replace("by: tailnum", "by: tailnum, how: inner, drop_unmatched: true")
    rows = load(flights(joins=joins).data)
    assert rows.frame["_row"].to_list() == [1, 2, 4]
    assert "planes: 2 rows of flights found nothing, left out" in rows.notes
    assert (rows.read, rows.dropped) == (5, 0)


def test_a_breach_in_a_joined_column_says_its_source_and_the_rows_of_the_base(flights):
    columns = COLUMNS.replace("temp: {type: number, nullable: true}", "temp: {type: number, nullable: true, max: 20}")
    assert refused(flights(columns=columns)) == [
        "data.columns.temp.max: joined from weather: 2 rows are greater than 20 (largest 39.5), in rows 1, 4"
    ]


def test_text_does_not_match_whole_numbers(flights):
    columns = COLUMNS + "  tailnum: {type: integer}\n"
    found = refused(flights(columns=columns))
    assert 'data.joins[1].by: tailnum of planes: 3 rows are not whole numbers ("N1"), in rows 1, 2, 3' in found


def test_stored_types_that_cannot_be_equal_are_a_mistake(flights, tmp_path):
    pl.DataFrame({"tailnum": [1, 2], "seats": [3, 4], "year": [1, 2]}).write_parquet(tmp_path / "planes.parquet")
    project = flights()
    conf = tmp_path / "conf" / "data" / "flights.yaml"
    conf.write_text(
        conf.read_text().replace(
            "{kind: csv, path: planes.csv, missing: [NA, '']}", "{kind: parquet, path: planes.parquet}"
        )
    )
    project = Project.open(tmp_path)
    assert problems(lambda: load(project.data)) == [
        "data.joins[1].by: tailnum of flights holds text, tailnum of planes holds whole numbers: they cannot be compared. "
        "Describe tailnum in data.columns, so that both are read alike."
    ]


def test_keys_are_matched_by_value_however_they_are_written(flights):
    rows = load(
        flights(
            columns=COLUMNS + "  hour: {type: integer, nullable: true}\n",
            weather=FILES["weather"].replace(",5,39.5", ",5.0,39.5"),
        ).data
    )
    assert rows.frame["temp"].to_list() == [39.5, 12.0, 39.5, None]


def test_names_that_are_not_there_are_said_all_at_once(flights):
    joins = JOINS.replace("by: tailnum", "by: tailnun").replace("dest: faa", "dest: fa")
    assert problems(lambda: load(flights(joins=joins).data)) == [
        'data.joins[1].by: there is no column "tailnun" on the left side. Did you mean "tailnum"?',
        'data.joins[1].by: planes has no column "tailnun". Did you mean "tailnum"?',
        'data.joins[3].by: airports has no column "fa". Did you mean "faa"?',
    ]


def test_sources_and_bases_that_are_not_there_are_said(flights):
    with pytest.raises(Mistake) as mistake:
        flights(base="base: fligts", joins=JOINS.replace("source: planes", "source: plans"))
    said = [str(problem) for problem in mistake.value.problems]
    assert any('base: no source is called "fligts". Did you mean "flights"?' in it for it in said)
    assert any('joins[1].source: no source is called "plans". Did you mean "planes"?' in it for it in said)


def test_several_sources_need_a_base_and_every_source_a_join(flights):
    assert "which source holds the rows to predict?" in problems(lambda: flights(base=""))[0]
    assert problems(lambda: flights(joins=JOINS.replace("  - {source: planes, by: tailnum}\n", "")))[0].startswith(
        "sources.planes: no join uses this source."
    )


def test_a_join_by_an_ignored_column_is_a_mistake(flights):
    assert problems(lambda: flights(extra="ignore: [hour]\n"))[0].startswith(
        'joins[0]: goes by "hour", which ignore says'
    )


def test_a_missing_column_is_looked_for_in_all_sources(flights):
    found = problems(lambda: load(flights(columns=COLUMNS.replace("planes_year", "planes_yeer")).data))
    assert found == [
        "data.columns.planes_yeer: none of flights.csv, weather.csv, planes.csv, airlines.csv and airports.csv "
        'has a column "planes_yeer". Did you mean "planes_year"?'
    ]


def test_one_source_is_joined_twice_under_another_prefix(flights):
    joins = JOINS + "  - {source: airports, by: {origin: faa}, prefix: from_}\n"
    columns = COLUMNS + "  from_name: {type: category, nullable: true}\n  from_lat: {type: number, nullable: true}\n"
    rows = load(flights(joins=joins, columns=columns, airports=FILES["airports"] + "EWR,Newark,40.7\n").data)
    assert rows.frame.select("airports_name", "from_name", "from_lat").row(0) == ("Houston", "Newark", 40.7)


def test_names_that_clash_after_the_prefix_are_a_mistake(flights):
    joins = JOINS + "  - {source: airports, by: {origin: faa}}\n"
    assert problems(lambda: load(flights(joins=joins).data)) == [
        'data.joins[4].prefix: airports would have a column "airports_name", and airports has one already. Write another prefix.'
    ]


def test_damage_in_two_sources_is_said_at_once(flights, tmp_path):
    project = flights()
    for name in ("weather", "planes"):
        (tmp_path / f"{name}.csv").unlink()
    assert [it.split(":")[0] for it in problems(lambda: load(project.data))] == [
        "data.sources.weather.path",
        "data.sources.planes.path",
    ]


def test_a_joined_source_without_rows_is_a_mistake(flights):
    assert problems(lambda: load(flights(planes="tailnum,year,seats\n").data)) == [
        "data.sources.planes: planes.csv has no rows."
    ]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "by is missing"),
        ({"by": "a", "drop_unmatched": True}, "no use with how: left"),
        ({"by": "a", "as_of": {"left": "a", "right": "b"}, "expect": "many_to_many"}, "finds one row at most"),
        ({"as_of": {"left": "a", "right": "b", "tolerance": "7 days"}}, "no length of time"),
        ({"as_of": {"left": "a", "right": "b", "tolerance": -1}}, "less than nothing"),
    ],
)
def test_a_join_that_makes_no_sense_is_refused(keys, said):
    with pytest.raises(ValueError, match=said):
        Join(source="s", **keys)


# as-of joins

USAGE = "customer,measured_at,used\n1,2024-01-01T00:00:00Z,10\n1,2024-01-05 12:00,20\n2,2024-01-09,30\n,2024-01-01,99\n1,,98\n"
CUSTOMERS = (
    "customer,signup,left\n1,2024-01-05T11:00:00Z,a\n1,2024-01-05T10:00:00Z,b\n2,2024-01-08,a\n1,2024-02-20,b\n3,,a\n"
)


@pytest.fixture
def usage(tmp_path):
    """Customers, and what they used, measured now and then."""

    def make(as_of, by="customer", timezone="Europe/Berlin", usage=USAGE, **columns):
        (tmp_path / "customers.csv").write_text(CUSTOMERS)
        (tmp_path / "usage.csv").write_text(usage)
        return Dataset(
            sources={name: {"kind": "csv", "path": f"{name}.csv"} for name in ("customers", "usage")},
            base="customers",
            joins=[{"source": "usage", "as_of": as_of, **({"by": by} if by else {})}],
            timezone=timezone,
            columns={"used": {"type": "integer", "nullable": True}, **columns},
        )

    return make


def used(dataset, root):
    return joined(dataset, root, dataset.columns)


def test_the_latest_row_that_is_not_later_is_met(usage, tmp_path):
    found = used(usage({"left": "signup", "right": "measured_at"}), tmp_path)
    assert found.frame["used"].cast(pl.Int64).to_list() == [20, 10, None, 20, None]  # 12:00 in Berlin is 11:00 in UTC
    assert found.notes == ("usage: 2 of 5 rows of customers found nothing",)
    assert found.extra == ("left",)


def test_a_row_older_than_the_tolerance_is_not_met(usage, tmp_path):
    found = used(usage({"left": "signup", "right": "measured_at", "tolerance": "4d"}), tmp_path)
    assert found.frame["used"].cast(pl.Int64).to_list() == [20, None, None, None, None]


def test_without_keys_the_latest_row_of_all_is_met(usage, tmp_path):
    found = used(usage({"left": "signup", "right": "measured_at"}, by=None), tmp_path)
    assert found.frame["used"].cast(pl.Int64).to_list() == [20, 10, 20, 30, None]  # a day begins at midnight in Berlin


def test_of_two_rows_at_one_moment_the_last_counts_and_that_is_said(usage, tmp_path):
    found = used(usage({"left": "signup", "right": "measured_at"}, usage=USAGE + "1,2024-01-05 12:00,21\n"), tmp_path)
    assert found.frame["used"].cast(pl.Int64).to_list() == [21, 10, None, 21, None]
    assert "usage: 1 key more than once at one moment, the last row counts" in found.notes


def test_moments_without_a_zone_are_a_breach(usage, tmp_path):
    found = used(usage({"left": "signup", "right": "measured_at"}, timezone=None), tmp_path)
    assert [str(it.problem()) for it in found.breaches] == [
        'data.joins[0].as_of: measured_at of usage: 3 rows name no time zone ("2024-01-05 12:00"), in rows 2, 3, 4. '
        "Say which one it is: data.timezone, for example Europe/Berlin or UTC."
    ]


def test_a_tolerance_goes_with_the_kind_of_moment(usage, tmp_path):
    dataset = usage({"left": "signup", "right": "measured_at", "tolerance": 3})
    assert problems(lambda: used(dataset, tmp_path)) == [
        "data.joins[0].as_of.tolerance: signup holds moments, so this must be a length of time, as 7d."
    ]


def test_days_and_moments_cannot_be_put_in_order(usage, tmp_path):
    columns = {"signup": {"type": "date"}, "measured_at": {"type": "timestamp"}}
    found = problems(lambda: used(usage({"left": "signup", "right": "measured_at"}, **columns), tmp_path))
    assert found[0].startswith(
        "data.joins[0].as_of: signup of customers holds days, measured_at of usage holds moments"
    )


def sides(left, right):
    made = []
    for name, frame in (("left", left), ("right", right)):
        declared = {it: column("integer") for it in frame.columns if it in ("k", "m", "n")}
        made.append(Side(name, frame, declared, pl.int_range(1, frame.height + 1, eager=True)))
    return made


row = st.tuples(st.none() | st.integers(0, 3), st.none() | st.integers(-6, 6))


@settings(max_examples=10_000 if SOAK else 100, deadline=None)
@given(
    left=st.lists(row, min_size=1, max_size=12),
    right=st.lists(row, min_size=1, max_size=12),
    tolerance=st.none() | st.integers(0, 5),
)
def test_as_of_joins_are_those_of_pandas(left, right, tolerance):
    ours, theirs = (pl.DataFrame(it, {"k": pl.Int64, "m": pl.Int64}, orient="row") for it in (left, right))
    join = Join(source="right", by="k", as_of=AsOf(left="m", right="m", tolerance=tolerance))
    found = match(join, *sides(ours, theirs), ("data", "joins", 0), None)

    known = [(i, k, m) for i, (k, m) in enumerate(left) if k is not None and m is not None]
    met = [(i, k, m) for i, (k, m) in enumerate(right) if k is not None and m is not None]
    expected = dict.fromkeys(range(len(left)))
    if known and met:
        frames = (pd.DataFrame(it, columns=["i", "k", "m"]).sort_values("m", kind="stable") for it in (known, met))
        merged = pd.merge_asof(*frames, on="m", by="k", tolerance=tolerance, suffixes=("", "_right"))
        expected |= {i: None if pd.isna(j) else int(j) for i, j in zip(merged["i"], merged["i_right"], strict=True)}
    assert dict(zip(found.left, found.right, strict=True)) == expected


@settings(deadline=None)
@given(left=st.lists(row, min_size=1, max_size=12), right=st.lists(row, min_size=1, max_size=12))
def test_joins_by_keys_are_those_of_pairing_every_row_with_every_other(left, right):
    ours, theirs = (pl.DataFrame(it, {"k": pl.Int64, "n": pl.Int64}, orient="row") for it in (left, right))
    found = match(
        Join(source="right", by=["k", "n"], expect="many_to_many"), *sides(ours, theirs), ("data", "joins", 0), None
    )
    expected = []
    for i, key in enumerate(left):
        there = [j for j, other in enumerate(right) if other == key and None not in key]
        expected += [(i, j) for j in there] or [(i, None)]
    assert list(zip(found.left, found.right, strict=True)) == expected


far = st.none() | st.integers(-40, 40) | st.integers(-(2**63), 2**63 - 1)


@settings(deadline=None)
@given(
    left=st.lists(far, min_size=1, max_size=30),
    right=st.lists(far, min_size=1, max_size=30, unique=True),
    every=st.sampled_from([1, 7, 8, 2**40]),
)
def test_joins_by_one_number_are_those_of_looking_it_up(left, right, every):
    right = [None if it is None or abs(it) > 40 else it * every for it in right]
    left = [it if it is None or abs(it) > 40 else it * every for it in left]
    right = list(dict.fromkeys(right))
    ours, theirs = (pl.DataFrame({"k": it}, {"k": pl.Int64}) for it in (left, right))
    found = match(Join(source="right", by="k"), *sides(ours, theirs), ("data", "joins", 0), None)
    assert found.left.to_list() == list(range(len(left)))
    assert found.right.to_list() == [right.index(it) if it is not None and it in right else None for it in left]


def test_moments_in_differing_zones_are_compared_in_time():
    clock = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
    left = pl.DataFrame(
        {"at": pl.Series([clock] * 3, dtype=pl.Datetime("ms", "UTC")).dt.convert_time_zone("Asia/Tokyo")}
    )
    moments = [clock - dt.timedelta(hours=random.Random(i).randint(0, 5), microseconds=i) for i in range(4)]
    right = pl.DataFrame(
        {"known": pl.Series([*moments, clock + dt.timedelta(microseconds=1)], dtype=pl.Datetime("us", "UTC"))}
    )
    found = match(
        Join(source="right", as_of=AsOf(left="at", right="known")), *sides(left, right), ("data", "joins", 0), None
    )
    assert found.right.to_list() == [moments.index(max(moments))] * 3


def test_words_that_recur_are_those_of_their_row():
    many = 40_000
    right = pl.DataFrame({"k": range(many), "word": [None if i % 7 == 0 else f"word {i % 1000}" for i in range(many)]})
    own = right.select("k", word=pl.format("{}", "k"))
    places = pl.Series([None, 5, many - 1, *range(0, many, 3)], dtype=pl.get_index_type())
    for table in (right, own):
        assert _gathered(table["word"], places).equals(table["word"].gather(places))
