"""The JSON Schemas that overture writes for editors: they accept what is right and underline what is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from overture.runtime.config.schemas import schemas

SCHEMAS = schemas()
CONF = Path(__file__).resolve().parents[3] / "conf"
SHIPPED = [path for path in CONF.rglob("*/*.yaml") if path.relative_to(CONF).parts[0] != "hydra"]
"""But for what configures Hydra itself."""


def faults(group: str, text: str) -> list[str]:
    value: Any = yaml.safe_load(text)
    return [error.message for error in Draft202012Validator(SCHEMAS[group]).iter_errors(value)]


@pytest.mark.parametrize("group", SCHEMAS)
def test_each_schema_is_one(group: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[group])


@pytest.mark.parametrize("path", sorted(SHIPPED), ids=lambda path: path.relative_to(CONF).as_posix())
def test_what_overture_ships_is_accepted(path: Path) -> None:
    group = path.parent.name if path.parent.name != "serving" else f"serving.{path.stem}"

    assert faults(group, path.read_text()) == []


@pytest.mark.parametrize(
    ("group", "text"),
    [
        (
            "config",
            "defaults: [base, _self_]\nhydra: {searchpath: [pkg://overture.conf]}\nname: churn\ntask: binary\nseed: 42",
        ),
        ("config", "seed: ${oc.env:SEED,1}"),
        ("data", "sources: {a: {kind: csv, path: a.csv}}\ncolumns: {x: {type: integer, min: 0}}"),
        ("data", "defaults: [other, _self_]\nkey: id"),
        ("split", "kind: group\ncolumn: ???"),
        ("model", "kind: catboost\nparams: {depth: 4}"),
        ("model", "defaults: [catboost]\nparams: {depth: 4}"),
    ],
)
def test_a_right_file_is_accepted(group: str, text: str) -> None:
    assert faults(group, text) == []


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("config", "sed: 42"),
        ("config", "seed: ten"),
        ("config", "task: binry"),
        ("data", "columns: {x: {type: integr}}"),
        ("data", "columns: {x: {type: integer, mn: 0}}"),
        ("data", "sources: {a: {kind: cvs, path: a.csv}}"),
        ("split", "kind: group\ncolum: x"),
        ("model", "kind: catboost\nparms: {}"),
        ("evaluation", "gates: [{metrc: x}]"),
        ("serving.http", "prt: 3000"),
    ],
)
def test_a_wrong_file_is_underlined(group: str, text: str) -> None:
    assert faults(group, text) != []
