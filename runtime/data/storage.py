"""Files in an object store: s3://bucket/key, gs://bucket/key or az://container/key.

Where the store is and who asks is told by the environment, as the store's own tools read it, and never written down:
AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID …; GOOGLE_APPLICATION_CREDENTIALS; AZURE_STORAGE_ACCOUNT_NAME,
AZURE_STORAGE_ACCOUNT_KEY. A request that fails is repeated after a pause that grows, three times at most.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, cast

from ..errors import Mistake, Problem

SCHEMES = ("s3://", "gs://", "az://")
_CONNECT, _ANSWER, _TRIES = 10, 60, 4  # seconds, seconds, times


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
        return cast(BinaryIO, _store(_scheme(self.url)).open_input_file(_key(self.url)))

    def stamp(self) -> str:
        """What changes when its content does: its size in bytes, and when it was written.

        Raises OSError when it may not be asked for, FileNotFoundError when it is not there.
        """
        info = _store(_scheme(self.url)).get_file_info(_key(self.url))
        if not info.is_file:
            raise FileNotFoundError(self.url)
        return f"{info.size} bytes, written {info.mtime.isoformat() if info.mtime else 'at an unknown time'}"


def is_remote(name: str) -> bool:
    """Does a path name an object store?"""
    return name.startswith(SCHEMES)


def matching(pattern: str, expression: re.Pattern[str]) -> list[Remote]:
    """The files whose key the expression fits, sorted; the listing starts at the last folder without a wildcard.

    Raises OSError when the bucket is not there or may not be listed.
    """
    from pyarrow import fs

    scheme, key = _scheme(pattern), _key(pattern)
    folder = re.split(r"[*?\[]", key, maxsplit=1)[0].rpartition("/")[0]
    found = _store(scheme).get_file_info(fs.FileSelector(folder, recursive=True, allow_not_found=True))
    return sorted(
        Remote(scheme + info.path) for info in found if info.is_file and expression.fullmatch(scheme + info.path)
    )


def inside(folder: str, ending: str) -> list[Remote]:
    """The files in a folder whose names end so, sorted.

    Raises OSError when the bucket is not there or may not be listed.
    """
    return matching(f"{folder}/*{ending}", re.compile(re.escape(f"{folder}/") + ".*" + re.escape(ending)))


def fault(url: str, error: Exception, path: tuple[str, ...]) -> Problem:
    """What an object store says, told to the person who wrote the path."""
    text, bucket = str(error), _key(url).partition("/")[0]
    denied = isinstance(error, PermissionError) or re.search(
        r"ACCESS_DENIED|INVALID_ACCESS_KEY|SIGNATURE_DOES_NOT_MATCH|40[13]|[Ff]orbidden|Access ?Denied|Unauthenticated",
        text,
    )
    if denied:
        hint = "Do the credentials in the environment allow to list and read it?"
        return Problem(f"{url} may not be read: {bucket} denies access.", path, hint=hint)
    if isinstance(error, FileNotFoundError) or re.search(
        r"NO_SUCH_BUCKET|NoSuchBucket|NO_SUCH_KEY|404|[Nn]ot found", text
    ):
        return Problem(
            f"there is no {url}.", path, hint=f"Is {bucket} the right place, and its region or endpoint set?"
        )
    hint = "Look at the network, and at region, endpoint and credentials in the environment."
    return Problem(f"{url} cannot be read: {(text.splitlines() or [''])[0][:200].rstrip('.')}.", path, hint=hint)


def options(url: str) -> dict[str, Any]:
    """What polars has to be told of a store beyond what it finds in the environment itself."""
    found = {"max_retries": _TRIES - 1, "connect_timeout": f"{_CONNECT}s", "timeout": f"{_ANSWER}s"}
    if _scheme(url) == "s3://" and (endpoint := _endpoint()) is not None:
        found |= {"aws_endpoint_url": endpoint, "aws_allow_http": str(endpoint.startswith("http://")).lower()}
        found |= {"aws_region": _region() or "us-east-1"}
    return found


def iceberg_options() -> dict[str, str]:
    """What pyiceberg has to be told of an S3 store beyond what it finds in the environment itself."""
    known = {"s3.endpoint": _endpoint(), "s3.region": _region()}
    return {name: value for name, value in known.items() if value is not None}


def _scheme(url: str) -> str:
    return url[: url.index("://") + 3]


def _key(url: str) -> str:
    return url[url.index("://") + 3 :]


def _endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def _region() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


def _store(scheme: str) -> Any:
    """The file system of pyarrow; made anew where the environment has changed."""
    return _made(scheme, _endpoint(), _region(), os.environ.get("AWS_ACCESS_KEY_ID"))


@cache
def _made(scheme: str, endpoint: str | None, region: str | None, identity: str | None) -> Any:
    from pyarrow import fs

    if scheme == "gs://":
        return fs.GcsFileSystem()
    if scheme == "az://":
        account = os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
        if account is None:
            what = "the environment variable AZURE_STORAGE_ACCOUNT_NAME is not set."
            raise Mistake(Problem(what, ("path",), hint="It names the account that holds the container."))
        return fs.AzureFileSystem(account, account_key=os.environ.get("AZURE_STORAGE_ACCOUNT_KEY"))
    known: dict[str, Any] = {"region": region} if region else {}
    if endpoint is not None:
        protocol, _, host = endpoint.rpartition("://")
        known |= {"endpoint_override": host.rstrip("/"), "scheme": protocol or "https"}
        known.setdefault("region", "us-east-1")
    return fs.S3FileSystem(
        connect_timeout=_CONNECT,
        request_timeout=_ANSWER,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_TRIES),
        **known,
    )
