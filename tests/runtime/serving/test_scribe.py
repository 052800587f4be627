"""The process that lays out rows for the request log: the same rows come out of it as without it, whatever becomes of it."""

import datetime as dt
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime.schema import Schema
from overture.runtime.serving import request_log, scribe, spool
from overture.runtime.serving.logged import Answered, Hiding, Layout
from overture.runtime.serving.request_log import RequestLog, read
from overture.runtime.serving.scribe import Scribe
from overture.runtime.serving.waiting import Packing, Waiting, joined
from overture.runtime.targets import Log

from .test_request_log import Counted

SCHEMA = Schema(
    task="binary",
    features={
        "count": {"type": "integer", "nullable": True},
        "size": {"type": "number", "nullable": True},
        "kind": {"type": "category", "nullable": True},
        "open": {"type": "boolean", "nullable": True},
        "words": {"type": "text", "nullable": True, "personal": True},
        "day": {"type": "date", "nullable": True},
        "seen": {"type": "timestamp", "nullable": True},
    },
    target="left",
    target_column={"type": "category", "values": ["no", "yes"]},
    classes=["no", "yes"],
)
ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-3, minutes=-30))])
ROWS = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1000, 1000),
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.booleans(),
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.dates(),
    st.none() | st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29), timezones=ZONES),
)
KEYS = st.none() | st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(2**80), 2**80)
FOUND = st.tuples(st.sampled_from(["no", "yes"]), st.lists(st.floats(0, 1), min_size=2, max_size=2))


@st.composite
def requests(draw):
    rows = draw(st.lists(ROWS, min_size=1, max_size=4))
    places = range(len(rows))
    said = st.dictionaries(st.sampled_from(places), st.lists(st.sampled_from(["kind: 'x' is new", "words: 'b'"])))
    found = [(*draw(FOUND), draw(st.none() | st.just("other:2"))) for _ in places]
    ids = [draw(KEYS) for _ in places]
    route = draw(st.sampled_from(["/predict", "/explain"]))
    return Answered(draw(st.integers(0, 2**62)), route, b"r%d" % len(rows), ids, rows, draw(said), found)


def layout(secret=b""):
    hiding = Hiding(frozenset({"size"}), frozenset({"words"}), secret) if secret else Hiding()
    return Layout(SCHEMA, "left:1", hiding)


def answered(place):
    row = (place, 0.5, "a", True, "b", dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC))
    return Answered(place, "/predict", b"r%d" % place, [None], [row], {}, [("no", [0.75, 0.25], None)])


def put(log, places):
    for place in places:
        log.put(answered(place))


@pytest.fixture(scope="module")
def scribes():
    """One that hides nothing, and one that does; both are ready."""
    made = [Scribe(layout()), Scribe(layout(b"a key"))]
    for one in made:
        ready(one)
    yield made
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spool")


def ready(one):
    whole = joined([Packing(SCHEMA).pack([answered(1)])])
    deadline = time.monotonic() + 60
    with tempfile.TemporaryDirectory() as folder:
        opened = spool.Spool(Path(folder))
        while not one.append(opened, whole):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        opened.close()


@pytest.fixture
def busy(tmp_path, monkeypatch):
    """A log whose rows are laid out by a process that is ready; and its tally."""
    monkeypatch.setattr(request_log, "MANY", 1)
    tally = Counted()
    log = RequestLog(tmp_path / "requests", layout(), Log(), tally)
    ready(log._scribe)
    log.start()
    yield log, tally
    if log._thread.is_alive():
        log.close()


@given(st.lists(requests(), min_size=1, max_size=5))
def test_what_is_packed_is_laid_out_as_what_is_not(asked):
    packing = Packing(SCHEMA)
    packed = packing.pack(asked)
    if any(isinstance(key, int) and not -(2**63) <= key < 2**64 for item in asked for key in item.ids):
        assert packed is None
        return
    there = packing.unpack(joined([packed, packed]))
    assert layout().frame(there).equals(layout().frame([*asked, *asked]))


@given(st.lists(requests(), min_size=1, max_size=5), st.booleans())
def test_the_process_appends_the_same_rows(scribes, folder, asked, hiding):
    packed = Packing(SCHEMA).pack(asked)
    if packed is None:
        return
    opened = spool.Spool(folder)
    assert scribes[hiding].append(opened, joined([packed]))
    here = layout(b"a key" if hiding else b"").frame(asked)
    assert opened.rows == here.height
    opened.seal(0, 0, scribes[hiding].seal)
    opened.append(here.height, spool.encoded(here))
    opened.seal(0, 0)
    opened.close()
    segments = sorted(folder.glob("*.parquet"))
    there, ours = (pl.read_parquet(path) for path in segments)
    assert there.equals(ours)
    assert there.equals(here)
    for path in segments:
        path.unlink()


def test_rows_that_come_fast_and_those_that_cannot_be_packed_are_all_kept(tmp_path, busy):
    log, tally = busy
    put(log, range(1000))
    log.put(answered(1000)._replace(ids=[2**70]))
    put(log, range(1001, 1100))
    many = answered(0).rows * 40
    log.put(answered(1100)._replace(ids=[None] * 40, rows=many, found=answered(0).found * 40))
    log.close()
    kept = read(tmp_path)
    assert kept.height == tally.written == 1140
    assert kept["id"].to_list()[:1000] == [f"r{place}:0" for place in range(1000)]
    assert str(2**70) in set(kept["id"])
    assert kept["id"].n_unique() == 1140
    assert not tally.lost


@pytest.mark.parametrize("what", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_is_killed_or_stands_still_costs_no_row(tmp_path, busy, monkeypatch, caplog, what):
    log, tally = busy
    monkeypatch.setattr(scribe, "PATIENCE", 0.2)
    process = log._scribe._process
    os.kill(process.pid, what)
    for turn in range(3):
        put(log, range(turn * 200, turn * 200 + 200))
        time.sleep(1.2 * request_log.PAUSE)
    assert process.poll() is not None
    log.close()
    assert read(tmp_path)["id"].to_list() == [f"r{place}:0" for place in range(600)]
    assert not tally.lost
    assert caplog.text.count("the server does it itself") == 1


def test_it_ends_when_nothing_was_asked_of_it_and_comes_back_when_it_is(tmp_path, busy, monkeypatch):
    log, _ = busy
    first = log._scribe._process
    monkeypatch.setattr(scribe, "IDLE", 0.0)
    deadline = time.monotonic() + 20
    while first.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    monkeypatch.setattr(scribe, "IDLE", 60.0)
    ready(log._scribe)
    assert log._scribe._process is not first


def test_few_rows_need_no_process(tmp_path):
    log = RequestLog(tmp_path / "requests", layout(), Log(), Counted())
    log.start()
    put(log, range(100))
    time.sleep(2 * request_log.PAUSE)
    assert log._scribe._process is None
    log.close()
    assert read(tmp_path).height == 100


SERVER = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from overture.runtime.serving import spool\n"
    "from overture.runtime.serving.scribe import Scribe\n"
    "from tests.runtime.serving.test_scribe import answered, layout\n"
    "from overture.runtime.serving.waiting import Packing, Waiting, joined\n"
    "opened, one = spool.Spool(Path(sys.argv[1])), Scribe(layout())\n"
    "whole = joined([Packing(layout().schema).pack([answered(1)])])\n"
    "while not one.append(opened, whole): time.sleep(0.05)\n"
    "opened.counts.put(3, 0)\n"
    "print(one._process.pid, flush=True); time.sleep(60)\n"
)


def test_it_ends_with_the_server_and_until_then_nobody_recovers_what_it_writes_to(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SERVER, tmp_path], stdout=subprocess.PIPE, text=True) as server:
        pid = int(server.stdout.readline())
        os.kill(pid, signal.SIGSTOP)
        server.kill()
    assert spool.recover(tmp_path) == 0
    assert list((tmp_path / "open").glob("*.count"))
    os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + 20
    while not (missing := spool.recover(tmp_path)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert missing == 2
    assert not _alive(pid)
    assert pl.concat(spool.frames(tmp_path)).height == 1
    assert not list((tmp_path / "open").iterdir())


def test_what_else_is_printed_there_is_not_taken_for_its_answers(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("print('an agent greets you')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    one = Scribe(layout())
    ready(one)
    one.close()


def test_where_it_cannot_be_started_the_server_does_its_work(tmp_path, busy, monkeypatch, caplog):
    log, tally = busy
    log._scribe.close()
    monkeypatch.setattr(scribe.sys, "executable", str(tmp_path / "nothing"))
    put(log, range(300))
    log.close()
    assert read(tmp_path).height == tally.written == 300
    assert caplog.text.count("the server does it itself") == 1


def test_rows_that_are_added_while_others_are_taken_are_each_taken_once():
    waiting, taken, packing = Waiting(SCHEMA), [], Packing(SCHEMA)

    def take():
        packs, others = waiting.take()
        for rows, packed in packs:
            found = packing.unpack(joined([packed]))
            assert len(found) == rows > 0
            taken.extend(request for _, _, request, *_ in found)
        taken.extend(request for requests in others for _, _, request, *_ in requests)

    def add():
        for place in range(20_000):
            waiting.add(answered(place), 1)

    adding = threading.Thread(target=add)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        adding.start()
        while adding.is_alive():
            take()
        take()
    finally:
        sys.setswitchinterval(before)
    assert sorted(taken) == sorted(b"r%d" % place for place in range(20_000))


def test_what_cannot_be_laid_out_is_counted_and_the_rest_is_written(tmp_path):
    tally = Counted()
    log = RequestLog(tmp_path / "requests", layout(), Log(), tally)
    log.start()
    wrong = answered(0)._replace(rows=[("no number", *answered(0).rows[0][1:])])
    for place in range(64):
        log.put(wrong if place == 7 else answered(place))
    deadline = time.monotonic() + 20
    while not tally.lost:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    put(log, range(64, 128))
    log.close()
    assert tally.lost == {"disk": 64}
    assert read(tmp_path).height == tally.written == 64


def test_nothing_is_written_where_another_process_has_recovered_it(tmp_path):
    opened = spool.Spool(tmp_path)
    opened.append(1, spool.encoded(layout().frame([answered(1)])))
    opened.path.unlink()
    with pytest.raises(FileNotFoundError):
        opened.append(1, spool.encoded(layout().frame([answered(2)])))
    with pytest.raises(FileNotFoundError):
        opened.seal(0, 0)
    assert not list(tmp_path.glob("*.parquet"))


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
