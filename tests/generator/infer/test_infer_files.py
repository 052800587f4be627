"""How a file is written is told from its bytes."""

import gzip
import io
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from overture.generator.infer import candidates
from overture.generator.infer.inference import Question, infer
from overture.generator.infer.inferred import Inferred
from overture.generator.infer.layout import layout
from overture.generator.infer.table import read
from overture.runtime.errors import Mistake

ROWS = "name,age,city,left\n" + "".join(
    f"u{i % 40},{20 + i % 30},{('Oslo', 'Rome', 'No')[i % 3]},{'yes' if i % 4 else 'no'}\n" for i in range(60)
)


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def inferred(folder: Path, content: str | bytes, target: str = "left", name: str = "rows.csv") -> Inferred:
    return infer(Question(put(folder, name, content), target))


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (ROWS, {}),
        (ROWS.replace(",", ";"), {"delimiter": ";"}),
        (ROWS.replace(",", "\t"), {"delimiter": "\t"}),
        (ROWS.replace(",", "|"), {"delimiter": "|"}),
        (ROWS.replace("\n", "\r\n"), {}),
        (gzip.compress(ROWS.encode(), mtime=0), {}),
        (pa.compress(ROWS.encode(), codec="zstd", asbytes=True), {}),
        (b"\xef\xbb\xbf" + ROWS.encode(), {}),
        (ROWS.encode("utf-16"), {"encoding": "utf-16"}),
        (ROWS.encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (ROWS.encode("utf-16-be"), {"encoding": "utf-16-be"}),
        (ROWS + "\n\n", {}),
    ],
)
def test_the_same_rows_are_found_however_they_are_written(
    tmp_path: Path, content: str | bytes, keys: dict[str, str]
) -> None:
    found = inferred(tmp_path, content)

    assert found.source == {"kind": "csv", **keys}
    assert found.rows == {"": 60}
    assert {name: guess.type for name, guess in found.columns.items()} == {
        "name": "category",
        "age": "integer",
        "city": "category",
        "left": "category",
    }
    assert found.columns["city"].values == ("No", "Oslo", "Rome")


@pytest.mark.parametrize(("encoding", "word"), [("cp1252", "Zürich €"), ("latin-1", "Zürich \x81")])
def test_letters_of_one_byte_are_read(tmp_path: Path, encoding: str, word: str) -> None:
    found = inferred(tmp_path, ROWS.replace("Oslo", word).encode(encoding))

    assert found.source["encoding"] == encoding
    assert word in (found.columns["city"].values or ())


def test_a_letter_far_down_is_seen(tmp_path: Path) -> None:
    found = layout(
        put(
            tmp_path, "rows.csv", (ROWS + ROWS.partition("\n")[2] * 3000).encode() + "u,1,Zürich,no\n".encode("latin-1")
        )
    )

    assert found.encoding == "cp1252"


def test_quotes_may_be_single_and_hold_delimiters(tmp_path: Path) -> None:
    found = inferred(tmp_path, "a,b,left\n" + "".join(f"'x, {i % 3}',{i % 7},'{i % 2}'\n" for i in range(40)))

    assert found.source["quote"] == "'"
    assert found.columns["a"].values == ("x, 0", "x, 1", "x, 2")


def test_quoted_names_may_hold_anything(tmp_path: Path) -> None:
    head = '"the ""name"", a",a.b,${x},"two\nlines",left\n'
    found = inferred(tmp_path, head + "".join(f"{i % 7},{i % 5},{i % 3},{i % 4},{i % 2}\n" for i in range(40)))

    assert list(found.columns) == ['the "name", a', "a.b", "${x}", "two\nlines", "left"]


@pytest.mark.parametrize("first", ["39,State,5.5", "1,x,2"])
def test_a_file_without_header_is_told(tmp_path: Path, first: str) -> None:
    path = put(tmp_path, "rows.csv", first + "\n" + "40,State,6.5\n41,x,2.5\n" * 5)

    with pytest.raises(Mistake, match=r"no header: its first row is .*Name its 3 columns: --header"):
        layout(path)
    assert layout(path, ("a", "b", "c")).keys == {"header": ["a", "b", "c"]}
    assert layout(path, ("true",)).columns == tuple(first.split(","))
    with pytest.raises(Mistake, match=r"names 2 columns, but rows\.csv has 3"):
        layout(path, ("a", "b"))
    with pytest.raises(Mistake, match='names "a" more than once'):
        layout(path, ("a", "a", "b"))


@pytest.mark.parametrize("head", ["country,2010,2011", "0,1,2", "a,b,c", ",x,y"])
def test_a_header_is_known_though_it_may_hold_numbers(tmp_path: Path, head: str) -> None:
    path = put(tmp_path, "rows.csv", head + "\n" + "".join(f"N{i % 3},{i}.5,{i * 2}\n" for i in range(20)))

    assert layout(path).columns == tuple(head.split(","))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "has no rows"),
        ("a,b\n1,2\n", "has one row only"),
        ('[{"a": 1}]', "is JSON"),
        (b"PK\x03\x04abc", "is an Excel workbook"),
        (bytes(range(256)) * 4, "is not text"),
        (b"PAR1abc", "damaged Parquet"),
        (gzip.compress(ROWS.encode(), mtime=0)[:80], "damaged"),
        ("a,a,b,b\n" + "1,2,3,4\n" * 3, 'columns called "a"'),
        ("*,b\n1,2\n3,4\n", r'called "\*", which stands for other columns'),
        ("a,b\n1,2\n3,4,5\n", "does not have 2 values"),
    ],
)
def test_what_cannot_be_read_is_a_mistake(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(Mistake, match=said):
        read(put(tmp_path, "rows.csv", content))


@pytest.mark.parametrize("cut", [slice(0, -4), slice(0, -40), slice(0, 400)])
def test_a_parquet_file_cut_short_is_a_mistake(tmp_path: Path, cut: slice) -> None:
    whole = io.BytesIO()
    pl.DataFrame({"a": [f"{i * 7919 % 1009}" for i in range(5000)]}).write_parquet(whole)
    with pytest.raises(Mistake, match="damaged Parquet"):
        read(put(tmp_path, "rows.parquet", whole.getvalue()[cut]))


def test_a_damaged_page_of_a_parquet_file_is_a_mistake(tmp_path: Path) -> None:
    whole = io.BytesIO()
    pl.DataFrame({"a": [f"{i * 7919 % 1009}" for i in range(5000)]}).write_parquet(whole)
    content = bytearray(whole.getvalue())
    content[10:400] = bytes(390)
    with pytest.raises(Mistake, match="damaged Parquet"):
        read(put(tmp_path, "rows.parquet", bytes(content)))


def test_a_parquet_file_that_names_a_column_twice_is_a_mistake(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1, 2]), pa.array([1, 2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(Mistake, match=r"'a' has more than one occurrence\. Rename"):
        read(tmp_path / "rows.parquet")


def test_every_duplicated_name_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Mistake) as caught:
        layout(put(tmp_path, "rows.csv", "a,a,b,b\n" + "1,2,3,4\n" * 3))

    assert [problem.hint for problem in caught.value.problems] == ["Rename all but one in its first line."] * 2


def test_a_missing_file_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    put(tmp_path, "telco.csv", ROWS)

    with pytest.raises(Mistake, match=r'Did you mean "telco.csv"\?'):
        layout(tmp_path / "telko.csv")


def test_columns_without_a_name_are_left_out_and_said(tmp_path: Path) -> None:
    found = inferred(tmp_path, ",a,,left\n" + "".join(f"{i},{i % 5},x,{i % 2}\n" for i in range(40)))

    assert list(found.columns) == ["a", "left"]
    assert found.ignore == ("",)
    assert ("", "a column without a name is ignored") in [(note.column, note.text) for note in found.notes]


def test_parquet_tells_its_types_and_text_in_it_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    frame = pl.DataFrame(
        {
            "f": [1.5, None, float("nan"), 2.5] * 20,
            "i": [1, 2, 3, 4] * 20,
            "d": [True, False] * 40,
            "s": ["1", "2"] * 40,
            "l": [[1]] * 80,
            "y": ["a", "b", "b", "b"] * 20,
        }
    )
    frame.with_columns(
        day=pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 3, 20), eager=True),
        at=pl.datetime_range(
            pl.datetime(2024, 1, 1), pl.datetime(2024, 3, 20), "1d", eager=True, time_zone="Europe/Oslo"
        ),
        naive=pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 3, 20), "1d", eager=True),
        kind=pl.Series(["u", "v"] * 40, dtype=pl.Categorical),
    ).write_parquet(path)

    found = infer(Question(path, "y"))

    types = {name: guess.type for name, guess in found.columns.items()}
    assert types == {
        "f": "number",
        "i": "integer",
        "d": "boolean",
        "s": "integer",
        "y": "category",
        "day": "date",
        "at": "timestamp",
        "naive": "timestamp",
        "kind": "category",
    }
    assert [name for name, guess in found.columns.items() if guess.nullable] == ["f"]
    assert (found.ignore, found.timezone, found.source) == (("l",), "UTC", {"kind": "parquet"})


def test_the_candidates_for_a_target_start_with_the_likeliest(tmp_path: Path) -> None:
    path = put(tmp_path, "rows.csv", "a,Class Name,b,last\n1,2,3,4\n")

    assert candidates(path) == ["Class Name", "last", "a", "b"]


def test_decimal_commas_are_known_and_written(tmp_path):
    from overture.generator.infer.layout import layout
    from overture.generator.infer.table import read

    rows = [f"{i};{i},5;1.{i:03d},25;{'NA' if i % 20 == 0 else f'{i},0'};a,b" for i in range(100)]
    (tmp_path / "rows.csv").write_text("\n".join(["id;half;many;some;text", *rows]) + "\n")
    assert layout(tmp_path / "rows.csv").keys == {"delimiter": ";", "decimal": ","}
    frame = read(tmp_path / "rows.csv").frame
    assert frame.row(7) == ("7", "7.5", "1007.25", "7.0", "a,b")
    assert frame["some"][20] == "NA"


def test_points_stay_points(tmp_path):
    from overture.generator.infer.layout import layout

    (tmp_path / "rows.csv").write_text("id;half;text\n" + "".join(f"{i};{i}.5;{i},5\n" for i in range(9)))
    assert layout(tmp_path / "rows.csv").decimal == "."


def test_all_files_that_fit_a_pattern_are_looked_at(tmp_path: Path) -> None:
    head, *rows = ROWS.splitlines(keepends=True)
    put(tmp_path, "usage-1.csv", head + "".join(rows[:30]))
    put(tmp_path, "usage-2.csv", head + "".join(rows[30:]) + "u7,77,Bern,no\n")
    found = infer(Question(tmp_path / "usage-*.csv", "left"))
    assert (found.rows, found.files) == ({"": 61}, {"": str(tmp_path / "usage-*.csv")})
    assert "Bern" in str(found.columns["city"])
    assert candidates(tmp_path / "usage-*.csv")[0] == "left"


def test_files_that_fit_a_pattern_must_go_together(tmp_path: Path) -> None:
    put(tmp_path, "usage-1.csv", ROWS)
    put(tmp_path, "usage-2.csv", ROWS.replace("city", "town"))
    put(tmp_path, "usage-3.csv", ROWS.replace(",", ";"))
    with pytest.raises(
        Mistake, match=r'usage-2\.csv has no column "city"(.|\n)*usage-3\.csv differ in their delimiter'
    ):
        read(tmp_path / "usage-*.csv")
    with pytest.raises(Mistake, match=r"no file fits .*none-"):
        read(tmp_path / "none-*.csv")
