"""Where sources of other places than a file are tried: object stores and a PostgreSQL server on loopback."""

from dataclasses import dataclass
from typing import Any

import pytest
from pyarrow import fs

from ....front import Front, front
from ....postgresql import running
from ....stores import STORES, bucket, environment


@dataclass
class Lake:
    """The bucket "lake" of a store that the environment leads to, by way of a front that can fail."""

    store: str
    files: Any
    """The store, past the front."""
    address: str
    """Of the store itself."""
    front: Front

    def put(self, key, content):
        with self.files.open_output_stream(f"lake/{key}", compression=None) as file:
            file.write(content)

    def put_folder(self, folder):
        for file in folder.rglob("*"):
            if file.is_file():
                self.put(file.relative_to(folder.parent).as_posix(), file.read_bytes())

    def url(self, key):
        return f"{self.store}://lake/{key}"


@pytest.fixture(scope="module", params=STORES)
def _store(request):
    with STORES[request.param]() as address, front(address) as before:
        yield request.param, address, bucket(request.param, address), before


@pytest.fixture
def lake(_store, monkeypatch):
    """A bucket without files."""
    store, address, files, before = _store
    for name, value in environment(store, before.address).items():
        monkeypatch.setenv(name, value)
    before.does("pass on")
    for it in files.get_file_info(fs.FileSelector("lake", recursive=True)):
        if it.is_file:
            files.delete_file(it.path)
    return Lake(store, files, address, before)


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL server of our own on loopback; skipped where Debian's package is not installed."""
    with running() as server:
        yield server
