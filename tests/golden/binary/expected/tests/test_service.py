"""The service of churn keeps the contract:  pytest

Written by overture from conf/. Change conf/ first; what you change here is kept
when `overture generate` runs again.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

PROJECT = Path(__file__).resolve().parents[1]
REQUEST = json.loads((PROJECT / "tests" / "request.json").read_text(encoding="utf-8"))
ROW = REQUEST["rows"][0]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """The service, in this process, with the model in production."""
    production = PROJECT / ".overture" / "production.json"
    if not production.exists():
        pytest.skip("no model is in production yet: overture promote best")
    if not (PROJECT / "runs" / json.loads(production.read_text(encoding="utf-8"))["run"]).is_dir():
        pytest.skip("the run in production is not on this machine")
    from service import Churn

    service: Any = Churn  # what bentoml.service makes of the class
    with TestClient(service.to_asgi()) as made:
        yield made


@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_a_good_row_is_answered(client: TestClient, path: str) -> None:
    answer = client.post(path, json=REQUEST)

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["predictions"]) == len(REQUEST["rows"])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("gender", True),
        ("gender", None),
        ("gender", "not Female"),
        ("senior", ["a", "list"]),
        ("senior", "twelve"),
        ("senior", -1),
        ("senior", 2),
        ("MonthlyCharges", ["a", "list"]),
        ("MonthlyCharges", "twelve"),
    ],
)
def test_a_value_outside_the_contract_is_refused(
    client: TestClient, column: str, value: Any
) -> None:
    answer = client.post("/predict", json={"rows": [{**ROW, column: value}]})

    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"][0]["loc"] == ["rows", 0, column]


def test_a_missing_column_is_refused(client: TestClient) -> None:
    row = {name: value for name, value in ROW.items() if name != "gender"}

    answer = client.post("/predict", json={"rows": [row]})

    assert answer.status_code == 400, answer.text


def test_a_column_that_nobody_knows_is_refused(client: TestClient) -> None:
    answer = client.post("/predict", json={"rows": [{**ROW, "no_such_column": 1}]})

    assert answer.status_code == 400, answer.text
