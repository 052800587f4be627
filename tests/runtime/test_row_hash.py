"""The hash that decides where rows go: as specified, everywhere the same, and even."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime.row_hash import hashes, positions

from .slow_row_hash import fold, slow

VECTORS = [
    (0, (None,), 0xE220A8397B1DCDAF),
    (0, (0,), 0x672BF35EE2B5923E),
    (0, (1,), 0x93B068DD37614FBB),
    (0, (-1,), 0xDF4D74975B59FD73),
    (0, (0.5,), 0xD228AFDAD0FDE9D5),
    (0, (float("nan"),), 0x1C98BBE98B2331CE),
    (0, (float("inf"),), 0x0BA873C7ACD05142),
    (0, (True,), 0xC2CCD8CBD8BAA136),
    (0, (False,), 0x0581CD8E1945B98C),
    (0, ("",), 0x1EC21917A93A363A),
    (0, ("Yes",), 0xAB44CE78150C4E37),
    (0, ("12345678",), 0xA1F86AF9A5228FC8),
    (0, ("Zürich, 8001",), 0x28088BE233AFDBE3),
    (0, (dt.date(2024, 2, 29),), 0x116FB909DD0BE35C),
    (0, (dt.datetime(2024, 2, 29, 12, 30, 0, 1, tzinfo=dt.UTC),), 0x928910D3B8B5289F),
    (0, (dt.date(1969, 12, 31),), 0x65FE408BCAF30A53),
    (42, (1,), 0xD046311C1DC616A1),
    (42, ("7590-VHVEG", 29.85, False, None), 0x73A0E140566F75C7),
    (42, (None, "7590-VHVEG", 29.85, False), 0x12F6462C82CEC3D8),
]
"""Seed, row, hash: any implementation must give these."""


@pytest.mark.parametrize(("seed", "row", "expected"), VECTORS)
def test_the_hash_is_the_one_specified(seed: int, row: tuple[Any, ...], expected: int) -> None:
    frame = pl.DataFrame([list(row)], schema=[f"c{i}" for i in range(len(row))], orient="row")
    assert hashes(frame, seed).tolist() == [expected]


def test_a_position_is_the_upper_53_bits_of_the_hash() -> None:
    assert positions(pl.DataFrame({"a": [1]}), 0)[0] == (fold(fold(0, 0), fold(fold(0, 1), 1)) >> 11) / 2**53


VALUES: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "integer": (pl.Int64(), st.integers(-(2**63), 2**63 - 1)),
    "number": (
        pl.Float64(),
        st.floats() | st.integers(-9, 9).map(float) | st.sampled_from([2.0**63, -(2.0**63), -0.0]),
    ),
    "boolean": (pl.Boolean(), st.booleans()),
    "text": (pl.String(), st.text(max_size=40)),
    "date": (pl.Date(), st.dates(dt.date(1900, 1, 1))),
    "timestamp": (pl.Datetime("us", "UTC"), st.datetimes(dt.datetime(1900, 1, 1), timezones=st.just(dt.UTC))),
}


@given(
    rows=st.lists(st.tuples(*(st.none() | values for _, values in VALUES.values())), max_size=12),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_hash_equals_a_slow_obvious_one(rows: list[tuple[Any, ...]], seed: int) -> None:
    frame = pl.DataFrame(rows, schema={name: dtype for name, (dtype, _) in VALUES.items()}, orient="row")
    assert hashes(frame, seed).tolist() == [slow(row, seed) for row in rows]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pl.Series([1, 2, None], dtype=pl.Int8), pl.Series([1, 2, None], dtype=pl.Int64)),
        (pl.Series([1, 2, 0]), pl.Series([1.0, 2.0, -0.0])),
        (pl.Series([0.5, 1.5], dtype=pl.Float32), pl.Series([0.5, 1.5])),
        (pl.Series(["a", "b", None, "a"], dtype=pl.Categorical), pl.Series(["a", "b", None, "a"])),
        (pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"])), pl.Series(["a", "b"])),
        (pl.Series([None, None], dtype=pl.String), pl.Series([None, None], dtype=pl.Int64)),
        (
            pl.Series([dt.datetime(2024, 7, 1, 12)]).dt.replace_time_zone("UTC").cast(pl.Datetime("ms", "UTC")),
            pl.Series([dt.datetime(2024, 7, 1, 14)]).dt.replace_time_zone("Europe/Berlin"),
        ),
    ],
)
def test_equal_values_hash_equal_whatever_holds_them(one: pl.Series, other: pl.Series) -> None:
    assert hashes(one.to_frame("a"), 1).tolist() == hashes(other.to_frame("b"), 1).tolist()


def test_different_kinds_of_value_hash_differently() -> None:
    columns: list[list[Any]] = [
        [1],
        [True],
        ["1"],
        [dt.date(1970, 1, 2)],
        [dt.datetime(1970, 1, 1, 0, 0, 0, 1)],
        [None],
    ]
    assert len({int(hashes(pl.DataFrame({"a": column}), 0)[0]) for column in columns}) == len(columns)


def test_a_row_hashes_the_same_alone_and_among_many() -> None:
    random = np.random.default_rng(3)
    texts = ["".join("aé漢"[i] for i in random.integers(0, 3, length)) for length in random.integers(0, 30, 70_000)]
    frame = pl.DataFrame({"t": texts, "x": random.normal(size=70_000)})
    whole = hashes(frame, 5)
    for row in (0, 1, 32_767, 32_768, 69_999):
        assert hashes(frame[row], 5)[0] == whole[row]


def test_the_order_of_columns_and_the_seed_count() -> None:
    frame = pl.DataFrame({"a": [1], "b": [2]})
    assert len({int(h[0]) for h in (hashes(frame, 0), hashes(frame.select("b", "a"), 0), hashes(frame, 1))}) == 3


def test_no_rows_have_no_hashes() -> None:
    assert hashes(pl.DataFrame(schema={"a": pl.String, "b": pl.Float64}), 0).tolist() == []


def test_a_column_that_has_no_hash_is_named() -> None:
    with pytest.raises(TypeError, match=r"tags: a column of type List"):
        hashes(pl.DataFrame({"tags": [[1]]}), 0)


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_positions_are_uniform_and_do_not_follow_each_other(seed: int) -> None:
    from scipy.stats import kstest

    where = positions(pl.DataFrame({"key": range(50_000)}), seed)
    other = positions(pl.DataFrame({"key": range(50_000)}), seed + 1)
    assert where.min() >= 0
    assert where.max() < 1
    assert kstest(where, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(where[:-1], where[1:])[0, 1]) < 0.02
    assert abs(np.corrcoef(where, other)[0, 1]) < 0.02
