"""Numbers, days and moments that a file writes in its own way are read as what they are, and that is said."""

import csv
from pathlib import Path
from typing import Any

import pytest

from overture.generator.infer.inference import Question, infer
from overture.generator.infer.inferred import Inferred
from overture.runtime.data.column import column
from overture.runtime.data.contract import conform
from overture.runtime.data.sources.csv import Csv


def made(folder: Path, delimiter: str = ",", **columns: list[str]) -> Inferred:
    """What is inferred of a file with these columns, their values repeated, beside a target."""
    columns["left"] = ["yes", "no", "no"]
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file, delimiter=delimiter)
        write.writerow(columns)
        write.writerows([values[i % len(values)] for values in columns.values()] for i in range(60))
    return infer(Question(folder / "rows.csv", "left"))


def read(folder: Path, found: Inferred, name: str) -> list[Any]:
    """The values of a column as the runtime reads them by what was inferred."""
    source = Csv.model_validate({**found.source, "path": "rows.csv"})
    columns = {name: column(**found.columns[name].keys)}
    return conform(source.read(folder, columns), columns, timezone="UTC").frame[name].to_list()


NUMBERS = [
    (["$1,234.50", "$7", "-$3.25"], {"thousands": ",", "units": ["$"]}, 1234.5),
    (["1,234", "999", "12,000"], {"thousands": ","}, 1234),
    (["12.5%", "3 %"], {"units": ["%"]}, 12.5),
    (["7.00 €", "8.25 €"], {"units": ["€"]}, 7.0),
    (["1'234.5", "2'000'000"], {"thousands": "'"}, 1234.5),
    (["12 %", "NA", "3 %"], {"units": ["%"], "missing": ["", "NA"]}, 12),
]


@pytest.mark.parametrize(("values", "keys", "first"), NUMBERS)
def test_numbers_with_units_and_marks_between_thousands(
    tmp_path: Path, values: list[str], keys: dict[str, Any], first: float
) -> None:
    found = made(tmp_path, amount=values)

    assert {key: found.source[key] for key in keys} == keys
    assert read(tmp_path, found, "amount")[0] == first
    assert f'"{values[0]}" is read as {first}'.rstrip("0") in "; ".join(note.text for note in found.notes)


@pytest.mark.parametrize(
    ("values", "keys", "first"),
    [
        (["1.234,50 €", "7 €"], {"decimal": ",", "units": ["€"]}, 1234.5),
        (["12,5 %", "3,0 %"], {"decimal": ",", "units": ["%"]}, 12.5),
        (["1 234,5", "17,25"], {"decimal": ",", "thousands": " "}, 1234.5),
    ],
)
def test_numbers_with_a_decimal_comma(tmp_path: Path, values: list[str], keys: dict[str, Any], first: float) -> None:
    found = made(tmp_path, delimiter=";", amount=values)

    assert {key: found.source[key] for key in keys} == keys
    assert read(tmp_path, found, "amount")[0] == first


@pytest.mark.parametrize(
    "values", [["555 123", "410 998"], ["030 123 456", "040 1"], ["12,34", "1"], ["5 kg", "6 kg"], ["$", "$5 off"]]
)
def test_what_may_be_no_number_stays_as_it_is(tmp_path: Path, values: list[str]) -> None:
    found = made(tmp_path, amount=values)

    assert found.columns["amount"].type == "category"
    assert not {"thousands", "units", "dates"} & set(found.source)


@pytest.mark.parametrize(
    ("values", "pattern", "shown"),
    [
        (["31.12.2024", "1.2.2024"], "%d.%m.%Y", '"31.12.2024" is read as 2024-12-31'),
        (["12/31/2024", "1/2/2024"], "%m/%d/%Y", '"12/31/2024" is read as 2024-12-31'),
        (["31/12/2024", "1/2/2024"], "%d/%m/%Y", '"31/12/2024" is read as 2024-12-31'),
        (["2024/12/31", "2024/01/02"], "%Y/%m/%d", '"2024/12/31" is read as 2024-12-31'),
        (["Dec 31 2024", "Jan 2 2024"], "%b %d %Y", '"Dec 31 2024" is read as 2024-12-31'),
        (["31-Dec-24", "02-Jan-24"], "%d-%b-%y", '"31-Dec-24" is read as 2024-12-31'),
        (["31.12.2024 23:59", "01.02.2024 05:00"], "%d.%m.%Y %H:%M", '"31.12.2024 23:59" is read as 2024-12-31T23:59:00'),
        (["12/31/2024 11:59 PM", "1/2/2024 5:00 AM"], "%m/%d/%Y %I:%M %p", '"12/31/2024 11:59 PM" is read as 2024-12-31T23:59:00'),
        (["31.12.2024", "NA", "1.2.2024"], "%d.%m.%Y", '"31.12.2024" is read as 2024-12-31'),
    ],
)  # fmt: skip
def test_days_and_moments(tmp_path: Path, values: list[str], pattern: str, shown: str) -> None:
    found = made(tmp_path, day=values)

    assert found.source["dates"] == {"day": pattern}
    assert found.columns["day"].type == ("timestamp" if "%M" in pattern or "%p" in pattern else "date")
    assert shown in [note.text for note in found.notes]
    assert str(read(tmp_path, found, "day")[0]).startswith("2024-12-31")


def test_a_column_may_write_its_moments_in_several_ways(tmp_path: Path) -> None:
    found = made(tmp_path, at=["12/31/2024 11:59 PM", "2024-12-30T08:00:00", "29.12.2024 07:30", "12/28/2024 10:00 AM"])

    assert found.source["dates"] == {"at": ["%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M"]}
    assert [f"{moment:%d %H:%M}" for moment in read(tmp_path, found, "at")[:4]] == [
        "31 23:59",
        "30 08:00",
        "29 07:30",
        "28 10:00",
    ]


def test_whether_day_or_month_comes_first_is_asked_where_the_data_do_not_say(tmp_path: Path) -> None:
    found = made(tmp_path, day=["03/04/2024", "05/06/2024"])

    assert found.source["dates"] == {"day": "%m/%d/%Y"}
    assert any('the month first: if the day is, write "%d/%m/%Y" in dates' in note.text for note in found.notes)


@pytest.mark.parametrize(
    "values",
    [
        ["31.02.2024", "01.02.2024"],
        ["12/31/2024", "31/12/2024"],
        ["1.2.3", "4.5.6"],
        ["May 5", "June 7"],
        ["5/8", "3/4"],
    ],
)
def test_what_may_be_no_day_stays_as_it_is(tmp_path: Path, values: list[str]) -> None:
    found = made(tmp_path, day=values)

    assert found.columns["day"].type == "category"
    assert "dates" not in found.source
