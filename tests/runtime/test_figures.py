"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime import figures


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.8473, "0.847"),
        (0, "0.000"),
        (1, "1.000"),
        (-0.5, "-0.500"),
        (9.9996, "10.00"),
        (0.0412, "0.0412"),
        (12.345, "12.35"),
        (123.44, "123.4"),
        (999.96, "1,000"),
        (48012.4, "48,012"),
        (206855.8, "206,856"),
        (0.000412, "0.000412"),
        (4.12e-9, "4.12e-09"),
        (math.nan, "undefined"),
        (math.inf, "inf"),
    ],
)
def test_a_figure_has_about_four_digits(number: float, written: str) -> None:
    assert figures.figure(number) == written


@given(st.floats(-1e12, 1e12))
def test_a_figure_is_close_to_its_number(number: float) -> None:
    assert float(figures.figure(number).replace(",", "")) == pytest.approx(number, rel=5.3e-3)


def test_counts_and_shares() -> None:
    assert [figures.count(n) for n in (7, 7043, 10_000_000)] == ["7", "7,043", "10,000,000"]
    assert [figures.counted(n, "row") for n in (0, 1, 7043)] == ["0 rows", "1 row", "7,043 rows"]
    assert [figures.percent(x) for x in (0.2654, 0, 1)] == ["26.5 %", "0.0 %", "100.0 %"]


@pytest.mark.parametrize(
    ("numbers", "written"),
    [
        ((0.8473, 0.8231, 0.8712), "0.847 [0.823, 0.871]"),
        ((1.0, 1.0, 1.0), "1.000 [1.000, 1.000]"),
        ((48012.3, 46001.2, 50999.9), "48,012 [46,001, 51,000]"),
        ((9.5, 8.25, 10.75), "9.50 [8.25, 10.75]"),
        ((0.005, -0.01, 0.02), "0.0050 [-0.0100, 0.0200]"),
        ((0.0012345, 0.001, 0.002), "0.00123 [0.001, 0.002]"),
        ((math.nan, math.nan, math.nan), "undefined [undefined, undefined]"),
    ],
)
def test_an_interval_keeps_its_decimals(numbers: tuple[float, float, float], written: str) -> None:
    assert figures.interval(*numbers) == written
