"""What docs/splits.md says is so: its examples, its test vectors, and what it shows of a training."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from overture.runtime.data.column import column
from overture.runtime.schema import Schema
from overture.runtime.splits.random import Random
from overture.runtime.splits.stratified import Stratified
from overture.runtime.splits.time import Time
from overture.runtime.splitting import SPLITS

from ..slow_row_hash import position, slow

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "splits.md").read_text("utf-8")
SHOWN = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
VECTORS = re.findall(r"^\| `(.*?)` \| (\d+) \| `(\w+)` \| (\w+) \| `(\w+)` \|\s*(\d*)\s*\|$", PAGE, re.MULTILINE)
OF_FOLDS = 1 << 33


def test_every_example_is_a_split() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    for given in map(yaml.safe_load, blocks):
        assert SPLITS[given["kind"]].model_validate(given).kind == given["kind"]


@pytest.mark.parametrize(("written", "seed", "hashed", "part", "of_fold", "fold"), VECTORS)
def test_a_vector_is_what_a_slow_reading_of_the_specification_gives(
    written: str, seed: str, hashed: str, part: str, of_fold: str, fold: str
) -> None:
    given = yaml.safe_load(written)
    row, number = tuple(given) if isinstance(given, list) else (given,), int(seed)
    assert int(hashed, 16) == slow(row, number)
    assert int(of_fold, 16) == slow(row, number ^ OF_FOLDS)
    where = position(row, number)
    assert part == ("test" if where < 0.2 else "valid" if where < 0.2 + 0.1 else "train")
    assert fold == ("" if part == "test" else str(int(position(row, number ^ OF_FOLDS) * 5) + 1))


@pytest.mark.parametrize(("written", "seed", "hashed", "part", "of_fold", "fold"), VECTORS)
def test_a_vector_is_what_a_split_does(
    written: str, seed: str, hashed: str, part: str, of_fold: str, fold: str
) -> None:
    given = yaml.safe_load(written)
    split, (frame, schema) = Random(seed=int(seed), folds=5), _one(given)
    found = split.assign(frame, schema)
    assert found.to_list() == [part]
    assert split.fold(frame, schema, found).to_list() == [int(fold) if fold else None]


def test_there_are_vectors() -> None:
    assert len(VECTORS) == 13
    assert {part for _, _, _, part, _, _ in VECTORS} == {"train", "valid", "test"}


def _one(given: Any) -> tuple[pl.DataFrame, Schema]:
    """A row with a key, or one without."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "category"}
    if not isinstance(given, list):
        frame = pl.DataFrame({"id": [given], "x": [1], "y": ["a"]})
        return frame, _schema({"x": "integer"}, key="id", key_column=column("integer"))
    *values, answer = given
    names = [f"x{place}" for place in range(len(values))]
    frame = pl.DataFrame({name: [value] for name, value in zip(names, values, strict=True)} | {"y": [answer]})
    features = {name: kinds.get(type(value), "category") for name, value in zip(names, values, strict=True)}
    return frame, _schema(features)


def _schema(features: dict[str, str], **keys: Any) -> Schema:
    columns = {name: column(kind, nullable=True) for name, kind in features.items()}
    target = {"target": "y", "target_column": column("category")}
    return Schema.model_validate({"task": "multiclass", "features": columns, **target, **keys})


def _table(head: str) -> list[list[str]]:
    """The cells of the table that begins so."""
    rows = PAGE.split(f"{head}\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_table_of_stratified_rows_is_so() -> None:
    cells = _table("| part | keys | | fold | keys |")
    parts = {part: [*map(int, keys.split(","))] for part, keys, *_ in cells if part}
    folds = {int(fold): [*map(int, keys.split(","))] for *_, fold, keys in cells}

    ordered = sorted(range(1, 11), key=lambda key: slow((key,), 42))
    where = {key: (place - 0.5) / 10 for place, key in enumerate(ordered, 1)}
    told = {key: "test" if at < 0.2 else "valid" if at < 0.2 + 0.1 else "train" for key, at in where.items()}
    known = sorted((key for key in told if told[key] != "test"), key=lambda key: slow((key,), 42 ^ OF_FOLDS))
    assert parts == {part: sorted(key for key in told if told[key] == part) for part in ("test", "valid", "train")}
    number = {key: int((place - 0.5) / len(known) * 4) + 1 for place, key in enumerate(known, 1)}
    assert folds == {fold: sorted(key for key in known if number[key] == fold) for fold in (1, 2, 3, 4)}

    frame = pl.DataFrame({"id": range(1, 11), "x": [0] * 10, "y": ["a"] * 10})
    schema, split = _schema({"x": "integer"}, key="id", key_column=column("integer")), Stratified(seed=42, folds=4)
    part = split.assign(frame, schema)
    assert dict(zip(frame["id"], part, strict=True)) == told
    assert dict(zip(frame["id"], split.fold(frame, schema, part), strict=True)) == dict.fromkeys(told) | number


def test_the_table_of_rows_in_time_is_so() -> None:
    def span(cell: str) -> list[int]:
        first, last = map(int, cell.split(" to "))
        return list(range(first, last + 1))

    cells = _table("| part | moments | | fold | judges | learns from |")
    frame = pl.DataFrame({"when": range(1, 21), "x": [0] * 20, "y": ["a"] * 20})
    schema = _schema({"x": "integer"}, time="when", time_column=column("integer"))
    split = Time(gap=2, folds=3)
    part = split.assign(frame, schema)
    fold = split.fold(frame, schema, part)

    def moments(mask: pl.Series) -> list[int]:
        return frame["when"].filter(mask.fill_null(False)).to_list()

    before = [moment for moment in range(1, 21) if 17 - moment >= 2]
    for name, shown, _, number, judges, learns in cells:
        assert moments(part == name) == span(shown)
        assert moments(fold == int(number)) == span(judges)
        assert moments(split.precedes(int(number), fold, frame, schema)) == span(learns)
        late = len(before)
        slowly = [m for m in before if int((1 - (before[-1] - m + 0.5) / late) * 4) == int(number)]
        assert slowly == span(judges)
        assert span(learns) == [m for m in before if slowly[0] - m >= 2]


def _masked(text: str) -> list[str]:
    """Lines without numbers, ids and the blanks between columns."""
    lines = (re.sub(r"[0-9a-f]{12}|\d[\d,]*(\.\d+)?", "#", line).split() for line in text.splitlines())
    return [" ".join(line) for line in lines if line]


def test_what_is_shown_is_what_is_printed(
    make_project: Callable[..., Path], overture: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    root = make_project(rows=400)
    assert overture("generate", cwd=root).returncode == 0
    for shown in SHOWN:
        if "split=time" in shown:
            file = root / "conf" / "data" / "people.yaml"
            file.write_text(file.read_text().replace("key: id", "time: id"))
        for block in shown.split("$ ")[1:]:
            words, output = block.split("\n", 1)
            python, *rest = words.split()
            command = (
                [sys.executable, *rest] if python == "python" else [sys.executable, "-m", "overture.generator", *rest]
            )
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
            printed = "\n".join(_masked(done.stdout))
            for part in output.split("…\n"):
                assert "\n".join(_masked(part)) in printed


def test_the_code_shown_runs(make_project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(make_project(rows=400))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "splits.md", "exec"), {})
    assert re.fullmatch(r"log_loss 0\.\d+\n", capsys.readouterr().out)
