"""Rows from CSV files: what is read, and what is said of files that cannot be."""

import csv as standard
import gzip
import io
import os

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from overture.runtime.data.column import column
from overture.runtime.data.contract import conform
from overture.runtime.data.sources.csv import Csv
from overture.runtime.errors import Mistake

from ....effort import effort

TEXT, NUMBER = column("text", nullable=True), column("number", nullable=True)


@pytest.fixture
def read(tmp_path):
    """Write bytes and read them back as lists of text."""

    def reader(content, wanted=None, **keys):
        if isinstance(content, str):
            content = content.encode()
        (tmp_path / "rows.csv").write_bytes(content)
        source = Csv(kind="csv", path="rows.csv", **keys)
        names = wanted or source.columns(tmp_path)
        return source.read(tmp_path, dict.fromkeys(names, TEXT)).to_dict(as_series=False)

    return reader


@pytest.fixture
def problem(read):
    """Write bytes that cannot be read and get the one problem."""

    def reader(content, **keys):
        with pytest.raises(Mistake) as mistake:
            read(content, **keys)
        assert len(mistake.value.problems) == 1
        return mistake.value.problems[0]

    return reader


def test_quoted_values_hold_delimiters_line_ends_and_doubled_quotes(read):
    assert read('a,b\n"1,2","x\n""y"""\r\n3,z\n') == {"a": ["1,2", "3"], "b": ['x\n"y"', "z"]}


def test_a_header_may_be_quoted_over_two_lines(read):
    assert read('"a b","c\nd"\n1,2\n') == {"a b": ["1"], "c\nd": ["2"]}


def test_inch_marks_are_no_quotes(read):
    assert read('a,b\n1,5" screen\n2,x"y"z\n') == {"a": ["1", "2"], "b": ['5" screen', 'x"y"z']}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do_and_empty_lines_are_no_rows(read, end):
    assert read(end.join(["", "a,b", "1,2", "", "3,4", "", ""])) == {"a": ["1", "3"], "b": ["2", "4"]}


def test_the_last_line_needs_no_end(read):
    assert read("a,b\n1,2") == {"a": ["1"], "b": ["2"]}


def test_a_header_without_rows_gives_no_rows(read):
    assert read("a,b\n") == read("a,b") == {"a": [], "b": []}


def test_a_blank_is_missing_only_where_it_is_named(read):
    assert read('a,b\n,""\n?, \n') == {"a": [None, "?"], "b": [None, " "]}
    assert read("a,b\n,x\n?, \n", missing=["?", " "]) == {"a": ["", None], "b": ["x", None]}


def test_values_and_names_are_trimmed_before_missing_and_replace(read):
    content = "a, b\n1 , ?\n2, yes.\n"
    assert read(content, trim=True, missing=["?"], replace={"b": {"yes.": "yes"}}) == {
        "a": ["1", "2"],
        "b": [None, "yes"],
    }


def test_a_file_without_names_gets_them_from_the_header_key(read):
    assert read("1,2\n3,4\n", header=["x", "y"]) == {"x": ["1", "3"], "y": ["2", "4"]}


def test_the_delimiter_and_the_quote_can_be_others(read):
    assert read("a;b\n'1;2';3\n", delimiter=";", quote="'") == {"a": ["1;2"], "b": ["3"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32"])
def test_letters_are_read_in_the_encoding_of_the_file(read, encoding):
    assert read("größe,b\nÄ,é\n".encode(encoding), encoding=encoding) == {"größe": ["Ä"], "b": ["é"]}


def test_a_byte_order_mark_is_dropped(read):
    assert read(b"\xef\xbb\xbfa,b\n1,2\n") == {"a": ["1"], "b": ["2"]}


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: pa.compress(data, "zstd", asbytes=True)])
def test_packed_files_are_known_by_their_content(read, pack):
    assert read(pack(b"a,b\n1,2\n")) == {"a": ["1"], "b": ["2"]}


def test_numbers_are_narrowed_without_changing_a_value(tmp_path):
    rows = "\n".join(f"{i},{i}.5,{i}" for i in range(1_200_000))
    (tmp_path / "rows.csv").write_text(f"whole,part,mixed\n{rows}\n1e1,1.5,x\n")
    columns = {"whole": column("integer"), "part": NUMBER, "mixed": column("integer")}
    frame = Csv(kind="csv", path="rows.csv").read(tmp_path, columns)
    assert frame.schema == {"whole": pl.Int64, "part": pl.Float64, "mixed": pl.String}
    assert frame.tail(2).rows() == [(1_199_999, 1_199_999.5, "1199999"), (10, 1.5, "x")]


def test_several_files_are_told_apart_by_the_added_column(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("y,x,z\n4,3,5\n")
    source = Csv(kind="csv", path={"train": "a.csv", "test": "b.csv"}, part="role")
    assert source.columns(tmp_path) == ["x", "y"]
    assert source.adds() == {"role": column("category", values=["train", "test"])}
    wanted = {"x": TEXT, "y": TEXT, **source.adds()}
    assert source.read(tmp_path, wanted).rows() == [("1", "2", "train"), ("3", "4", "test")]
    assert source.read(tmp_path, {"x": TEXT}).rows() == [("1",), ("3",)]


def test_the_added_column_must_not_be_there_already(tmp_path):
    (tmp_path / "a.csv").write_text("part,y\n1,2\n")
    with pytest.raises(Mistake, match=r"part: a\.csv has a column"):
        Csv(kind="csv", path={"train": "a.csv"}).columns(tmp_path)


def test_two_thousand_columns_are_quick(tmp_path):
    names = [f"column {i}" for i in range(2000)]
    line = ",".join(str(i) for i in range(2000))
    (tmp_path / "rows.csv").write_text("\n".join([",".join(names), *[line] * 50]))
    found = []
    read = Csv(kind="csv", path="rows.csv").read
    assert effort(lambda: found.append(read(tmp_path, dict.fromkeys(names, NUMBER)))) < 60
    assert found[0].shape == (50, 2000)


def test_rows_of_differing_length_are_counted_and_the_first_are_named(problem):
    found = problem("a,b,c\n1,2,3\n1,2\n\n1,2,3,4\n1,2,3\n1\n1\n")
    assert found.what == (
        "rows.csv: 4 rows do not have 3 values as the first line has, for example: "
        "row 2 has 2, row 3 has 4 and row 5 has 1."
    )
    assert found.path == ("path",)


def test_a_row_of_another_length_is_found_in_columns_nobody_wants(problem):
    assert "row 1 has 2" in problem("a,b,c\n1,2\n", wanted=["a"]).what


@pytest.mark.parametrize("content", ['a,b\n1,2\n3,"x\n5,6\n', 'a,b\n1,2\n3,"x', 'a,b\n1,5" x\n3,"y" \n4,"\n'])
def test_a_quote_that_is_never_closed_is_said(problem, content):
    assert "is never closed" in problem(content).what


def test_a_quote_that_swallows_columns_is_said(problem):
    assert "row 2 has 1" in problem('a,b\n1,2\n"3,4\n5,6\n').what


def test_a_row_that_never_ends_is_said(problem):
    assert "a row is longer than 4 MB" in problem('a,b\n1,2\n3,"' + "x,y\n" * 9_000_000).what


def test_a_column_named_twice_is_said(problem):
    assert problem("a,b,a\n1,2,3\n").what == 'rows.csv: the first line names "a" more than once.'


def test_columns_without_a_name_may_be_many(read):
    assert read(",a,\n1,2,3\n", wanted=["a"]) == {"a": ["2"]}


def test_a_nul_byte_is_said_with_its_line(problem):
    assert "a NUL byte in line 3" in problem(b"a,b\n1,2\n3,\0\n").what


def test_a_packed_file_that_ends_too_early_is_said(problem):
    whole = b"a,b\n" + os.urandom(3000).hex().encode() + b",2\n"
    assert "is damaged" in problem(gzip.compress(whole)[:-20]).what
    assert "is damaged" in problem(pa.compress(whole, "zstd", asbytes=True)[:-20]).what


def test_a_packed_file_with_a_flipped_byte_is_said(problem):
    packed = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 1000))
    packed[-6] ^= 1
    assert "is damaged" in problem(bytes(packed)).what


def test_the_wrong_encoding_is_said_with_its_line(problem):
    found = problem("a,b\n1,2\n3,é\n".encode("latin-1"))
    assert found.what == "rows.csv is not utf-8: line 3 holds the byte 0xe9."
    assert found.path == ("encoding",)
    assert "cp1252" in found.hint


def test_utf_16_read_as_utf_8_is_known_by_its_mark(problem):
    assert problem("a,b\n1,2\n".encode("utf-16")).hint == "Write encoding: utf-16"


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_said(problem, content):
    assert problem(content).what == "rows.csv: the file is empty."


def test_the_wrong_delimiter_is_said_with_the_right_one(problem):
    found = problem("a;b\n1;2\n")
    assert (found.path, found.hint) == (("delimiter",), 'Did you mean delimiter: ";"?')


def test_names_must_be_as_many_as_the_values_of_the_first_row(problem):
    assert problem("1,2\n", header=["x"]).what == "1 name, but the first row of rows.csv has 2 values."


def test_values_are_replaced_in_columns_that_are_there_only(problem):
    assert str(problem("income,b\n1,2\n", replace={"incme": {"1": "2"}})) == (
        'replace.incme: there is no such column. Did you mean "income"?'
    )


def test_all_files_that_are_not_there_are_said_at_once(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/telco.csv").write_text("a\n")
    source = Csv(kind="csv", path={"a": "data/telko.csv", "b": "data", "c": "none/x.csv", "d": "data\\telco.csv"})
    with pytest.raises(Mistake) as mistake:
        source.columns(tmp_path)
    assert [str(problem) for problem in mistake.value.problems] == [
        'path.a: there is no file data/telko.csv. Did you mean "data/telco.csv"?',
        "path.b: data is a folder, not a file. It holds telco.csv.",
        "path.c: there is no file none/x.csv. There is no folder none in the project folder either.",
        "path.d: there is no file data\\telco.csv. Write paths with forward slashes: data/telco.csv",
    ]


def test_a_file_that_may_not_be_read_is_said(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n1,2\n")
    file.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        with pytest.raises(Mistake, match="may not be read: permission denied"):
            Csv(kind="csv", path="rows.csv").columns(tmp_path)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    "keys",
    [
        {"encoding": "utf-9"},
        {"encoding": "hex"},
        {"delimiter": ""},
        {"delimiter": "||"},
        {"delimiter": "§"},
        {"quote": "''"},
        {"header": ["a", "a"]},
        {"header": []},
        {"header": False},
        {"path": {}},
        {"path": ""},
        {"delimter": ";"},
        {"quote": ";", "delimiter": ";"},
    ],
)
def test_keys_that_make_no_sense_are_refused(keys):
    with pytest.raises(ValidationError):
        Csv(**{"kind": "csv", "path": "rows.csv", **keys})


@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))] * 2), min_size=1))
def test_what_pythons_writer_writes_is_read_back(tmp_path_factory, rows):
    text = io.StringIO()
    standard.writer(text, quoting=standard.QUOTE_ALL).writerows([("a", "b"), *rows])
    folder = tmp_path_factory.mktemp("rows")
    (folder / "rows.csv").write_bytes(text.getvalue().encode())
    source = Csv(kind="csv", path="rows.csv", missing=[])
    assert source.read(folder, {"a": TEXT, "b": TEXT}).rows() == rows


def numbers(tmp_path, text, **keys):
    (tmp_path / "rows.csv").write_text(text)
    columns = {"a": column("number", nullable=True), "b": column("text", nullable=True)}
    source = Csv(kind="csv", path="rows.csv", **keys)
    return conform(source.read(tmp_path, columns), columns)


def test_a_decimal_comma_is_that_of_numbers_alone(tmp_path):
    text = "a;b\n1,5;1,5\n-1.234.567,25;x\n2;1.234\n1.234;y\n,5;z\n1e3;\n1,5E-2;w\n"
    made = numbers(tmp_path, text, delimiter=";", decimal=",")
    assert made.frame["a"].to_list() == [1.5, -1234567.25, 2.0, 1234.0, 0.5, 1000.0, 0.015]
    assert made.frame["b"].to_list() == ["1,5", "x", "1.234", "y", "z", None, "w"]


@pytest.mark.parametrize("value", ["1.5", "1.23.456", "1,2,3", "12.3456", "x"])
def test_what_is_no_number_with_a_decimal_comma_is_a_breach(tmp_path, value):
    made = numbers(tmp_path, f"a;b\n1,0;x\n{value};y\n", delimiter=";", decimal=",")
    assert [(it.column, it.rule, it.rows) for it in made.breaches] == [("a", "type", (2,))]
    assert value in made.breaches[0].what
    assert ("(with a decimal comma)" in made.breaches[0].what) == (value in ("1.5", "12.3456"))


def test_a_backslash_may_take_away_the_meaning_of_a_quote(tmp_path):
    text = 'a,b\n1,"say \\"d\\", twice"\n2,back\\\\slash\n'
    assert numbers(tmp_path, text, escape="\\").frame["b"].to_list() == ['say "d", twice', "back\\slash"]


def test_quotes_may_mean_nothing(tmp_path):
    assert numbers(tmp_path, 'a,b\n1,5" pipe\n2,"x"\n', quote=None).frame["b"].to_list() == ['5" pipe', '"x"']


@pytest.mark.parametrize("keys", [{"decimal": ","}, {"escape": '"'}, {"escape": ","}, {"delimiter": ";", "quote": ";"}])
def test_one_character_has_one_meaning(keys):
    with pytest.raises(ValidationError, match="are both"):
        Csv(kind="csv", path="rows.csv", **keys)
