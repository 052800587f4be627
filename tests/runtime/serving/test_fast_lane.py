"""The fast lane beside the plain service: the same answer to every body, and what becomes of crowds and of the slow."""

import copy
import json
import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from overture.runtime.serving.meter import PAUSE

from ...conftest import SOAK
from .test_service_over_http import ROW

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own

JSON = {"content-type": "application/json"}
VALUES = [
    None, True, False, 0, -1, 1, 120, 121, 1.0, 1.5, -0.0, 1e308, 5e-324, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**53 + 1,
    10**20, 10**400, float("nan"), float("inf"), "", "x", "1.5", "nan", "é", "\ud800", "\x00", '"', "\\", "a" * 3000, "Two year",
    "2024-02-29", "2023-02-29", "2024-06-30T12:00:00Z", "2024-06-30 12:00", "2024-03-31T02:30:00", "2024-06-30T12:00:00+02:00",
    "0001-01-01T00:00:00+14:00", [], {}, [1], {"a": 1},
]  # fmt: skip
NUMBERS = [
    b"1E400", b"-0", b"1e2", b"0.1e-7", b"1" * 400, b"1" * 5000, b"0." + b"1" * 800, b"1.7976931348623159e308", b"18446744073709551617",
    b"123456789012345678901234567890.5", b"2.4703282292062327208e-324", b"01", b"1.", b".5", b"+1", b"0x1", b"NaN", b"-Infinity",
]  # fmt: skip


def body(rng, row, key):
    """A body that is right, or wrong in some way that callers get it wrong."""
    rows = [copy.deepcopy(row) for _ in range(rng.choice([1, 1, 1, 2, 5]))]
    whole = {"rows": rows}
    for _ in range(rng.choice([0, 1, 1, 2])):
        name, target = rng.choice(list(row)), rng.choice(rows)
        dice = rng.random()
        if dice < 0.6:
            target[name] = rng.choice(VALUES)
        elif dice < 0.7:
            target.pop(name, None)
        elif dice < 0.8:
            target[key] = rng.choice(VALUES)
        elif dice < 0.85:
            whole["x"] = 1
        elif dice < 0.9:
            whole["rows"] = rng.choice(VALUES)
        else:
            target[f"{name} "] = 1
    try:
        text = json.dumps(whole, ensure_ascii=rng.random() < 0.5).encode("utf8", "surrogatepass")
    except UnicodeError:
        text = json.dumps(whole).encode()
    return damaged(rng, text)


def damaged(rng, text):
    dice, place = rng.random(), rng.randrange(len(text))
    if dice < 0.04:
        return text[:place]
    if dice < 0.06:
        return b"\xef\xbb\xbf" + text
    if dice < 0.09:
        return text + rng.choice([b" ", b"\n", b"x", b"{}", b"\x00"])
    if dice < 0.12:
        return text.replace(b":", b" :\n ", 3)
    if dice < 0.16:
        return text[:place] + bytes([rng.randrange(256)]) + text[place + 1 :]
    if dice < 0.20:
        start = text.find(b'": ', place) + 1
        return text[:start] + b": " + rng.choice(NUMBERS) + text[text.find(b",", start) :]
    if dice < 0.22:  # one key twice
        start = text.find(b', "', place)
        return text[:start] + b"," + text[start + 1 : text.find(b",", start + 2)] + text[start:]
    return text


@pytest.fixture(params=["churn", "beans", "prices"])
def client(request):
    return request.getfixturevalue(request.param)


def example(client):
    document = client.get("/docs.json").json()
    return document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]["rows"][0]


def plain(client):
    """The same service without its lane."""
    from starlette.testclient import TestClient

    return TestClient(replace(client.app, fast={}, counts=None), raise_server_exceptions=False)


def test_every_body_gets_the_same_bytes_from_the_lane_and_from_the_plain_service(client):
    rng, other, row = random.Random(7), plain(client), example(client)
    row = {**row, **({"notes": None} if "notes" in row else {})}
    key = "customerID" if "tenure" in row else "extra"
    answered = []
    lane = client.app.fast["/predict"]
    inner = lane.answer

    async def watched(*arguments):
        answered.append(await inner(*arguments))
        return answered[-1]

    lane.answer = watched
    try:
        for _ in range(33_000 if SOAK else 700):
            sent = body(rng, row, key)
            quick, slow = (it.post("/predict", content=sent, headers=JSON) for it in (client, other))
            assert (quick.status_code, quick.content) == (slow.status_code, slow.content), sent
            assert answered[-1] == (slow.status_code == 200), sent
            assert quick.status_code in (200, 400)
    finally:
        del lane.answer
    assert 0.2 < sum(answered) / len(answered) < 0.8


def test_a_request_that_keeps_the_contract_has_the_headers_of_every_answer(churn):
    response = churn.post("/predict", json={"rows": [ROW]}, headers={"x-request-id": "r-1"})
    assert response.headers["x-request-id"] == "r-1"
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)


def test_what_the_lane_answers_is_counted_by_route_and_status(make_project, opened):
    with opened(make_project("binary")) as client:

        def counted(name, **labels):
            lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith(f"{name}{{")]
            found = [line for line in lines if all(f'{key}="{value}"' in line for key, value in labels.items())]
            return sum(float(line.rpartition(" ")[2]) for line in found)

        def now():
            total, path = "bentoml_service_request_total", "/predict"
            return [
                *(counted(total, endpoint=path, http_response_code=code) for code in (200, 400)),
                counted(total, endpoint="elsewhere", http_response_code=404),
                counted("overture_rows_total", endpoint=path),
                counted("bentoml_service_request_duration_seconds_count", endpoint=path, http_response_code=200),
            ]

        time.sleep(4 * PAUSE)  # the services of other tests count in the same files
        before = now()
        client.post("/predict", json={"rows": [ROW] * 3})
        client.post("/predict", json={"rows": []})
        client.get("/nowhere")
        assert [after - was for after, was in zip(now(), before, strict=True)] == [1, 1, 1, 3, 1]
        assert counted("bentoml_service_request_in_progress", endpoint="/predict") == 0
        assert "overture_batch_rows_bucket" in client.get("/metrics").text


def test_what_the_lane_answers_has_its_line_in_the_access_log(churn, caplog):
    with caplog.at_level(logging.INFO, "bentoml.access"):
        churn.post("/predict", json={"rows": [ROW]})
        plain(churn).post("/predict", json={"rows": [ROW]})
        for _ in range(200):  # the lane's come a moment later
            lines = [record.getMessage() for record in caplog.records if record.name == "bentoml.access"]
            if len(lines) == 2:
                break
            time.sleep(0.05)
    one, other = (line.rpartition(" ")[0] for line in lines)
    assert one == other


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("return self.predictor.predict(rows)", "return self.predictor.predict(rows[:1000])", "predict does more"),
        ("paperless: bool", "paperless: Annotated[bool, Field(strict=False)]", "paperless has a check of its own"),
        (
            "class Customer(Row):",
            "class Customer(Row):\n    def model_post_init(self, _): pass\n",
            "does more than declare",
        ),
    ],
)
def test_what_a_person_made_of_the_service_is_not_passed_by(make_project, opened, caplog, old, new, says):
    root = make_project("binary")
    text = (root / "service.py").read_text()
    assert old in text
    (root / "service.py").write_text(text.replace(old, new))
    with caplog.at_level("INFO", "bentoml.serve"), opened(root) as client:
        assert client.post("/predict", json={"rows": [ROW]}).status_code == 200
        assert client.app.fast == {}
    assert sum(says in record.getMessage() for record in caplog.records) == 1


def test_the_lane_can_be_switched_off(make_project, opened):
    root = make_project("binary")
    text = (root / "service.py").read_text()
    (root / "service.py").write_text(text.replace("http_service(", "http_service(lane=False, "))
    with opened(root) as client:
        assert client.post("/predict", json={"rows": [ROW]}).status_code == 200
        assert client.app.fast == {}


@pytest.mark.parametrize("gone", ["metered", "trail"])  # each holds what it imports from BentoML's insides
def test_a_bentoml_that_changed_inside_answers_alone_and_says_so_once(make_project, opened, monkeypatch, caplog, gone):
    from overture.runtime.serving import bento

    def moved():
        raise ImportError("cannot import name 'BentoMLContainer'")

    root = make_project("binary")
    monkeypatch.setattr(bento, gone, moved)
    with caplog.at_level("WARNING", "bentoml.serve"), opened(root) as client:
        assert client.post("/predict", json={"rows": [ROW]}).status_code == 200
        assert client.post("/predict", json={"rows": []}).status_code == 400
        assert client.app.fast == {}
    warnings = [record.getMessage() for record in caplog.records if "the fast lane is off" in record.getMessage()]
    assert len(warnings) == 1


def test_a_crowd_with_good_and_bad_requests_gets_each_its_own_answer(churn):
    def ask(number):
        tenure = number if number % 3 else "many"
        return number, churn.post("/predict", json={"rows": [{**ROW, "tenure": tenure, "customerID": str(number)}]})

    alone = {
        number: churn.post("/predict", json={"rows": [{**ROW, "tenure": number}]}).json() for number in range(1, 60)
    }
    with ThreadPoolExecutor(16) as pool:
        for number, response in pool.map(ask, range(60)):
            assert response.status_code == (200 if number % 3 else 400)
            if number % 3:
                (found,) = response.json()["predictions"]
                assert found.pop("id") == str(number)
                assert [found] == alone[number]["predictions"]
