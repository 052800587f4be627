"""Every packaged model, trained on columns of every type and once more elsewhere, says the same to the last bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from overture.generator.project import regenerate
from overture.runtime.model import MODELS

from ..conftest import CONFIG, SOAK
from ..in_process import script

PACKAGED = sorted(file.name.removesuffix(".yaml") for file in (files("overture.conf") / "model").iterdir())
SMALLER: dict[str, Any] = {
    "iterations": 20,
    "max_iter": 40,
    "n_estimators": 10,
    "num_iterations": 20,
    "max_rounds": 60,
    "outer_bags": 2,
}
"""What makes a model cheap, whichever it is of."""
ROWS = 5000 if SOAK else 300
DATA = """\
sources:
  people: {kind: csv, path: data/people.csv, missing: [""]}
  cities: {kind: csv, path: data/cities.csv}
base: people
joins:
  - {source: cities, by: city}
key: id
timezone: Europe/Berlin
columns:
  id:       {type: integer}
  age:      {type: integer, nullable: true}
  income:   {type: number, nullable: true}
  member:   {type: boolean, nullable: true}
  city:     {type: category, nullable: true}
  size:     {type: category, values: [1, 2, 3]}
  words:    {type: text, nullable: true}
  seen:     {type: timestamp, nullable: true}
  born:     {type: date, nullable: true}
  nothing:  {type: number, nullable: true}
  constant: {type: integer}
  height:   {type: number, nullable: true}
  left:     {type: category}
  spent:    {type: number}
derive:
  income_per_year: income / (age + 1)
"""
TARGETS = {"binary": "left", "multiclass": "size", "regression": "spent"}


def written(folder: Path) -> None:
    """The tables: values of every type with gaps everywhere, and targets that follow from some of them."""
    chance = np.random.default_rng(3)
    age, income = chance.integers(18, 90, ROWS), chance.normal(0, 1e5, ROWS).round(2)
    city, score = chance.integers(0, 5, ROWS), (age - 50) / 20 + income / 1e5 + chance.normal(0, 0.4, ROWS)
    hours = pl.Series(chance.integers(0, 30_000, ROWS))
    moments = pl.select(pl.datetime(2021, 1, 1) + pl.duration(hours=hours)).to_series()
    columns: dict[str, Any] = {
        "id": np.arange(ROWS),
        "age": age,
        "income": income,
        "member": chance.random(ROWS) < 0.5,
        "city": np.array(["Oslo", "Rome", "Bergen", "-1", "Ås"])[city],
        "size": np.digitize(score, [-0.5, 0.5]) + 1,
        "words": [" ".join(chance.choice(["good", "bad", "Größe", "never", "42"], 4)) for _ in range(ROWS)],
        # no wall clock of Berlin shows it twice, or not at all
        "seen": moments.dt.strftime("%Y-%m-%dT12:%M:%S"),
        "born": moments.dt.strftime("%Y-%m-%d"),
        "nothing": [None] * ROWS,
        "constant": [7] * ROWS,
        "left": np.where(score + (city == 1) > 0.3, "yes", "no"),
        "spent": (score * 1000).round(3),
    }
    gaps = ["age", "income", "member", "city", "words", "seen", "born"]
    holes = {name: pl.Series(chance.random(ROWS) < 0.1) for name in gaps}
    table = pl.DataFrame(columns).with_columns(pl.when(~holes[name]).then(pl.col(name)).alias(name) for name in gaps)
    table.write_csv(folder / "people.csv")
    pl.DataFrame({"city": ["Oslo", "Rome", "Bergen"], "height": [3.5, 21.0, None]}).write_csv(folder / "cities.csv")


def cheaper(name: str) -> list[str]:
    """The overrides that make a packaged model cheap."""
    model = yaml.safe_load((files("overture.conf") / "model" / f"{name}.yaml").read_text())
    parts = {"model": model} | {f"model.members.{key}": it for key, it in model.get("members", {}).items()}
    made = [
        f"{at}.params.{key}={SMALLER[key]}"
        for at, it in parts.items()
        for key in it.get("params", ())
        if key in SMALLER
    ]
    return [*made, *(["model.folds=2"] if model["kind"] == "stack" else [])]


def claimed(task: str) -> list[str]:
    """The packaged models that do a task."""
    found = {name: yaml.safe_load((files("overture.conf") / "model" / f"{name}.yaml").read_text()) for name in PACKAGED}
    return [name for name, it in found.items() if not MODELS[it["kind"]].model_validate(it).problems(task)]


def asked() -> list[tuple[str, list[str]]]:
    """Each packaged model in one task that it does; where there is time, in each."""
    if SOAK:
        return [(task, claimed(task)) for task in TARGETS]
    binary = claimed("binary")
    return [("binary", binary), ("regression", [name for name in claimed("regression") if name not in binary])]


@pytest.mark.parametrize(("task", "models"), asked(), ids=[task for task, _ in asked()])
def test_every_packaged_model_is_reproduced_in_another_process(
    task: str, models: list[str], make_project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {name for name in TARGETS.values() if name not in (TARGETS[task], "size")}
    config = CONFIG.format(model="dummy").replace(
        "task: binary\ntarget: left", f"task: {task}\ntarget: {TARGETS[task]}"
    )
    config = config if task == "binary" else config.replace('positive: "yes"\n', "")
    data = "".join(line for line in DATA.splitlines(keepends=True) if line.split(":")[0].strip() not in others)
    root = make_project(config=config, data=data)
    written(root / "data")
    regenerate(root)
    monkeypatch.chdir(root)
    overrides = ["evaluation.replicates=20", "explanations.rows=100"]
    for name in models:
        assert script(monkeypatch, "train.py", f"model={name}", *overrides, *cheaper(name)) == 0, name

    runs = {json.loads((it / "run.json").read_text())["model"]["label"]: it.name for it in (root / "runs").iterdir()}
    assert set(runs) == set(models)
    # Another order of hashes, another place on Earth, another language.
    elsewhere = {**os.environ, "PYTHONHASHSEED": "20011", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    again = [sys.executable, "-c", AGAIN, *runs.values()]
    done = subprocess.run(again, cwd=root, env=elsewhere, capture_output=True, text=True, check=True)

    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [it["run"] for it in found] == list(runs.values())
    apart = {name: it for name, it in zip(runs, found, strict=True) if not it["same"] or it["apart"] or it["inputs"]}
    assert not apart


AGAIN = """
import json, sys
from pathlib import Path
from overture.runtime.runs.reproduce import reproduce
from overture.runtime.runs.run import Run

for name in sys.argv[1:]:
    found = reproduce(Path(), Run.open(Path("runs", name)))
    print(json.dumps({"run": name, "same": found.same, "apart": found.apart, "inputs": found.inputs}))
"""
