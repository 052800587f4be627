"""What columns hold: types, labels, ranges, missing markers, and what is said about them."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.generator.infer.inference import Question, infer
from overture.generator.infer.inferred import Guess, Inferred
from overture.generator.infer.ranges import bounds
from overture.runtime.errors import Mistake

Look = Callable[..., Inferred]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    def look(values: list[str], name: str = "x", delimiter: str = ",", rows: int = 120, **more: list[str]) -> Inferred:
        """Infer a table of one column, its values repeated, beside a number and a target that has nothing to do with it."""
        columns = {
            name: values,
            **more,
            "left": ["yes", "no", "no", "yes", "no"],
            "other": [f"{i * 7 % 13}" for i in range(13)],
        }
        lines = [delimiter.join(f'"{name}"' for name in columns)]
        lines += [delimiter.join(f'"{values[i % len(values)]}"' for values in columns.values()) for i in range(rows)]
        path = tmp_path / "rows.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return infer(Question(path, "left"))

    return look


def said(found: Inferred, column: str) -> str:
    return "; ".join(note.text for note in found.notes if note.column == column)


@pytest.mark.parametrize(
    ("values", "guess"),
    [
        (["1", "2", "-3"], Guess("integer", min=-5, max=3)),
        (["+1", "2"], Guess("integer", min=0, max=3)),
        (["0", "1"], Guess("integer", min=0, max=1)),
        (["0", "72", "5"], Guess("integer", min=0, max=120)),
        (["1.5", "2", "1e3"], Guess("number", min=0, max=1500)),
        (["41.0", "3.0"], Guess("number", min=0, max=80)),
        (["true", "FALSE", "True"], Guess("boolean")),
        (["yes", "no", "maybe"], Guess("category", values=("maybe", "no", "yes"))),
        (["t", "f"], Guess("category", values=("f", "t"))),
        (["00501", "10001"], Guess("category", values=("00501", "10001"))),
        (["1" * 25, "2" * 25], Guess("category", values=("1" * 25, "2" * 25))),
        (["2024-01-31", "2024-02-29"], Guess("date")),
        (["2024-01-31T10:00:00Z", "2024-02-29T10:00:00+01:00"], Guess("timestamp")),
        (["2024-02-30", "2024-02-29"], Guess("category")),
        (["2024-01-31 10:00:00", "2024-02-29 10:00"], Guess("timestamp")),
        (["31.01.2024", "1.2.2024"], Guess("date")),
        (["45 %", "7%"], Guess("integer", min=0, max=80)),
        (["$5", "$6.50"], Guess("number", min=4, max=8)),
        (["12:30", "8:15"], Guess("category")),
        (["1,234", "5,678"], Guess("integer", min=0, max=10000)),
        ([f"the red fox number {i} runs home" for i in range(120)], Guess("text")),
        ([f"+49 {i % 7} {i:06d} {i % 11}" for i in range(120)], Guess("category")),
        ([f"猫と犬は{i}回走る 東京 大阪 京都 神戸" for i in range(120)], Guess("text")),
        ([f"shop {i}" for i in range(60)], Guess("category")),
        (["a long label of many words", "b", "another label of many words"], Guess("category", values=("a long label of many words", "another label of many words", "b"))),
    ],
)  # fmt: skip
def test_a_column_is_of_the_narrowest_type_that_all_its_values_have(
    look: Look, values: list[str], guess: Guess
) -> None:
    assert look(values).columns["x"] == guess


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (["00501", "10001"], "leading zeros"),
        (["31.01.2024", "31.02.2024"], "dates that are not written as 2024-12-31"),
        (["12:30", "8:15"], "try_cast(split_part(\"x\", ':', 1) as integer)"),
        (["2024-02-30", "2024-02-29"], "do not exist"),
        (["2024-01-31 10:00:00"] * 2 + ["2024-02-01 10:00:00"], "read as UTC"),
        (["45 %", "7.5,1%"], "percentages"),
        (["$5", "$6,50"], "amounts of money"),
        (["0,234", "05,67"], "with a decimal comma"),
        ([*(str(i) for i in range(40)), "abc"], 'numbers, but for "abc" in 2 rows'),
        (["One year", "One Year", "b"], '"One Year" and "One year" differ in case only'),
        ([f"shop {i}" for i in range(120)], "different in nearly every row"),
        (["", "1", "2"], ""),
        (["5", "5"], "is 5 in every row: ignored"),
        ([""], "has no value in any row: ignored"),
        ([str(i) for i in range(120)], "only counts the rows: ignored"),
    ],
)
def test_what_deserves_an_eye_is_said(look: Look, values: list[str], note: str) -> None:
    assert note in said(look(values), "x")


def test_decimal_commas_are_read_where_all_numbers_have_them(look: Look) -> None:
    found = look(["1,5", "2,25", "3"], delimiter=";")

    assert found.columns["x"] == Guess("number", min=0, max=4)
    assert said(found, "x") == ""


def test_decimal_commas_beside_points_are_said_and_not_guessed(look: Look) -> None:
    found = look(["1,5", "2,25", "3"], delimiter=";", price=["2.5", "1.75"])

    assert found.columns["x"] == Guess("category")
    assert "decimal comma" in said(found, "x")


def test_whole_numbers_called_codes_deserve_an_eye(look: Look) -> None:
    assert "may be codes" in said(look(["3", "7", "9"], name="Clothing ID"), "Clothing ID")
    assert said(look(["3", "7", "9"], name="rooms"), "rooms") == ""


def test_a_marker_of_many_columns_is_told_once(look: Look) -> None:
    labels = {name: ["red", "NA", "blue"] for name in "abcd"}
    kept, read = look(["1", "2"], **labels), look(["1", "NA"], **labels)

    assert said(kept, "") == '"NA" is kept as a label in 4 columns, as a; if it means unknown, add it to missing'
    assert (
        said(read, "") == '"NA" is read as missing; it stands in 5 columns, 4 of them of labels, as a: is it one there?'
    )
    assert {note.column for note in (*kept.notes, *read.notes) if "NA" in note.text} == {""}


@pytest.mark.parametrize("marker", ["?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "#N/A", ".", "inf"])
def test_a_marker_among_numbers_is_missing(look: Look, marker: str) -> None:
    found = look(["1", "2", marker, "4"])

    assert found.source["missing"] == ["", marker]
    assert found.columns["x"] == Guess("integer", nullable=True, min=0, max=6)
    assert said(found, "x") == f'a whole number, but 30 rows hold "{marker}": nullable'


def test_blanks_among_numbers_are_missing(look: Look) -> None:
    found = look(["1.5", " ", "", "4"])

    assert found.source["missing"] == ["", " "]
    assert "trim" not in found.source
    assert said(found, "x") == "a number, but 30 rows hold a blank: nullable"


@pytest.mark.parametrize("marker", ["NA", "None", "null", "-"])
def test_a_marker_among_words_may_be_a_label(look: Look, marker: str) -> None:
    found = look(["DE", "US", marker])

    assert marker in (found.columns["x"].values or ())
    assert "missing" not in found.source
    assert f'"{marker}" in 40 rows is kept as a label' in said(found, "x")


def test_a_marker_that_is_missing_elsewhere_is_missing_among_words_too_and_said(look: Look) -> None:
    found = look(["DE", "US", "NA"], size=["1", "NA"])

    assert found.columns["x"] == Guess("category", nullable=True, values=("DE", "US"))
    assert '"NA" in 40 rows is read as missing, as in other columns: is it a label here?' in said(found, "x")


def test_a_question_mark_is_never_a_label(look: Look) -> None:
    found = look(["Private", "?", "Public"])

    assert found.columns["x"] == Guess("category", nullable=True, values=("Private", "Public"))
    assert said(found, "x") == '"?" in 40 rows is read as missing'


def test_a_marker_in_many_columns_is_told_once(look: Look) -> None:
    found = look(["1", "NA"], **{f"x{i}": ["2", "5", "NA"] for i in range(5)})

    assert [note.text for note in found.notes if "NA" in note.text] == [
        '"NA" is read as missing; it stands in 6 columns'
    ]


def test_blanks_around_values_are_trimmed_and_said(look: Look) -> None:
    found = look([" 1", "2"], city=[" Oslo", "Rome "])

    assert found.source["trim"] is True
    assert found.columns["x"].type == "integer"
    assert found.columns["city"].values == ("Oslo", "Rome")
    assert "trim takes them away" in said(found, "")


def test_blanks_around_sentences_are_no_reason_to_trim(look: Look) -> None:
    assert "trim" not in look([f" the red fox number {i} runs home " for i in range(60)]).source


def test_blanks_around_names_are_trimmed(look: Look) -> None:
    found = look(["1", "2"], name=" x ")

    assert found.source["trim"] is True
    assert "x" in found.columns


def test_a_label_that_yaml_cannot_hold_leaves_the_labels_open(look: Look) -> None:
    found = look(["???", "a", "b"])

    assert found.columns["x"] == Guess("category")
    assert "cannot be written" in said(found, "x")


@settings(deadline=None)
@given(
    st.floats(-1e12, 1e12), st.floats(0, 1e12), st.booleans(), st.sampled_from(["x", "age", "year", "hour", "share"])
)
def test_a_range_holds_what_was_seen_and_never_crosses_zero(low: float, width: float, whole: bool, name: str) -> None:
    high = low + width
    low, high = (float(int(low)), float(int(high))) if whole else (low, high)

    least, most = bounds(name, low, high, whole)

    assert least <= low <= high <= most
    assert not low >= 0 > least
    assert not high < 0 < most


@pytest.mark.parametrize(
    ("name", "low", "high", "whole", "expected"),
    [
        ("tenure", 0, 72, True, (0, 120)),
        ("rate", 0.02, 0.4, False, (0, 1)),
        ("change", -0.4, 0.3, False, (-1, 1)),
        ("lat", 32.5, 41.9, False, (-90, 90)),
        ("age", 17, 90, True, (0, 120)),
        ("built", 1956, 2013, True, (1920, 2050)),
        ("model year", 1956, 2013, True, (1900, 2100)),
        ("pressure", 990.5, 1040.0, False, (960, 1070)),
        ("temperature", -12.0, 38.0, False, (-20, 60)),
        ("depth", -80.0, -3.0, False, (-120, 0)),
    ],
)
def test_slack_is_what_a_person_would_allow(
    name: str, low: float, high: float, whole: bool, expected: tuple[float, float]
) -> None:
    assert bounds(name, low, high, whole) == expected


def test_thousands_of_columns_are_each_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    pl.DataFrame(
        {**{f"c{j}": [i * j % 29 for i in range(60)] for j in range(1, 2001)}, "y": ["a", "b"] * 30}
    ).write_csv(path)

    found = infer(Question(path, "y"))

    assert len(found.columns) + len(found.ignore) == 2001


def test_what_the_user_names_must_be_there_and_every_fault_is_told(look: Look, tmp_path: Path) -> None:
    look(["1", "2"])

    with pytest.raises(Mistake) as caught:
        infer(Question(tmp_path / "rows.csv", "Left", key="kei", ignore=("othr",)))

    assert [str(problem) for problem in caught.value.problems] == [
        '--target: rows.csv has no column "Left". Did you mean "left"?',
        '--key: rows.csv has no column "kei". It has x, left, other.',
        '--ignore: rows.csv has no column "othr". Did you mean "other"?',
    ]
