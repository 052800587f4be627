"""The content of rows is what they hold, and nothing of how they are stored or ordered."""

import hashlib
import json
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime.data.column import column
from overture.runtime.data.content import of_rows
from overture.runtime.data.dataset import Dataset
from overture.runtime.data.rows import Data, load
from overture.runtime.schema import Schema

from ..slow_row_hash import WORD, slow

COLUMNS = {
    "id": column("integer"),
    "paid": column("number", nullable=True),
    "plan": column("category", nullable=True),
    "words": column("text", nullable=True),
    "at": column("timestamp", nullable=True),
    "day": column("date", nullable=True),
    "left": column("category", values=["no", "yes"]),
}
FRAME = pl.DataFrame(
    {
        "id": range(1, 61),
        "paid": [None if i % 7 == 0 else i / 4 for i in range(60)],
        "plan": [None if i % 11 == 0 else f"plan {i % 5}" for i in range(60)],
        "words": [f'said "{i}",\nand went' if i % 2 else "née" for i in range(60)],
        "at": [f"2024-0{i % 9 + 1}-01T00:00:00.00012{i % 10}Z" for i in range(60)],
        "day": [f"2024-01-{i % 28 + 1:02}" for i in range(60)],
        "left": ["yes" if i % 3 else "no" for i in range(60)],
    }
)


def typed(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as a typed format stores them, each column in another type than the contract has."""
    return frame.with_columns(
        pl.col("id").cast(pl.Int16),
        pl.col("paid").cast(pl.Float32),
        pl.col("plan", "left").cast(pl.Categorical),
        pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns", time_zone="UTC"),
        pl.col("day").str.to_date(),
    )


def content(folder: Path, **source: object) -> str:
    dataset = Dataset(sources={"rows": source}, columns=COLUMNS)
    features = {name: it for name, it in COLUMNS.items() if name != "left"}
    schema = Schema(task="binary", features=features, target="left", target_column=COLUMNS["left"])
    return load(Data(dataset, schema, folder)).content


def test_the_same_rows_are_the_same_in_csv_in_one_parquet_file_and_in_ten(tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "rows.csv")
    typed(FRAME).write_parquet(tmp_path / "rows.parquet")
    shuffled = typed(FRAME).sample(fraction=1, shuffle=True, seed=3).select(reversed(FRAME.columns))
    (tmp_path / "ten").mkdir()
    for i, part in enumerate(shuffled.iter_slices(6)):
        part.write_parquet(tmp_path / "ten" / f"{i}.parquet", row_group_size=2)
    FRAME.write_ndjson(tmp_path / "rows.jsonl")
    import gzip

    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(FRAME.write_csv(separator=";").encode("utf-8")))

    found = {
        content(tmp_path, kind="csv", path="rows.csv"),
        content(tmp_path, kind="csv", path="rows.csv.gz", delimiter=";"),
        content(tmp_path, kind="parquet", path="rows.parquet"),
        content(tmp_path, kind="parquet", path="ten/*.parquet"),
        content(tmp_path, kind="jsonl", path="rows.jsonl"),
    }

    assert len(found) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.head(-1),
        lambda frame: pl.concat([frame, frame.tail(1)]),
        lambda frame: frame.rename({"a": "c"}),
        lambda frame: frame.rename({"a": "b", "b": "a"}),
        lambda frame: frame.with_columns(a=pl.when(pl.col("a") == 1).then(None).otherwise("a")),
        lambda frame: frame.with_columns(a=pl.when(pl.col("a") == 1).then(2).when(pl.col("a") == 2).then(1)),
        lambda frame: frame.with_columns(pl.col("a").cast(pl.String)),
    ],
)
def test_a_row_less_a_row_more_a_value_or_a_name_make_it_another(change) -> None:
    frame = pl.DataFrame({"a": [1, 2, None, 2], "b": ["x", "y", "z", "y"]})

    assert of_rows(change(frame)) != of_rows(frame)


def test_it_is_as_specified() -> None:
    assert of_rows(pl.DataFrame()) == hashlib.sha256(b"[]\n0\n" + b"0" * 16 + b"\n" + b"0" * 16).hexdigest()
    vector = "77ef8a5d0e5cf1a4e327d55b2bdc2e21cf4198fb1e6b4741d68eeccdd1ff59d3"
    assert of_rows(pl.DataFrame({"é": ["naïve", None], "a": [1.5, 7.0]})) == vector


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(-5, 5)), st.one_of(st.none(), st.text(max_size=9)))),
    st.randoms(use_true_random=False),
)
def test_it_is_what_the_slow_and_obvious_way_gives_in_any_order(
    rows: list[tuple[int | None, str | None]], chance: random.Random
) -> None:
    hashes = [slow((b, a), 0) for a, b in rows]
    sums = [sum(hashes) & WORD, sum(it * it for it in hashes) & WORD]
    text = "\n".join([json.dumps(["a", "z"], separators=(",", ":")), str(len(rows)), *(f"{it:016x}" for it in sums)])
    other = list(rows)
    chance.shuffle(other)

    for given_rows in (rows, other):
        frame = pl.DataFrame(given_rows, schema={"z": pl.Int64, "a": pl.String}, orient="row")
        assert of_rows(frame) == hashlib.sha256(text.encode()).hexdigest()
