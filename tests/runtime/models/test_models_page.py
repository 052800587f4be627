"""Every example of docs/models.md has no problems, and learns what it says from rows."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from overture.runtime.data.rows import Rows
from overture.runtime.fitting import fit
from overture.runtime.parts import Parts, learned
from overture.runtime.spec import Spec

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "models.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n# (conf/\S+) \((\w+)\)\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = [(file, task, yaml.safe_load(text)) for file, task, text in BLOCKS if task != "data"]
TARGETS = {"binary": "churn", "multiclass": "grade", "regression": "price"}
COLUMNS: dict[str, Any] = {
    "age": {"type": "integer"},
    "income": {"type": "number", "nullable": True},
    "city": {"type": "category"},
    "signup": {"type": "timestamp"},
    "notes": {"type": "text"},
    "counts": {"type": "number", "min": 0},
    "churn": {"type": "category", "values": ["no", "yes"]},
    "grade": {"type": "category"},
    "price": {"type": "number"},
}


def spec(task: str, model: dict[str, Any]) -> Spec:
    columns = {name: keys for name, keys in COLUMNS.items() if name not in set(TARGETS.values()) - {TARGETS[task]}}
    data = {"sources": {"one": {"kind": "csv", "path": "one.csv"}}, "columns": columns, "weight": "counts"}
    return Spec.model_validate(
        {
            "name": "example",
            "task": task,
            "target": TARGETS[task],
            "data": data,
            "model": model,
            "split": {"kind": "random"},
        }
    )


def parts(task: str, found: Spec) -> Parts:
    random, rows = np.random.default_rng(0), 900
    age, income, city = random.integers(18, 90, rows), random.normal(size=rows), random.integers(0, 9, rows)
    score = income - age / 40 + (city % 3) + random.normal(0, 0.7, rows)
    start = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    made: dict[str, Any] = {
        "age": age,
        "income": [None if gap else it for gap, it in zip(random.random(rows) < 0.1, income.tolist(), strict=True)],
        "city": [f"city {it}" for it in city],
        "signup": [start + dt.timedelta(hours=int(it)) for it in random.integers(0, 9000, rows)],
        "notes": random.choice(["all good", "not so good", "bad day"], rows),
        "counts": random.integers(1, 3, rows).astype(float),
        "churn": np.where(score > 0.5, "yes", "no"),
        "grade": np.array(["a", "b", "c"])[np.digitize(score, [-0.5, 0.8])],
        "price": score * 100,
    }
    schema = found.contract
    frame = pl.DataFrame([pl.Series(name, made[name], it.dtype) for name, it in schema.columns.items()])
    cut = [frame[:500], frame[500:700], frame[700:]]
    return Parts(*cut, learned(cut[0], cut[1], schema), Rows(frame, schema, "", rows, 0, (), {}, ()), "random", ())


@pytest.mark.parametrize(("file", "task", "written"), EXAMPLES, ids=[file for file, _, _ in EXAMPLES])
def test_an_example_has_no_problems_and_learns(file: str, task: str, written: dict[str, Any]) -> None:
    if written["kind"] == "catboost":
        written = {**written, "params": {"iterations": 30, "learning_rate": 0.2}}
    found = spec(task, {**written, "seed": 1, "threads": 1})
    assert found.problems() == []
    given = parts(task, found)
    fitted = fit(found.model, given)
    assert np.isfinite(fitted.predict(given.test)).all()
    asked = {"calibration", "threshold", "interval"} & written.keys()
    assert fitted.facts().keys() == asked


def test_every_packaged_model_is_in_the_table() -> None:
    table = PAGE[PAGE.index("| `model:`") : PAGE.index("Any other estimator")]
    named = {
        name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1] if line else "")
    }
    assert named == {file.name.removesuffix(".yaml") for file in (files("overture.conf") / "model").iterdir()}


def test_every_section_has_an_example_and_every_extra_is_there() -> None:
    assert all("```yaml\n# conf/" in section for section in PAGE.split("\n## ")[1:])
    assert len(BLOCKS) == PAGE.count("```yaml")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"overture\[(\w+)\]", PAGE)) <= set(extras)
