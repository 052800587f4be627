"""Answers on the wire of a real uvicorn: the same bytes in one write as in the two of ASGI."""

import logging
import re
import socket
import threading
import time

import pytest
import uvicorn

from overture.runtime.serving import wire
from overture.runtime.serving.reply import Answering

FINE = b'{"fine":true}'
GET = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"


async def app(scope, receive, send):
    await receive()
    await Answering(send, b"an-id", 0.0).good(FINE)


@pytest.fixture(scope="module")
def port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        config = uvicorn.Config(
            app, lifespan="off", http="httptools", loop="asyncio", log_config=None, access_log=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join()


def answered(port, sent):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        caller.sendall(sent)
        found = b""
        while found.count(FINE) < sent.count(b"HTTP/") and (part := caller.recv(65536)):
            found += part
    return re.sub(rb"date: [^\r]+", b"date: now", found)


@pytest.mark.parametrize(
    "sent",
    [
        GET,
        GET * 3,
        GET.replace(b"1.1", b"1.0"),
        GET.replace(b"here", b"here\r\nconnection: close"),
        b"POST / HTTP/1.1\r\nhost: here\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}",
    ],
    ids=["kept alive", "pipelined", "http 1.0", "to be closed", "continued"],
)
def test_one_write_sends_what_asgi_would(port, sent, monkeypatch):
    access = logging.getLogger("uvicorn.access")
    monkeypatch.setattr(access, "handlers", [])
    monkeypatch.setattr(access, "propagate", False)
    whole, inner = [], wire.sent
    monkeypatch.setattr(wire, "sent", lambda *given: whole.append(inner(*given)) or whole[-1])
    quick = answered(port, sent)
    while len(whole) < sent.count(b"HTTP/"):  # told just after it is sent
        time.sleep(0.01)
    assert set(whole) == {True}
    monkeypatch.setattr(wire, "_CYCLE", None)
    assert quick == answered(port, sent)
    assert quick.count(FINE) == sent.count(b"HTTP/")
