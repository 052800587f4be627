"""Rows that are tuples, completed with what `derive` computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.runtime.data.column import column
from overture.runtime.data.features import completed
from overture.runtime.quick import completing
from overture.runtime.schema import Schema

FEATURES = {
    "a": column("number", nullable=True),
    "n": column("integer", nullable=True),
    "flag": column("boolean", nullable=True),
    "city": column("category", nullable=True),
    "day": column("date", nullable=True),
    "unused": column("number"),
}
EXPRESSIONS = {
    "tenth": "a / 10",
    "share": "a / (n + 1)",
    "twice": "tenth * 2 + n",
    "case": "CASE WHEN a > 0 THEN ln(a) WHEN flag THEN n ELSE abs(a) - 0.1 END",
    "rest": "n % 7",
    "far": "city = 'far' OR a <> a",
    "name": "upper(city)",
    "month": "EXTRACT(month FROM day)",
    "same": "1.5",
}
TYPES = {"far": "boolean", "name": "text", "rest": "integer", "month": "integer"}
DERIVED = {name: column(TYPES.get(name, "number"), nullable=True) for name in EXPRESSIONS}
SCHEMA = Schema(
    task="regression",
    features=FEATURES,
    derived=DERIVED,
    expressions=EXPRESSIONS,
    target="y",
    target_column=column("number"),
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 5e-324, 1e308, 3.0])
ROWS = st.tuples(
    st.none() | NUMBERS,
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    st.none() | st.booleans(),
    st.none() | st.sampled_from(["far", "near", "é"]),
    st.none() | st.dates(),
    NUMBERS,
)


class Seen:
    """Gives back no more than how many rows there were, and keeps them."""

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> np.ndarray:
        self.rows = list(rows)
        return np.zeros(len(rows))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=8))
def test_rows_are_completed_to_the_bits_of_a_frame(rows: list[tuple[Any, ...]]) -> None:
    frame = pl.DataFrame(
        [
            pl.Series(name, values, it.dtype)
            for (name, it), values in zip(FEATURES.items(), zip(*rows, strict=True), strict=True)
        ]
    )
    wanted = completed(frame, SCHEMA, None, learned=True).frame.rows()
    seen = Seen()
    quick = completing(seen, SCHEMA)
    quick.predict(rows)
    assert list(map(repr, seen.rows)) == list(map(repr, wanted))
    for row, want in zip(rows, wanted, strict=True):
        quick.predict([row])
        assert list(map(repr, seen.rows)) == [repr(want)]


def test_no_rows_and_nothing_to_compute() -> None:
    seen = Seen()
    assert completing(seen, SCHEMA).predict([]).shape == (0,)
    assert completing(seen, SCHEMA.model_copy(update={"derived": {}, "expressions": {}})) is seen
