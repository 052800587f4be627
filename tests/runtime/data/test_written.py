"""Numbers, days and moments as files write them, and what CSV files say of it."""

import datetime as dt

import pytest
from pydantic import ValidationError

from overture.runtime.data.column import column
from overture.runtime.data.contract import conform
from overture.runtime.data.sources.csv import Csv
from overture.runtime.errors import Mistake
from overture.runtime.tables import batches


@pytest.fixture
def rows(tmp_path):
    """Read the one column of a file under the contract."""

    def read(lines, type, **keys):
        (tmp_path / "rows.csv").write_text("\n".join(["x", *lines]) + "\n", "utf-8")
        columns = {"x": column(type, nullable=True)}
        source = Csv(kind="csv", path="rows.csv", delimiter=";", **keys)
        return conform(source.read(tmp_path, columns), columns, timezone="Europe/Berlin")

    return read


def test_numbers_are_read_as_the_file_writes_them(rows):
    lines = ["$1,234.50", "-$5", "$ 7", "8 %", "9", "-1,000,000", ".5"]
    made = rows(lines, "number", thousands=",", units=["$", "%"])
    assert made.frame["x"].to_list() == [1234.5, -5.0, 7.0, 8.0, 9.0, -1000000.0, 0.5]
    assert not made.breaches


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f"])
def test_blanks_of_every_kind_may_stand_between_thousands(rows, blank):
    assert rows([f"1{blank}234{blank}567,5"], "number", decimal=",", thousands=" ").frame["x"].to_list() == [1234567.5]


@pytest.mark.parametrize("value", ["1,23", "1,2345", "$", "%", "12 $ %", "5 kg", "$1.2.3"])
def test_what_is_no_such_number_is_a_breach_that_shows_it(rows, value):
    made = rows(["1", value], "number", thousands=",", units=["$", "%"])
    assert [(it.rule, it.rows) for it in made.breaches] == [("type", (2,))]
    assert value in made.breaches[0].what


def test_days_and_moments_are_read_by_their_patterns(rows):
    days = rows(["31.12.2024", "1.2.2024", "2024-03-04"], "date", dates={"x": "%d.%m.%Y"})
    assert days.frame["x"].to_list() == [dt.date(2024, 12, 31), dt.date(2024, 2, 1), dt.date(2024, 3, 4)]
    moments = rows(
        ["12/31/2024 11:30 PM", "30.12.2024 08:00"], "timestamp", dates={"x": ["%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M"]}
    )
    assert [it.isoformat() for it in moments.frame["x"]] == ["2024-12-31T22:30:00+00:00", "2024-12-30T07:00:00+00:00"]
    zoned = rows(["31.12.2024 10:00 +0300"], "timestamp", dates={"x": "%d.%m.%Y %H:%M %z"})
    assert [it.isoformat() for it in zoned.frame["x"]] == ["2024-12-31T07:00:00+00:00"]


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("%d.%m.%Y %r", "31.12.2024 05:43:00 PM"),
        ("%d.%m.%Y %-I:%-M %p", "31.12.2024 5:43 PM"),
        ("%d.%m.%Y %_H.%M", "31.12.2024 17.43"),
    ],
)
def test_the_time_of_day_is_kept_however_it_is_written(rows, pattern, written):
    made = rows([written], "timestamp", dates={"x": pattern})
    assert [it.isoformat() for it in made.frame["x"]] == ["2024-12-31T16:43:00+00:00"]


@pytest.mark.parametrize("value", ["31.02.2024", "1.2.24", "12/31/2024", "31.12.2024 10:00"])
def test_what_is_no_such_day_is_a_breach_that_shows_it(rows, value):
    made = rows(["31.12.2024", value], "date", dates={"x": "%d.%m.%Y"})
    assert [(it.rule, it.rows) for it in made.breaches] == [("type", (2,))]
    assert value in made.breaches[0].what


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"dates": {"x": "%d.%m"}}, "does not tell a day"),
        ({"dates": {"x": "%Q %d.%m.%Y"}}, "cannot be read"),
        ({"dates": {"x": "%d.%m.%Y %H"}}, "cannot be read"),
        ({"dates": {"x": "%d.%m.%Y %I:%M"}}, "cannot be read"),
        ({"dates": {"x": []}}, "at least 1"),
        ({"units": ["5"]}, "must be a unit without blanks"),
        ({"thousands": ".", "decimal": "."}, "are both"),
        ({"thousands": "x"}, "',', '.'"),
    ],
)
def test_what_cannot_be_meant_is_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        Csv(kind="csv", path="rows.csv", **keys)


def test_days_of_a_column_that_is_not_there(tmp_path):
    (tmp_path / "rows.csv").write_text("day,x\n31.12.2024,1\n")
    with pytest.raises(Mistake, match="no such column") as mistake:
        Csv(kind="csv", path="rows.csv", dates={"dya": "%d.%m.%Y"}).columns(tmp_path)
    assert mistake.value.problems[0].hint == 'Did you mean "day"?'


def test_a_file_to_score_needs_no_column_but_those_of_the_contract(tmp_path):
    """What the source says of other columns, as of the target, is then about nothing."""
    (tmp_path / "week.csv").write_text("day,x\n31.12.2024,$5\n")
    settings = {
        "units": ["$"],
        "dates": {"day": "%d.%m.%Y", "left_on": "%d.%m.%Y"},
        "replace": {"left": {"Yes.": "Yes"}},
    }
    wanted = {"day": column("date"), "x": column("number")}
    (block,) = batches(tmp_path / "week.csv", wanted, set(), 100, lambda: settings)
    assert block.select("day", "x").rows() == [("2024-12-31", "5")]
