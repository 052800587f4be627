"""Categories held as codes: rows say, break and teach the same as those that hold text."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime import split
from overture.runtime.data.codes import MOST, decoded, encoded
from overture.runtime.data.dataset import Dataset
from overture.runtime.data.once import remembering
from overture.runtime.data.rows import Data, load
from overture.runtime.models.catboost import Catboost
from overture.runtime.schema import Schema
from overture.runtime.splits.random import Random

COLUMNS = {
    "id": {"type": "integer"},
    "plan": {"type": "category", "values": ["pro", "free"]},
    "shop": {"type": "category", "nullable": True},
    "spend": {"type": "number"},
    "left": {"type": "category", "values": ["yes", "no"]},
}
ROWS = {
    "id": [1, 2, 3, 4],
    "plan": ["pro", "free", "free", "pro"],
    "shop": ["b", None, "a", "b"],
    "spend": [1.5, 2.0, 0.0, 7.25],
    "left": ["yes", "no", "yes", "no"],
}


@pytest.fixture
def project(tmp_path):
    """Data of one Parquet file, whose categories may be encoded."""

    def make(rows=None, columns=COLUMNS, **keys):
        frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows or ROWS)
        frame.write_parquet(tmp_path / "rows.parquet")
        source = {"kind": "parquet", "path": "rows.parquet"}
        dataset = Dataset(sources={"base": source}, columns=columns, key="id", **keys)
        schema = Schema(
            task="binary",
            features={name: it for name, it in dataset.columns.items() if name not in ("id", "left")},
            target="left",
            target_column=dataset.columns["left"],
            key="id",
            key_column=dataset.columns["id"],
            unknown_category=dataset.unknown_category,
        )
        return Data(dataset, schema, tmp_path, encode=frozenset(schema.features))

    return make


def test_categories_are_codes_of_their_labels_in_order_and_all_else_stays(project):
    frame = load(project()).frame
    assert frame.schema["plan"] == pl.Enum(["free", "pro"])
    assert frame.schema["shop"] == pl.Enum(["a", "b"])
    assert frame.schema["left"] == pl.String
    assert decoded(frame).select(list(ROWS)).equals(pl.DataFrame(ROWS))


@pytest.mark.parametrize("stored", [pl.Categorical, pl.Enum(["pro", "free", "gone"])])
def test_a_file_may_hold_codes_of_its_own(project, stored):
    frame = load(project(pl.DataFrame(ROWS).with_columns(pl.col("plan").cast(stored)))).frame
    assert frame.schema["plan"] == pl.Enum(["free", "pro"])
    assert decoded(frame).select(list(ROWS)).equals(pl.DataFrame(ROWS))


@pytest.mark.parametrize("policy", ["reject", "missing"])
def test_a_label_that_is_not_allowed_is_told_as_it_is(project, policy):
    data = project(ROWS | {"plan": ["pro", "gold", "free", "gold"]}, unknown_category=policy)
    found, plain = load(data), load(replace(data, encode=frozenset()))
    assert (found.breaches, found.unknown) == (plain.breaches, plain.unknown)
    assert decoded(found.frame).equals(plain.frame)
    assert found.breaches or found.unknown == {"plan": 2}


def test_what_has_more_labels_than_a_model_learns_stays_text():
    values = pl.DataFrame({"plan": [str(i) for i in range(MOST + 1)]})
    column = Dataset(sources={"base": {"kind": "parquet", "path": "x"}}, columns=COLUMNS, key="id").columns["shop"]
    assert encoded(values, {"plan": column}, ["plan"]).schema["plan"] == pl.String
    assert encoded(values.head(MOST), {"plan": column}, ["plan"]).schema["plan"] != pl.String


@pytest.mark.parametrize(
    "keys",
    [
        {"checks": {"expressions": {"paying": "plan <> 'free' or spend = 0"}}},
        {"checks": {"unique": ["plan"]}},
        {"checks": {"on_breach": "quarantine"}},
        {"columns": COLUMNS | {"plan": {"type": "category", "pattern": "pro|free", "example": "pro"}}},
    ],
    ids=["expressions", "unique", "quarantine", "pattern"],
)
def test_what_somebody_asks_for_its_text_stays_text(project, keys):
    data = project(**keys)
    found, plain = load(data), load(replace(data, encode=frozenset()))
    assert found.frame.schema["plan"] == pl.String
    assert found.breaches == plain.breaches


def test_a_hook_is_given_text(project):
    seen = []

    def features(rows):
        seen.append(rows.schema["plan"])
        return rows.with_columns(loud=pl.col("plan").str.to_uppercase())

    load(replace(project(), features=features))
    assert set(seen) == {pl.String}


def test_rows_that_several_jobs_share_are_text(project):
    with remembering():
        assert load(project()).frame.schema["plan"] == pl.String


labels = st.sampled_from(["pro", "free", "gold", "", "é", None])
tables = st.lists(
    st.tuples(
        labels, labels, st.sampled_from([0.5, -1.0, float("nan"), float("inf"), None]), st.sampled_from(["yes", "no"])
    ),
    min_size=1,
    max_size=30,
)


@given(tables, st.sampled_from(["reject", "missing"]))
def test_codes_and_text_keep_and_break_the_same(tmp_path_factory, rows, policy):
    folder = tmp_path_factory.mktemp("rows")
    plan, shop, spend, left = zip(*[*rows, ("pro", "a", 1.0, "yes"), ("free", "b", 2.0, "no")], strict=True)
    kinds = {"plan": pl.String, "shop": pl.String, "spend": pl.Float64, "left": pl.String}
    told = {"plan": plan, "shop": shop, "spend": spend, "left": left}
    frame = pl.DataFrame({name: pl.Series(list(told[name]), dtype=kind) for name, kind in kinds.items()})
    frame.with_row_index("id").write_parquet(folder / "rows.parquet")
    source = {"kind": "parquet", "path": "rows.parquet"}
    dataset = Dataset(sources={"base": source}, columns=COLUMNS, key="id", unknown_category=policy)
    schema = Schema(
        task="binary",
        features={name: dataset.columns[name] for name in ("plan", "shop", "spend")},
        target="left",
        target_column=dataset.columns["left"],
        key="id",
        key_column=dataset.columns["id"],
        unknown_category=policy,
    )
    plain = load(Data(dataset, schema, folder))
    found = load(Data(dataset, schema, folder, encode=frozenset(schema.features)))
    assert (found.breaches, found.unknown, found.dropped) == (plain.breaches, plain.unknown, plain.dropped)
    assert decoded(found.frame).equals(plain.frame)
    assert found.content == plain.content


def test_a_model_learns_the_same_from_codes_and_from_text(project):
    many = 400
    rows = {
        "id": list(range(many)),
        "plan": [("pro", "free")[i * i % 7 % 2] for i in range(many)],
        "shop": [None if i % 11 == 0 else "xyzw"[i * 3 % 4] for i in range(many)],
        "spend": [float(i % 13) for i in range(many)],
        "left": [("yes", "no")[(i * i % 7 + i % 3) % 2] for i in range(many)],
    }
    data = project(rows)
    models = []
    for encode in (data.encode, frozenset()):
        parts = split(load(replace(data, encode=encode)), Random(seed=3))
        model = Catboost(kind="catboost", params={"iterations": 20}, seed=1, threads=1)
        models.append((parts, model.fit(parts.train, parts.valid, parts.schema, lambda done, most: None)))
    (codes, one), (text, other) = models
    assert codes.schema == text.schema
    assert codes.notes == text.notes
    for frame in (codes.test, text.test):
        assert (one.predict(frame) == other.predict(text.test)).all()
        assert (one.explain(frame).contributions == other.explain(text.test).contributions).all()
