"""Outcomes sent to a service: accepted ones are on the disk, joined with what was answered; everything else is refused."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from overture.runtime.serving import request_log
from overture.runtime.serving.feedback import Feedback, joined, read
from overture.runtime.serving.invalid import Invalid
from overture.runtime.targets import Log

from .conftest import SCHEMAS
from .test_service_over_http import ROW, refused

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own


def test_outcomes_join_the_rows_they_belong_to(make_project, opened):
    root = make_project("binary")
    with opened(root) as client:
        keyed = {"rows": [{**ROW, "customerID": "A-1"}, {**ROW, "customerID": "B-2"}]}
        client.post("/predict", json=keyed)
        client.post("/predict", json={"rows": [ROW, ROW]}, headers={"x-request-id": "r1"})
        given = [{"id": "A-1", "outcome": "Yes"}, {"id": "r1:1", "outcome": "No"}, {"id": "unknown", "outcome": "No"}]
        sent = client.post("/feedback", json={"rows": given})
        assert (sent.status_code, sent.json()) == (200, {"accepted": 3})
        assert read(root / "log").height == 3  # before the service ends
        assert "overture_outcomes_total 3.0" in client.get("/metrics").text
    rows = joined(root / "log")
    assert dict(zip(rows["id"], rows["outcome"], strict=True)) == {
        "A-1": "Yes",
        "B-2": None,
        "r1:0": None,
        "r1:1": "No",
    }
    assert rows["outcome_time"].dtype == pl.Datetime("us", "UTC")
    assert rows.columns[:3] == ["id", "time", "model"]


def test_an_outcome_belongs_to_the_predictions_made_before_it(make_project, opened):
    root = make_project("binary")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
    row = {"rows": [{**ROW, "customerID": "A-1"}]}
    with opened(root) as client:
        client.post("/predict", json=row)
        early = {"id": "A-1", "outcome": "Yes", "time": "2020-01-01T00:00:00Z"}
        wrong = {"id": "A-1", "outcome": "Yes", "time": later.isoformat()}
        mended = {**wrong, "outcome": "No"}
        last = {"id": "A-1", "outcome": "Yes", "time": (later + dt.timedelta(days=30)).isoformat()}
        for outcome in (early, wrong, last, mended):
            assert client.post("/feedback", json={"rows": [outcome]}).status_code == 200
    (found,) = joined(root / "log").iter_rows(named=True)
    assert (found["outcome"], found["outcome_time"]) == ("No", later)


def test_what_is_no_outcome_is_refused_and_nothing_of_it_kept(make_project, opened):
    root = make_project("binary")
    with opened(root) as client:
        rows = [
            {"id": "A", "outcome": "yes"},
            {"id": True, "outcome": "Yes"},
            {"id": "", "outcome": "Yes", "more": 1},
            {"outcome": "Yes", "id": "x" * 300, "time": "2024-01-01T00:00:00"},
            {"id": "fine", "outcome": "No"},
        ]
        refused(
            client.post("/feedback", json={"rows": rows}),
            (("rows", 0, "outcome"), "literal_error", '"yes": one of No, Yes. Did you mean "Yes"?'),
            (("rows", 1, "id"), "id_type", "true: must be text of at most 256 characters, or a whole number"),
            (("rows", 2, "id"), "id_type", '"": must be text of at most 256 characters, or a whole number'),
            (("rows", 2, "more"), "extra_forbidden", "nothing here has this name"),
            (("rows", 3, "id"), "id_type", f'"{"x" * 80}…": must be text of at most 256 characters, or a whole number'),
            (
                ("rows", 3, "time"),
                "timezone_aware",
                '"2024-01-01T00:00:00": must say its zone, as in 2024-12-31T23:59:00Z or …+01:00',
            ),
        )
        assert client.post("/feedback", json={"rows": []}).status_code == 400
        assert client.post("/feedback", content=b"[", headers={"content-type": "application/json"}).status_code == 400
        assert client.get("/feedback").status_code == 405
        assert client.post("/feedback", content=b"a", headers={"content-type": "text/csv"}).status_code == 415
    assert read(root / "log").is_empty()


@pytest.mark.parametrize(
    ("task", "good", "bad"), [("multiclass", 2, "2"), ("regression", 3, "3"), ("regression", 3.5, None)]
)
def test_outcomes_are_of_the_targets_own_type(task, good, bad, make_project, opened):
    root = make_project(task)
    with opened(root) as client:
        assert client.post("/feedback", json={"rows": [{"id": 7, "outcome": good}]}).json() == {"accepted": 1}
        assert client.post("/feedback", json={"rows": [{"id": 7, "outcome": bad}]}).status_code == 400
    assert read(root / "log")["outcome"].to_list() == [good]


def test_a_personal_key_is_kept_as_the_same_hash_on_both_sides(make_project, opened, monkeypatch):
    schema = SCHEMAS["binary"]
    personal = schema.model_copy(update={"key_column": schema.key_column.model_copy(update={"personal": True})})
    monkeypatch.setenv("OVERTURE_LOG_KEY", "secret")
    root = make_project("binary", schema=personal)
    with opened(root) as client:
        client.post("/predict", json={"rows": [{**ROW, "customerID": "A-1"}, ROW]}, headers={"x-request-id": "r1"})
        client.post("/feedback", json={"rows": [{"id": "A-1", "outcome": "Yes"}, {"id": "r1:1", "outcome": "No"}]})
    assert "A-1" not in str(read(root / "log").to_dicts())
    assert joined(root / "log")["outcome"].to_list() == ["Yes", "No"]


def test_a_service_that_keeps_no_keys_takes_positions_only(make_project, opened, monkeypatch):
    schema = SCHEMAS["binary"]
    personal = schema.model_copy(update={"key_column": schema.key_column.model_copy(update={"personal": True})})
    monkeypatch.delenv("OVERTURE_LOG_KEY", raising=False)
    root = make_project("binary", schema=personal)
    with opened(root) as client:
        client.post("/predict", json={"rows": [{**ROW, "customerID": "A-1"}]}, headers={"x-request-id": "r1"})
        what = "this service keeps no keys; send X-Request-ID:position of the row"
        refused(
            client.post("/feedback", json={"rows": [{"id": "A-1", "outcome": "Yes"}]}),
            (("rows", 0, "id"), "unkept_key", what),
        )
        assert client.post("/feedback", json={"rows": [{"id": "r1:0", "outcome": "Yes"}]}).status_code == 200
    assert joined(root / "log")["outcome"].to_list() == ["Yes"]


def test_a_disk_that_takes_nothing_is_told_and_nothing_is_accepted(make_project, opened):
    root = make_project("binary")
    with opened(root) as client:
        (root / "log").mkdir(exist_ok=True)
        (root / "log" / "feedback").write_text("in the way")
        sent = client.post("/feedback", json={"rows": [{"id": "A", "outcome": "Yes"}]})
        assert sent.status_code == 503
        assert sent.json() == {"error": "outcomes cannot be kept now; send them again later"}
        (root / "log" / "feedback").unlink()
        assert client.post("/feedback", json={"rows": [{"id": "A", "outcome": "Yes"}]}).status_code == 200
    assert read(root / "log")["id"].to_list() == ["A"]


def test_without_a_log_there_is_no_feedback(make_project, opened):
    root = make_project("binary")
    service = root / "service.py"
    service.write_text(
        service.read_text().replace("service_class=http_service(", "service_class=http_service(log=None, ")
    )
    assert "log=None" in service.read_text()
    with opened(root) as client:
        assert client.post("/feedback", json={"rows": []}).status_code == 404
        assert "/feedback" not in client.get("/docs.json").json()["paths"]


def test_the_document_shows_how_outcomes_are_sent(churn, beans):
    for client, label in ((churn, "Yes"), (beans, 3)):
        post = client.get("/docs.json").json()["paths"]["/feedback"]["post"]
        example = post["requestBody"]["content"]["application/json"]["example"]
        assert example == {"rows": [{"id": "7590", "outcome": label}]}
        assert client.post("/feedback", json=example).json() == {"accepted": 1}


def test_many_threads_and_a_kill_lose_nothing_that_was_accepted(tmp_path):
    kept = Feedback(tmp_path, SCHEMAS["binary"], Log(), str)

    def send(place):
        return kept.accept(b'{"rows": [{"id": %d, "outcome": "Yes"}, {"id": %d, "outcome": "No"}]}' % (place, place))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(200))) == 400
    assert read(tmp_path).height == 400  # as after a kill: nothing is sealed
    with pytest.raises(Invalid):
        kept.accept(b"{}")
    kept.close()
    assert read(tmp_path).height == 400
    assert len(list((tmp_path / "feedback").glob("*.parquet"))) == 1


def test_old_outcomes_are_sealed_as_new_ones_come(tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "SEAL_SECONDS", 0.01)
    kept = Feedback(tmp_path, SCHEMAS["regression"], Log(), str)
    for place in range(4):
        kept.accept(b'{"rows": [{"id": "a", "outcome": %d}]}' % place)
        time.sleep(0.02)
    assert len(list((tmp_path / "feedback").glob("*.parquet"))) >= 2
    kept.close()
    assert read(tmp_path)["outcome"].to_list() == [0.0, 1.0, 2.0, 3.0]
