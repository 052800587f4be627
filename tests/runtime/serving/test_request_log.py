"""The request log: what was answered is read back, whatever became of the process or of the disk."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import polars as pl
import pytest

from overture.runtime.schema import Schema
from overture.runtime.serving import request_log, spool
from overture.runtime.serving.logged import Answered, Hiding, Layout
from overture.runtime.serving.request_log import RequestLog, open_log, read
from overture.runtime.targets import Log

from .conftest import SCHEMAS
from .test_bentoml_serve import serving
from .test_service_over_http import ROW

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own


class Counted:
    def __init__(self):
        self.written, self.lost = 0, {}

    def logged(self, rows):
        self.written += rows

    def unlogged(self, reason, rows):
        self.lost[reason] = self.lost.get(reason, 0) + rows


def answer(log, place, rows=1, key="c"):
    given = [(place, 0, "One year", 1.5, True)] * rows
    found = [("Yes", [0.25, 0.75], None)] * rows
    log.put(Answered(time.time_ns(), "/predict", b"r%d" % place, [f"{key}{place}"] * rows, given, {}, found))


def made(folder, tally=None, **settings):
    layout = Layout(SCHEMAS["binary"], "binary:1", Hiding())
    return RequestLog(folder / "requests", layout, Log(**settings), tally or Counted())


def test_every_answer_is_read_back_as_it_was_given_on_both_paths(make_project, opened):
    root = make_project("binary")
    with opened(root) as client:
        quick = client.post(
            "/predict", json={"rows": [ROW, {**ROW, "customerID": "A-1"}]}, headers={"x-request-id": "q1"}
        )
        plain = client.post("/explain", json={"rows": [ROW]}, headers={"x-request-id": "p1"})
        assert client.post("/predict", json={"rows": [{}]}).status_code == 400
    rows = read(root / "log")
    assert rows["id"].to_list() == ["q1:0", "A-1", "p1:0"]
    assert rows["route"].to_list() == ["/predict", "/predict", "/explain"]
    answers = quick.json()["predictions"] + plain.json()["predictions"]
    for kept, told in zip(rows["outputs"].to_list(), answers, strict=True):
        assert kept == {word: told[word] for word in ("prediction", "probabilities")}
    schema = SCHEMAS["binary"]
    inputs = rows["inputs"].struct.unnest()
    assert inputs.schema == {name: column.dtype for name, column in schema.features.items()}
    assert inputs.row(0, named=True) == {name: ROW[name] for name in schema.features}
    assert set(rows["model"]) == {quick.json()["model"]}
    assert rows["time"].dtype == pl.Datetime("us", "UTC")
    assert (root / "log" / ".gitignore").read_text() == "*\n"
    assert not list((root / "log" / "requests" / "open").iterdir())


def test_without_the_lane_the_same_is_kept(make_project, opened):
    kept = []
    for lane in (True, False):
        root = make_project("binary") if lane else kept[0][0].parent / "plain"
        if not lane:
            kept[0][0].rename(root)
            service = (root / "service.py").read_text().replace("max_bytes=8_388_608", "lane=False")
            (root / "service.py").write_text(service)
        with opened(root) as client:
            client.post("/predict", json={"rows": [ROW]}, headers={"x-request-id": "same"})
        kept.append((root, read(root / "log").drop("time")))
    assert kept[1][1].height == 2
    assert kept[1][1][0].equals(kept[1][1][1])


def test_warnings_are_kept_and_hidden_columns_are_not(tmp_path):
    schema = SCHEMAS["binary"]
    hiding = Hiding(frozenset({"TotalCharges"}), frozenset({"Contract", "customerID"}), b"key")
    frame = Layout(schema, "binary:1", hiding)
    log = RequestLog(tmp_path / "requests", frame, Log(), Counted())
    log.start()
    told = "Contract: 'Weekly' was never seen; treated as missing"
    found = [("No", [1.0, 0.0], None)]
    rows, warnings = [(1, 0, "Two year", 7.5, True)], {0: [told, "tenure: old"]}
    log.put(Answered(time.time_ns(), "/predict", b"r", ["Ann"], rows, warnings, found))
    log.close()
    row = read(tmp_path).row(0, named=True)
    assert row["warnings"] == ["Contract: a label that was never seen; treated as missing", "tenure: old"]
    assert row["inputs"] == {
        "tenure": 1, "Senior Citizen": 0, "Contract": hiding.hash("Two year"), "paperless": True,
    }  # fmt: skip
    assert row["id"] == hiding.hash("Ann")


def test_a_personal_column_is_hashed_and_left_out_without_a_key(tmp_path, monkeypatch, caplog):
    facts = SCHEMAS["binary"].model_dump()
    facts["features"]["Contract"]["personal"] = True
    schema = Schema(**facts)
    for place, key in enumerate(("", "a key")):
        monkeypatch.setenv("OVERTURE_LOG_KEY", key)
        log = open_log(Log(folder=str(place)), tmp_path, schema, "binary:1", Counted())
        answer(log, 1)
        log.close()
    assert "Contract" not in read(tmp_path / "0")["inputs"][0]
    assert "without the variable OVERTURE_LOG_KEY it leaves out Contract" in caplog.text
    hashed = read(tmp_path / "1")["inputs"][0]["Contract"]
    assert len(hashed) == 32
    assert hashed != Hiding(secret=b"another").hash("One year")


def test_what_the_queue_cannot_hold_is_counted(tmp_path):
    tally = Counted()
    log = made(tmp_path, tally, queue=10)
    for place in range(25):
        answer(log, place)
    log.start()
    log.close()
    assert read(tmp_path).height == tally.written == 10
    assert tally.lost == {"queue": 15}
    assert pl.read_parquet_metadata(next((tmp_path / "requests").glob("*.parquet")))[spool.DROPPED] == "15"


def test_a_folder_that_cannot_be_written_costs_rows_but_no_answer(tmp_path, caplog):
    (tmp_path / "requests").write_text("in the way")
    tally = Counted()
    log = made(tmp_path, tally)
    log.start()
    for place in range(5):
        answer(log, place)
        time.sleep(request_log.PAUSE)
    log.close()
    assert tally.lost == {"disk": 5}
    assert caplog.text.count("rows are not being kept") == 1


def test_a_full_disk_loses_what_it_refused_and_nothing_else(tmp_path, monkeypatch):
    tally = Counted()
    log = made(tmp_path, tally)
    log.start()
    answer(log, 1)
    while tally.written < 1:
        time.sleep(0.01)
    real = os.fdopen

    class Full:
        def __init__(self, *words, **more):
            self.file = real(*words, **more)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, content):
            return self.file.write(content[: len(content) // 2])

    with monkeypatch.context() as patched:
        patched.setattr(spool.os, "fdopen", Full)
        answer(log, 2)
        while not tally.lost:
            time.sleep(0.01)
    answer(log, 3)
    log.close()
    assert read(tmp_path)["id"].to_list() == ["c1", "c3"]
    assert tally.lost == {"disk": 1}


def test_old_segments_and_too_many_are_deleted(tmp_path):
    folder = tmp_path / "requests"
    for place in range(4):
        log = made(tmp_path)
        log.start()
        answer(log, place)
        log.close()
        newest = max(folder.glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (time.time() - 86_400 * (10 - place),) * 2)
    spool.retain(folder, 8.5, 1 << 30)
    assert read(tmp_path)["id"].to_list() == ["c2", "c3"]
    spool.retain(folder, 100, max(path.stat().st_size for path in folder.glob("*.parquet")))
    assert read(tmp_path)["id"].to_list() == ["c3"]


def test_half_a_batch_and_rows_in_the_queue_are_missing_after_a_kill(tmp_path):
    log = made(tmp_path)
    log.start()
    for place in range(3):
        answer(log, place)
    log.close()
    folder = tmp_path / "requests"
    assert read(tmp_path).height == 3
    killed = spool.Spool(folder)
    killed.append(3, spool.encoded(read(tmp_path)))
    killed.counts.put(10, 2)
    with killed.path.open("ab") as file:
        file.write(b"\x00" * 5)
    killed._lock.release()
    assert spool.recover(folder) == 10 - 2 - 3
    assert spool.recover(folder) == 0
    assert read(tmp_path).height == 6
    assert not list((folder / "open").iterdir())
    told = [pl.read_parquet_metadata(path) for path in folder.glob("*.parquet")]
    assert sum(int(words[spool.MISSING]) for words in told) == 5


def test_after_kills_under_load_the_log_has_each_row_or_counts_it(make_project, plugin):
    root = make_project("binary")
    service = (root / "service.py").read_text().replace("workers=1", "workers=2")
    (root / "service.py").write_text(service)
    answered = set()
    with serving(root, plugin) as (client, _):
        base = str(client.base_url)

        for _ in range(600):  # one worker is enough to be ready
            counts = list((root / "log" / "requests" / "open").glob("*.count"))
            if len(counts) == 2:
                break
            time.sleep(0.1)

        def load(place):
            with httpx.Client(base_url=base, timeout=20) as own:
                for turn in range(150):
                    name = f"{place}-{turn}"
                    try:
                        found = own.post("/predict", json={"rows": [ROW]}, headers={"x-request-id": name})
                    except httpx.TransportError:
                        time.sleep(0.1)
                        continue
                    if found.status_code == 200:
                        answered.add(f"{name}:0")

        def kill():
            time.sleep(1)
            os.kill(int(counts[0].name.split("-")[1]), signal.SIGKILL)

        with ThreadPoolExecutor(5) as pool:
            done = [pool.submit(load, place) for place in range(4)] + [pool.submit(kill)]
            for item in done:
                item.result()
        for _ in range(600):  # the process that takes its place counts what it lost
            if not counts[0].exists():
                break
            time.sleep(0.1)
    kept = set(read(root / "log")["id"])
    folder = root / "log" / "requests"
    told = [pl.read_parquet_metadata(path) for path in folder.glob("*.parquet")]
    missing = sum(int(words.get(spool.MISSING, 0)) for words in told)
    assert len(answered) > 100
    assert len(answered - kept) <= missing
    assert not list((folder / "open").glob("*.count"))
    assert "Traceback" not in (root / "server.log").read_text()
