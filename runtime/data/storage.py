"""Files in an object store: s3://bucket/key, gs://bucket/key or az://container/key.

Where the store is and who asks is told by the environment, as the store's own tools read it, and never written down.
A request that fails is repeated after a pause that grows, three times at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from ..errors import Mistake
from . import stores


@dataclass(frozen=True, order=True)
class Remote:
    """One file of an object store, that can be opened as a Path can."""

    url: str

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.url.rpartition("/")[2]

    def __str__(self) -> str:
        return self.url

    def open(self, mode: str = "rb") -> BinaryIO:
        """The bytes, fetched as they are read.

        Raises OSError when it is not there or may not be read.
        """
        with _asking():
            return cast(BinaryIO, stores.filesystem(self.url).open_input_file(_key(self.url)))

    def stamp(self) -> str:
        """What changes when its content does: its size in bytes, and when it was written.

        Raises OSError when it may not be asked for, FileNotFoundError when it is not there.
        """
        with _asking():
            info = stores.filesystem(self.url).get_file_info(_key(self.url))
        if not info.is_file:
            raise FileNotFoundError(self.url)
        return f"{info.size} bytes, written {info.mtime.isoformat() if info.mtime else 'at an unknown time'}"


def is_remote(name: str) -> bool:
    """Does a path name an object store?"""
    return name.startswith(stores.SCHEMES)


def matching(pattern: str, expression: re.Pattern[str]) -> list[Remote]:
    """The files whose key the expression fits, sorted; the listing starts at the last folder without a wildcard.

    Raises OSError when the bucket is not there or may not be listed.
    """
    from pyarrow import fs

    scheme, key = stores.scheme(pattern), _key(pattern)
    folder = re.split(r"[*?\[]", key, maxsplit=1)[0].rpartition("/")[0]
    with _asking():
        store = stores.filesystem(pattern)
        found = store.get_file_info(fs.FileSelector(folder, recursive=True, allow_not_found=True))
        if not found and store.get_file_info(key.partition("/")[0]).type == fs.FileType.NotFound:
            raise FileNotFoundError(pattern)
    return sorted(
        Remote(scheme + info.path) for info in found if info.is_file and expression.fullmatch(scheme + info.path)
    )


def is_folder(url: str) -> bool:
    """Is there any file in a folder?

    Raises OSError when it may not be asked for.
    """
    from pyarrow import fs

    with _asking():
        return bool(stores.filesystem(url).get_file_info(_key(url)).type == fs.FileType.Directory)


def inside(folder: str, ending: str) -> list[Remote]:
    """The files in a folder whose names end so, sorted.

    Raises OSError when the bucket is not there or may not be listed.
    """
    return matching(f"{folder}/*{ending}", re.compile(re.escape(f"{folder}/") + ".*" + re.escape(ending)))


def options(url: str) -> dict[str, Any]:
    """What polars and deltalake have to be told of a store beyond what they find in the environment themselves.

    Raises Mistake where the environment lacks what the store cannot do without.
    """
    return stores.store(url).options()


@contextmanager
def _asking() -> Iterator[None]:
    """While a store is asked: whatever pyarrow raises becomes an OSError, as most of it is."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise OSError(str(error)) from None


def iceberg(url: str | None) -> dict[str, str]:
    """What pyiceberg has to be told of the store that a table is in; None: of every store that the environment tells of.

    Raises Mistake where the environment lacks what the store cannot do without.
    """
    if url is not None:
        return stores.store(url).iceberg() if is_remote(url) else {}
    told: dict[str, str] = {}
    for scheme in stores.SCHEMES:
        with suppress(Mistake):
            told |= stores.store(scheme).iceberg()
    return told


def _key(url: str) -> str:
    return url[url.index("://") + 3 :]
