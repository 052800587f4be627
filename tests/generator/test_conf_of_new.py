"""Whatever stands in a table, the configuration written for it is what the runtime reads, and the rows keep its contract."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from overture.generator import conf
from overture.generator.infer.inference import Question, infer
from overture.runtime.data.dataset import Dataset
from overture.runtime.data.rows import Data, check, load
from overture.runtime.errors import Mistake
from overture.runtime.schema import Schema

WORD = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=12),
    st.text(alphabet="\\${}\"':#, -?!&*|>%@`=[]~yNoOf0123456789.eE_+a", min_size=1, max_size=8),
    st.sampled_from(
        [
            "on",
            "No",
            "yes",
            "12:30",
            "010",
            "1e3",
            "~",
            "null",
            "=",
            "2024-01-31",
            "NA",
            "?",
            "-",
            "${x}",
            "???",
            "part",
            "x" * 1200,
        ]
    ),
)
CELL = st.one_of(
    WORD,
    st.just(""),
    st.just(" "),
    st.integers(-5, 2**70).map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.datetimes().map(str),
)


def written(names: list[str], cells: list[list[str]], path: Path) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([*row[: len(names) - 1], "ab"[i % 2]] for i, row in enumerate(cells))
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(WORD, min_size=3, max_size=6, unique=True),
    cells=st.lists(st.lists(CELL, min_size=6, max_size=6), min_size=2, max_size=12),
)
def test_the_rows_of_any_table_keep_the_contract_or_the_reason_is_said(
    folder: Path, names: list[str], cells: list[list[str]]
) -> None:
    written(names, cells, folder / "any.csv")
    try:
        found = infer(Question(folder / "any.csv", names[-1], header=("true",)))
        config = OmegaConf.create(conf.config(found, "any", "any"))
        data = OmegaConf.create(conf.data(found, "any", {"": "any.csv"}))
    except Mistake as mistake:
        said = str(mistake)
        assert any(
            reason in said
            for reason in (
                "no column is left",
                "???",
                "but for blanks",
                "no value in any row",
                "columns called",
                "has no column",
                "stands for other columns",
                "is empty",
            )
        ), said
        return
    dataset = Dataset.model_validate(OmegaConf.to_container(data, resolve=True))
    target = str(OmegaConf.to_container(config, resolve=True)["target"])  # type: ignore[index, call-overload]
    schema = Schema(
        task=found.task,
        features={name: column for name, column in dataset.columns.items() if name not in (target, dataset.key)},
        target=target,
        target_column=dataset.columns[target],
        key=dataset.key,
        key_column=dataset.columns[dataset.key] if dataset.key else None,
        timezone=dataset.timezone,
    )

    rows = load(Data(dataset, schema, folder))

    check(rows, rows.schema)
    assert (rows.read, rows.extra) == (len(cells), ())
