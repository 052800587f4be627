"""Rows from workbooks: the sheet and the row of names that are meant, and what is wrong with others."""

import datetime as dt
import sys

import polars as pl
import pytest
import xlsxwriter

from overture.runtime.data.column import column
from overture.runtime.data.sources.excel import Excel
from overture.runtime.errors import Mistake

ANY = column("text", nullable=True)


@pytest.fixture
def book(tmp_path):
    def write(rows, sheet="Sheet1", others=()):
        with xlsxwriter.Workbook(tmp_path / "book.xlsx", {"default_date_format": "yyyy-mm-dd"}) as workbook:
            for name in others:
                workbook.add_worksheet(name)
            page = workbook.add_worksheet(sheet)
            for i, row in enumerate(rows):
                page.write_row(i, 0, row)
        return tmp_path

    return write


def test_types_are_those_of_the_cells(book):
    root = book([["a", "b", "c", "d"], [1, "x", True, dt.date(2024, 5, 31)], [2.5, None, False, None]])
    read = Excel(kind="excel", path="book.xlsx").read(root, dict.fromkeys("abcd", ANY))
    assert read.rows() == [(1.0, "x", True, dt.datetime(2024, 5, 31)), (2.5, None, False, None)]


def test_cells_of_different_kinds_are_text(book):
    root = book([["a"], [1], ["x"]])
    assert Excel(kind="excel", path="book.xlsx").read(root, {"a": ANY})["a"].to_list() == ["1", "x"]


def test_a_column_whose_text_comes_late_is_text(book):
    root = book([["a"], *([i] for i in range(3000)), ["x"]])
    read = Excel(kind="excel", path="book.xlsx").read(root, {"a": ANY})["a"]
    assert (read[0], read[2999], read[3000]) == ("0", "2999", "x")


@pytest.mark.parametrize("sheet", ["Data", 2])
def test_the_sheet_and_the_row_of_names_may_be_said(book, sheet):
    root = book([["A report"], [], ["a", None, "b"], [1, 2, "NA"], [], [3, 4, "y"]], "Data", ["Cover"])
    source = Excel(kind="excel", path="book.xlsx", sheet=sheet, header=3, missing=["NA"])
    assert source.columns(root) == ["a", "", "b"]
    assert source.read(root, {"b": ANY, "a": ANY}).rows() == [(None, 1), ("y", 3)]


@pytest.mark.parametrize(
    ("rows", "keys", "said"),
    [
        ([["a", "a"], [1, 2]], {}, 'header: book.xlsx: row 1 names "a" more than once'),
        (
            [["a"], [1]],
            {"sheet": "Sheet2"},
            "sheet: book.xlsx has no sheet 'Sheet2'; its sheets are Sheet1.*Did you mean",
        ),
        ([["a"], [1]], {"sheet": 3}, "sheet: book.xlsx has no sheet 3"),
        ([["a"], [1]], {"header": 9}, "header: book.xlsx has nothing in row 9"),
    ],
)
def test_what_cannot_be_right_is_a_mistake(book, rows, keys, said):
    with pytest.raises(Mistake, match=said):
        Excel(kind="excel", path="book.xlsx", **keys).columns(book(rows))


def test_a_damaged_workbook_is_a_mistake(book):
    root = book([["a"], [1]])
    file = root / "book.xlsx"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(Mistake, match=r"path: book\.xlsx cannot be read as a workbook"):
        Excel(kind="excel", path="book.xlsx").columns(root)


def test_a_driver_that_is_not_there_is_a_mistake_with_the_command(book, monkeypatch):
    root = book([["a"], [1]])
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    with pytest.raises(Mistake, match=r'kind: .*fastexcel.* Run: pip install "overture\[excel\]"'):
        Excel(kind="excel", path="book.xlsx").read(root, {"a": ANY})


def test_several_workbooks_stand_below_each_other(book, tmp_path):
    root = book([["a"], [1]])
    pl.DataFrame({"a": [2]}).write_excel(tmp_path / "other.xlsx")
    source = Excel(kind="excel", path={"train": "book.xlsx", "test": "oth*.xlsx"})
    assert source.read(root, {"a": ANY, **source.adds()}).rows() == [(1, "train"), (2, "test")]
