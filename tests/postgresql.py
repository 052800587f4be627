"""A PostgreSQL server on loopback, from Debian's package, that lives as long as a test."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Server:
    """One server with the user "overture", who needs no password."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"postgresql://overture:s3cret@127.0.0.1:{self.port}/postgres"

    def run(self, *statements: str) -> None:
        import adbc_driver_postgresql.dbapi as dbapi

        with dbapi.connect(self.address, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()


@contextmanager
def running() -> Iterator[Server]:
    """A server that is ready; the test is skipped where there is no program or no user for it."""
    bin = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda it: int(it.parent.name))
    other = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    if bin is None or not (bin / "initdb").is_file() or (other and other not in {it.pw_name for it in pwd.getpwall()}):
        pytest.skip("PostgreSQL, as Debian packages it, is not installed")
    folder = Path(tempfile.mkdtemp(prefix="overture-postgresql-"))
    if other:
        shutil.chown(folder, other)
    options = {"user": other, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = None
    try:
        made = [
            bin / "initdb",
            "-D",
            folder / "data",
            "-A",
            "trust",
            "-U",
            "overture",
            "-N",
            "--locale=C",
            "-E",
            "UTF8",
        ]
        subprocess.run(made, check=True, **options)  # type: ignore[call-overload]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = [bin / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder, "-h", "127.0.0.1", "-F"]
        server = Server(port, subprocess.Popen(words, **options))  # type: ignore[call-overload]
        _wait(server)
        yield server
    finally:
        if server is not None and server.process.poll() is None:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: Server) -> None:
    for _ in range(300):
        try:
            server.run("SELECT 1")
        except Exception:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL does not start")
