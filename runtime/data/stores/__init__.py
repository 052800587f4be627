"""The object stores that files can be in, one file each; where a store is and who asks, the environment alone says."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Protocol

SCHEMES = ("s3://", "gs://", "az://")
CONNECT, ANSWER, TRIES = 10, 60, 4  # seconds, seconds, times


class Store(Protocol):
    """One kind of store, as the libraries that read from it want to be told of it. Each method raises Mistake where the
    environment lacks what the store cannot do without."""

    variables: tuple[str, ...]
    """How the names of environment variables begin that tell of it."""
    credentials: str
    """What to set, so that it knows who asks."""

    def filesystem(self) -> Any:
        """A file system of pyarrow."""

    def options(self) -> dict[str, Any]:
        """What polars and deltalake have to be told beyond what they find in the environment themselves."""

    def iceberg(self) -> dict[str, str]:
        """The same for pyiceberg."""


def store(url: str) -> Store:
    """The store that an address is of: s3://bucket/key, gs://bucket/key or az://container/key."""
    match scheme(url):
        case "s3://":
            from .s3 import S3

            return S3()
        case "gs://":
            from .gs import Gs

            return Gs()
        case _:
            from .az import Az

            return Az()


def scheme(url: str) -> str:
    """The address up to the name of the bucket.

    assert scheme("s3://lake/a.csv") == "s3://"
    """
    return url[: url.index("://") + 3]


def filesystem(url: str) -> Any:
    """The file system of pyarrow that an address is in; made anew where the environment has changed.

    Raises Mistake where the environment lacks what the store cannot do without.
    """
    found = store(url)
    told = tuple(sorted(it for it in os.environ.items() if it[0].startswith(found.variables)))
    return _made(scheme(url), told)


def patience() -> dict[str, Any]:
    """How long polars and deltalake wait, and how often they ask again."""
    return {"max_retries": TRIES - 1, "connect_timeout": f"{CONNECT}s", "timeout": f"{ANSWER}s"}


def variable(*names: str) -> str | None:
    """The value of the first of these environment variables that is set."""
    return next((value for name in names if (value := os.environ.get(name, "").strip())), None)


def split(endpoint: str) -> tuple[str, str]:
    """Protocol and host of an endpoint, with its port and path.

    assert split("http://127.0.0.1:10000/lake/") == ("http", "127.0.0.1:10000/lake")
    assert split("store.example.com") == ("https", "store.example.com")
    """
    protocol, _, host = endpoint.rpartition("://")
    return protocol or "https", host.rstrip("/")


@cache
def _made(scheme: str, told: tuple[tuple[str, str], ...]) -> Any:
    return store(scheme).filesystem()
