"""Requests on connections that are kept open, through a real uvicorn: answered where they arrive, to the same bytes."""

import hashlib
import http.client
import json
import logging
import random
import re
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn

from overture.runtime.serving import connection, shortcut, wire
from overture.runtime.serving.auth import Refusal

from ...conftest import SOAK
from ...in_process import application
from .conftest import write_project
from .test_fast_lane import body, example, plain
from .test_service_over_http import ROW

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own

FINE = json.dumps({"rows": [ROW]}).encode()
OTHER = json.dumps({"rows": [{**ROW, "tenure": 3}]}).encode()


@contextmanager
def listening(app):
    """A server of an application on a free port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(64)
        config = uvicorn.Config(
            app,
            lifespan="on",
            http="httptools",
            loop="uvloop",
            log_config=None,
            access_log=False,
            timeout_keep_alive=30,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield server, bound.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture(scope="module", params=["binary", "multiclass"])
def served(request, plugin, tmp_path_factory):
    app = application(write_project(tmp_path_factory.mktemp("quick") / request.param, request.param, quick=True))
    with listening(app) as (server, port):
        yield app, server, port


@pytest.fixture(scope="module")
def churn_server(plugin, tmp_path_factory):
    app = application(write_project(tmp_path_factory.mktemp("one") / "binary", "binary", quick=True))
    with listening(app) as (server, port):
        yield app, server, port


@pytest.fixture
def direct(monkeypatch):
    """The requests that were answered where they arrived."""
    found, inner = [], shortcut.Call.set_result

    def noted(call, values):
        found.append(call)
        return inner(call, values)

    monkeypatch.setattr(shortcut.Call, "set_result", noted)
    return found


class Caller:
    """A connection that is kept open."""

    def __init__(self, port):
        # As under `bentoml serve`, nobody reads the lines that uvicorn would write of each request; pytest would.
        logging.getLogger("uvicorn.access").handlers = []
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, content, *lines, path="/predict"):
        self.socket.sendall(asked(content, *lines, path=path))
        return self.answer()

    def warm(self, content=FINE):
        """Ask until the connection is watched and the head of this request known."""
        for _ in range(2):
            assert self.ask(content)[0] == 200
        return self

    def answer(self):
        while b"\r\n\r\n" not in self.left:
            self.left += self._more()
        head, _, rest = self.left.partition(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        while len(rest) < length:
            rest += self._more()
        self.left = rest[length:]
        return int(head[9:12]), rest[:length]

    def _more(self):
        found = self.socket.recv(1 << 16)
        if not found:
            raise ConnectionError
        return found


def asked(content, *lines, path="/predict"):
    head = [f"POST {path} HTTP/1.1", "host: here", "content-type: application/json", f"content-length: {len(content)}"]
    return "\r\n".join([*head, *lines, "", ""]).encode() + content


def test_every_body_gets_the_same_bytes_at_the_connection_as_from_the_plain_service(served, direct):
    from starlette.testclient import TestClient

    app, _, port = served
    rng = random.Random(11)
    row = example(TestClient(app))
    other = plain(TestClient(app))
    row = {**row, **({"notes": None} if "notes" in row else {})}
    with Caller(port) as caller:
        good = 0
        for _ in range(33_000 if SOAK else 700):
            sent = body(rng, row, "customerID" if "tenure" in row else "extra")
            status, content = caller.ask(sent)
            slow = other.post("/predict", content=sent, headers={"content-type": "application/json"})
            assert (status, content) == (slow.status_code, slow.content), sent
            good += status == 200
    assert 0.3 * good < len(direct) <= good


def test_what_is_answered_at_the_connection_has_the_same_headers_and_counts(churn_server, direct, caplog):
    app, _, port = churn_server
    told = []
    counts, inner = app.counts, app.counts.done
    counts.done = lambda *given: told.append(given) or inner(*given)
    try:
        with Caller(port) as caller, caplog.at_level(logging.INFO, "bentoml.access"):
            heads = []
            for _ in range(3):
                caller.socket.sendall(asked(FINE))
                while not caller.left.endswith(b"]}"):
                    caller.left += caller.socket.recv(1 << 16)
                heads.append(re.sub(rb"(x-request-id|date): [^\r]+", rb"\1", caller.left.partition(b"\r\n\r\n")[0]))
                caller.left = b""
            address = "{}:{}".format(*caller.socket.getsockname())
            for _ in range(200):
                lines = [it.getMessage() for it in caplog.records if it.name == "bentoml.access"]
                if len(lines) >= 3:
                    break
                time.sleep(0.05)
    finally:
        del counts.done
    assert len(set(heads)) == 1
    assert len(direct) == 1
    assert [(path, status) for path, status, _ in told] == [("/predict", 200)] * 3
    assert len({line.rpartition(" ")[0] for line in lines}) == 1
    assert lines[0].startswith(address)
    until(lambda: app._inside["/predict"] == 0)


def test_requests_cut_anywhere_are_answered_each_once_and_in_order(churn_server):
    whole = asked(FINE) + asked(OTHER) + asked(b"{") + asked(FINE)
    with Caller(churn_server[2]) as caller:
        caller.warm(FINE).warm(OTHER)
        expected = [caller.ask(content) for content in (FINE, OTHER, b"{", FINE)]
        assert [status for status, _ in expected] == [200, 200, 400, 200]
        ends = [len(asked(FINE)), len(asked(FINE) + asked(OTHER))]
        near = {end + by for end in (0, *ends) for by in range(-4, 5)}
        for cut in sorted({*range(0, len(whole), 1 if SOAK else 37), *near} & set(range(1, len(whole)))):
            caller.socket.sendall(whole[:cut])
            time.sleep(0.002)
            caller.socket.sendall(whole[cut:])
            assert [caller.answer() for _ in range(4)] == expected, cut


def test_a_head_is_never_taken_for_the_one_that_came_with_it(churn_server):
    """Two heads that nobody knows, in one read: neither is learned as what the other says."""
    with Caller(churn_server[2]) as caller:
        caller.warm()
        for turn, paths in enumerate([("/predict", "/explain"), ("/explain", "/predict"), ("/predict", "/predict")]):
            line = f"user-agent: {turn}"
            caller.socket.sendall(b"".join(asked(FINE, line, path=path) for path in paths))
            expected = [caller.answer()[1] for _ in paths]
            for _ in range(3):
                assert [caller.ask(FINE, line, path=path)[1] for path in paths] == expected
            assert [b"contributions" in answer for answer in expected] == [path == "/explain" for path in paths]


def test_a_key_opens_nothing_for_a_request_beside_it(plugin, tmp_path):
    app = application(write_project(tmp_path / "binary", "binary", quick=True))
    with listening(app) as (_, port), Caller(port) as caller:
        caller.warm()
        app.refusal = Refusal([hashlib.sha256(b"good").hexdigest().encode()], None, frozenset())
        bad, good = (asked(FINE, f"x-api-key: {key}") for key in ("evil", "good"))
        for pair, expected in ((bad + good, [401, 200]), (good + bad, [200, 401])):
            caller.socket.sendall(pair)
            assert [caller.answer()[0] for _ in range(2)] == expected
            for _ in range(3):
                assert [caller.ask(FINE, f"x-api-key: {key}")[0] for key in ("evil", "good")] == [401, 200]


def test_a_body_that_holds_a_whole_request_is_a_body(churn_server):
    """Whoever could have it read as a request of its own would ask in the name of others behind the same proxy."""
    inner = asked(FINE)
    with Caller(churn_server[2]) as caller:
        caller.warm()
        outer = asked(b" " * 8 + inner)
        for pause in (0.05, 0.05, 2 * connection.PATIENCE):  # the head is not known yet, known, and given up
            caller.socket.sendall(outer[: -len(inner)])
            time.sleep(pause)
            caller.socket.sendall(inner)
            assert caller.answer()[0] == 400
            assert caller.ask(FINE)[0] == 200
            assert caller.left == b""


@pytest.mark.parametrize("patience", [20, 0.01])
def test_a_body_may_come_after_its_head(churn_server, direct, monkeypatch, patience):
    """As most callers in Python send them."""
    late, inner = [], connection.Connection._late
    monkeypatch.setattr(connection, "PATIENCE", patience)
    monkeypatch.setattr(connection.Connection, "_late", lambda own: inner(own) or late.append(own))
    request = asked(FINE)
    with Caller(churn_server[2]) as caller:
        expected = [caller.ask(FINE) for _ in range(3)][-1]
        direct.clear()
        for turn in range(1, 5):
            caller.socket.sendall(request[: -len(FINE)])
            if patience < 1:
                until(lambda turn=turn: len(late) == turn)
            else:
                time.sleep(0.05)
            caller.socket.sendall(FINE)
            assert caller.answer() == expected
    assert len(direct) == (0 if patience < 1 else 4)


def test_callers_that_people_use_are_answered_where_they_ask(churn_server, direct, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 20)
    httpx = pytest.importorskip("httpx")
    logging.getLogger("uvicorn.access").handlers = []
    with httpx.Client() as client:
        found = [client.post(f"http://127.0.0.1:{churn_server[2]}/predict", json={"rows": [ROW]}) for _ in range(6)]
    assert len({answer.content for answer in found}) == 1
    assert len(direct) >= 4
    caller = http.client.HTTPConnection("127.0.0.1", churn_server[2])
    direct.clear()
    for _ in range(6):
        caller.request("POST", "/predict", FINE, {"content-type": "application/json"})
        assert caller.getresponse().read() == found[0].content
    caller.close()
    assert len(direct) >= 4


def test_a_body_that_never_comes_is_given_up(plugin, tmp_path):
    app = application(write_project(tmp_path / "binary", "binary", quick=True))
    app.seconds = 0.3
    with listening(app) as (_, port), Caller(port) as caller:
        caller.warm()
        caller.socket.sendall(asked(FINE)[:-1])
        assert caller.answer()[0] == 408


def test_a_caller_who_goes_in_the_middle_of_a_request_leaves_nothing(churn_server, monkeypatch, caplog):
    app, server, port = churn_server
    monkeypatch.setattr(connection, "PATIENCE", 20)
    with Caller(port) as caller:
        caller.warm()
        (behind,) = server.server_state.connections
        watched = behind.transport.get_protocol()
        caller.socket.sendall(asked(FINE)[:-1])
        until(lambda: watched._part is not None)
        timer = watched._timer
    until(lambda: behind not in server.server_state.connections)
    assert timer.cancelled()
    assert watched._part is None
    with Caller(port) as caller:
        assert caller.ask(FINE)[0] == 200
    assert [record for record in caplog.records if record.name == "asyncio"] == []
    until(lambda: app._inside["/predict"] == 0)


def test_a_caller_who_reads_slowly_gets_every_answer_and_keeps_few_of_them_here(churn_server, direct):
    """What is not read fills the system's buffers, then the server's, up to its mark: from there on answers wait to be given."""
    app, server, port = churn_server
    content = json.dumps({"rows": [{**ROW, "customerID": f"{n:04}" * 50} for n in range(60)]}).encode()
    with Caller(port) as caller:
        expected = caller.warm(content).ask(content)
        (behind,) = server.server_state.connections
        sent, request = 0, asked(content)
        direct.clear()
        while not behind.flow.write_paused:
            caller.socket.sendall(request)
            sent += 1
            until(lambda sent=sent: len(direct) == sent and app._inside["/predict"] == 0)
            assert sent < 3000
        for _ in range(3):
            caller.socket.sendall(request)
        until(lambda: app._inside["/predict"] == 1)
        assert behind.transport.get_write_buffer_size() < 2 * len(expected[1]) + 65536
        assert [caller.answer() for _ in range(sent + 3)] == [expected] * (sent + 3)
        assert len(direct) == sent
        until(lambda: app._inside["/predict"] == 0)
        assert caller.ask(content) == expected
        assert len(direct) == sent + 1


def test_many_requests_at_once_on_one_connection_keep_their_order(churn_server):
    bodies = [json.dumps({"rows": [{**ROW, "customerID": f"{n:03}"}]}).encode() for n in range(40)]
    with Caller(churn_server[2]) as caller:
        caller.warm(bodies[0])
        for content in bodies:
            caller.socket.sendall(asked(content))
        found = [json.loads(caller.answer()[1])["predictions"][0]["id"] for _ in bodies]
    assert found == [f"{n:03}" for n in range(40)]


def test_a_crowd_of_connections_gets_each_its_own_answer(churn_server, direct):
    def ask(number, found):
        content = json.dumps({"rows": [{**ROW, "customerID": f"{number:03}"}]}).encode()
        with Caller(churn_server[2]) as caller:
            found[number] = [json.loads(caller.ask(content)[1])["predictions"][0]["id"] for _ in range(30)]

    found = {}
    threads = [threading.Thread(target=ask, args=(number, found)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [f"{number:03}"] * 30 for number in range(24)}
    assert len(direct) >= 24 * 28


@pytest.mark.parametrize(
    "line",
    [
        "x-request-id: mine",
        "x-forwarded-for: 10.0.0.1",
        "origin: https://shop.example.com",
        "transfer-encoding: chunked",
        "expect: 100-continue",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ],
)
def test_a_head_that_says_more_goes_the_long_way(churn_server, direct, line):
    content = FINE if "chunked" not in line else b"%x\r\n%b\r\n0\r\n\r\n" % (len(FINE), FINE)
    request = asked(content, line)
    if "chunked" in line:
        request = re.sub(rb"content-length: \d+\r\n", b"", request)
    with Caller(churn_server[2]) as caller:
        for _ in range(4):
            caller.socket.sendall(request)
            if "expect" in line:
                assert caller.socket.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert caller.answer()[0] == 200
        assert direct == []
        caller.warm()
        assert caller.ask(FINE)[0] == 200
        assert direct


@pytest.mark.parametrize("last", ["connection: close", "http/1.0"])
def test_a_connection_that_is_to_be_closed_is_closed(churn_server, last):
    with Caller(churn_server[2]) as caller:
        caller.warm()
        request = asked(FINE, last) if ":" in last else asked(FINE).replace(b"HTTP/1.1", b"HTTP/1.0")
        caller.socket.sendall(request)
        assert caller.answer()[0] == 200
        assert caller.socket.recv(1) == b""


def test_who_may_not_ask_is_refused_though_others_with_the_same_head_were_not(plugin, tmp_path, direct):
    app = application(write_project(tmp_path / "binary", "binary", quick=True))
    with listening(app) as (_, port), Caller(port) as caller:
        caller.warm()
        assert caller.ask(FINE)[0] == 200
        assert len(direct) == 1
        app.refusal = Refusal([b"0" * 64], None, frozenset())
        assert caller.ask(FINE)[0] == 401
        app.refusal = None
        app.most = 0
        assert caller.ask(FINE)[0] == 429
        app.most = 5
        assert caller.ask(FINE)[0] == 200
        assert len(direct) == 2


def test_where_the_model_fails_the_plain_service_answers(plugin, tmp_path, monkeypatch):
    app = application(write_project(tmp_path / "binary", "binary", quick=True))
    with listening(app) as (_, port), Caller(port) as caller:
        caller.warm()
        expected = caller.ask(FINE)
        batcher = app.fast["/predict"].batcher
        failed = []

        def fails(rows):
            failed.append(len(rows))
            raise ValueError("no")

        monkeypatch.setattr(batcher, "_predict", fails)
        found = [caller.ask(FINE) for _ in range(3)]
        assert found == [expected] * 3
        assert failed
        until(lambda: app._inside["/predict"] == 0)


def test_a_caller_who_goes_while_waiting_is_not_predicted_and_no_longer_inside(plugin, tmp_path, monkeypatch):
    app = application(write_project(tmp_path / "binary", "binary", quick=True))
    with listening(app) as (_, port):
        with Caller(port) as caller:
            caller.warm()
            batcher, waiting = app.fast["/predict"].batcher, []
            monkeypatch.setattr(batcher, "now", lambda rows: None)
            monkeypatch.setattr(batcher, "put", lambda rows, answer: waiting.append(answer))
            caller.socket.sendall(asked(FINE))
            until(lambda: waiting)
            assert app._inside["/predict"] == 1
            assert not waiting[0].done()
        until(lambda: waiting[0].done())
        assert app._inside["/predict"] == 0


def until(true):
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError


def test_a_server_that_stops_answers_what_it_has_begun_and_closes(plugin, tmp_path, monkeypatch):
    app = application(write_project(tmp_path / "binary", "binary", quick=True))
    with listening(app) as (server, port), Caller(port) as caller:
        caller.warm()
        batcher, begun = app.fast["/predict"].batcher, []
        put = batcher.put
        monkeypatch.setattr(batcher, "now", lambda rows: None)
        monkeypatch.setattr(batcher, "put", lambda *given: begun.append(given))
        caller.socket.sendall(asked(FINE))
        until(lambda: begun)
        server.should_exit = True
        until(lambda: not any(it.cycle.keep_alive for it in server.server_state.connections))
        batcher._loop.call_soon_threadsafe(put, *begun[0])
        head = caller.socket.recv(1 << 16)
        assert head.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in head


def test_an_uvicorn_that_changed_inside_is_left_alone(plugin, tmp_path, monkeypatch, direct):
    monkeypatch.setattr(wire, "_PROTOCOL", None)
    app = application(write_project(tmp_path / "binary", "binary", quick=True))
    with listening(app) as (_, port), Caller(port) as caller:
        assert [caller.ask(FINE)[0] for _ in range(4)] == [200] * 4
    assert direct == []


def test_what_cannot_be_noted_of_an_answer_does_not_end_the_connection(plugin, tmp_path, monkeypatch, caplog):
    app = application(write_project(tmp_path / "binary", "binary", quick=True))
    with listening(app) as (_, port), Caller(port) as caller:
        expected = caller.warm().ask(FINE)

        def fails(*_):
            raise OSError("no")

        with monkeypatch.context() as patched:
            patched.setattr(type(app.fast["/predict"]), "left", fails)
            assert [caller.ask(FINE) for _ in range(3)] == [expected] * 3
        assert caller.ask(FINE) == expected
        assert app._inside["/predict"] == 0
    assert len([record for record in caplog.records if "an answer could not be given" in record.getMessage()]) == 3
