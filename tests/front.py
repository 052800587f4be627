"""A front before an HTTP server that fails as networks do; a process of its own, since clients may hold on to this one."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DOES = ("pass on", "deny", "be busy", "be busy twice", "stall", "break off")


class Front:
    """What a test says to a front, and learns from it."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self._folder = address, folder

    def does(self, what: str) -> None:
        """From now on, and forget what was asked before."""
        assert what in DOES
        (self._folder / "asked").write_text("")
        (self._folder / "does").write_text(what)

    @property
    def asked(self) -> list[str]:
        """The requests since then."""
        return (self._folder / "asked").read_text().splitlines()


@contextmanager
def front(behind: str) -> Iterator[Front]:
    """A front before the server at an address, that passes everything on."""
    with tempfile.TemporaryDirectory(prefix="overture-front-") as folder:
        words = [sys.executable, __file__, behind.removeprefix("http://"), folder]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            found = Front(process.stdout.readline().strip(), Path(folder))
            found.does("pass on")
            yield found
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


class Handler(BaseHTTPRequestHandler):
    """One request, which is passed on or answered as the file "does" says."""

    protocol_version = "HTTP/1.1"
    behind, folder, lock = "", Path(), threading.Lock()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        does = (self.folder / "does").read_text()
        with self.lock, (self.folder / "asked").open("a+") as file:
            file.write(f"{self.command} {self.path}\n")
            file.seek(0)
            asked = len(file.readlines())
        if does == "stall":
            threading.Event().wait()
        elif does == "deny":
            self.say(403, b'{"error": {"code": 403, "message": "Access denied"}}')
        elif does == "be busy" or (does == "be busy twice" and asked <= 2):
            self.say(503, b"busy")
        else:
            self.pass_on(body, 5_000 if does == "break off" else None)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

    def pass_on(self, body: bytes, at_most: int | None) -> None:
        """Ask who stands behind, and give the answer; of a long one only its begin, where the rest is to be lost."""
        other = http.client.HTTPConnection(self.behind)
        other.request(
            self.command,
            self.path,
            body,
            {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "host")},
        )
        found = other.getresponse()
        content = found.read()
        other.close()
        self.send_response_only(found.status, found.reason)
        for name, value in found.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        length = found.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content[:at_most])
        if at_most is not None and len(content) > at_most:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def say(self, status: int, content: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *words: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *words: object) -> None:
        """Nothing is said of clients that hang up."""


if __name__ == "__main__":
    Handler.behind, Handler.folder = sys.argv[1], Path(sys.argv[2])
    server = Server(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
