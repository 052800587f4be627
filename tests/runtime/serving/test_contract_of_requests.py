"""The example row, the agreement of service and run, and messages: each against the contract itself."""

import datetime as dt
from typing import Annotated, Literal

import polars as pl
import pytest
from hypothesis import example as tried_always
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, create_model

from overture.runtime.data.column import column
from overture.runtime.data.contract import conform
from overture.runtime.errors import Mistake
from overture.runtime.schema import Schema
from overture.runtime.serving import Row, Rows, Zone
from overture.runtime.serving.agreement import agree
from overture.runtime.serving.example import example
from overture.runtime.serving.invalid import Invalid, shown

_finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
_moments = st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2090, 1, 1))


def _bounded(kind, values):
    both = st.lists(st.none() | values, min_size=2, max_size=2)
    ordered = both.map(lambda pair: sorted(pair) if None not in pair else pair)
    return ordered.map(lambda pair: column(kind, min=pair[0], max=pair[1]))


_columns = st.one_of(
    _bounded("integer", st.integers(-(2**62), 2**62)),
    _bounded("number", _finite),
    _bounded("date", st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))),
    _bounded("timestamp", _moments),
    st.just(column("boolean")),
    st.just(column("text", nullable=True)),
    st.just(column("category")),
    st.lists(st.text(min_size=1), min_size=1, unique=True).map(lambda values: column("category", values=values)),
    st.lists(st.integers(-9, 9), min_size=1, unique=True).map(lambda values: column("category", values=values)),
)


def schema_of(features, **more):
    return Schema(task="regression", features=features, target="y", target_column=column("number"), **more)


@tried_always(features={"0": column("number", max=0.015625)})
@settings(max_examples=60, deadline=None)
@given(
    features=st.dictionaries(
        st.text(min_size=1).filter(lambda name: name not in ("y", "*") and name[0] != "^"),
        _columns,
        min_size=1,
        max_size=4,
    )
)
def test_the_example_keeps_any_contract(features):
    schema = schema_of(features, timezone="America/New_York")
    row = example(schema)
    assert list(row) == list(features)
    conformed = conform(pl.DataFrame([row]), features, timezone=schema.timezone)
    assert conformed.breaches == ()


DECLARED = {
    "n": column("integer"),
    "x": column("number", nullable=True),
    "c": column("category", values=["a", "b"]),
    "free": column("category"),
    "at": column("timestamp"),
}


class Agreeing(Row):
    n: Annotated[int, Field(ge=0)]
    x: float | None
    c: Literal["b", "a"]
    free: str
    at: Annotated[dt.datetime, Zone("Europe/Berlin")]


def test_a_service_agrees_whatever_its_bounds_and_the_order_of_its_labels():
    agree(Agreeing, schema_of(DECLARED), "2f9c41d07be3")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": column("number")}, "n: service.py takes whole numbers, the model numbers."),
        ({"n": column("integer", nullable=True)}, "n: service.py refuses null; in training it may be missing."),
        ({"x": column("number")}, "x: service.py takes null; in training it may not be missing."),
        ({"c": column("category", values=["a", "c"])}, "c: the labels differ."),
        ({"c": column("category")}, "c: service.py takes one of 2 labels, the model text."),
        ({"at": column("date")}, "at: service.py takes moments, the model days."),
        ({"more": column("text")}, "the model reads more, which service.py lacks."),
    ],
)
def test_every_difference_that_matters_is_told(change, said):
    with pytest.raises(Mistake) as raised:
        agree(Agreeing, schema_of({**DECLARED, **change}), "2f9c41d07be3")
    first, *others = map(str, raised.value.problems)
    assert "different contracts" in first
    assert others == [said]


def test_any_name_may_be_a_column():
    names = ["model_x", "class", "a b", "ünï", '"', "", "self", "schema"]
    fields = {f"f{i}": (Annotated[int, Field(alias=name)], ...) for i, name in enumerate(names)}
    row = create_model("Odd", __base__=Row, **fields)
    body = type("Body", (Rows,), {"__annotations__": {"rows": list[row]}})
    import json

    (found,) = body.model_validate_json(json.dumps({"rows": [dict.fromkeys(names, 1)]})).rows
    assert found.model_dump() == dict.fromkeys(names, 1)
    with pytest.raises(Invalid) as raised:
        body.model_validate_json(json.dumps({"rows": [dict.fromkeys(names, "1")]}))
    assert [item.loc[2] for item in raised.value.details] == names


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a" * 80, f'"{"a" * 80}"'),
        ("a" * 81, f'"{"a" * 80}…"'),
        (10**80, "a number of more than 80 digits"),
        (True, "true"),
        (None, "null"),
        ([1, 2], "a list"),
    ],
)
def test_a_value_is_shown_as_json_writes_it_and_cut_when_it_is_long(value, expected):
    assert shown(value) == expected
