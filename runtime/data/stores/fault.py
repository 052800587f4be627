"""What an object store, or the network before it, says, told to the person who wrote the path."""

from __future__ import annotations

import re

from ...errors import Problem
from . import store

_NUMBER = r"(?<![\d.:/-]){}(?![\d.])(?!\s*m?s\b)"  # a status, and neither a duration nor a part of a name
_UNKNOWN = (
    r"AuthenticationException|OAuth2 access token|[Nn]o credentials|NoCredentials|token request|"
    r"Unable to (?:load|locate) credentials|default credentials|InvalidGrant|CredentialUnavailable"
)
_DENIED = (
    r"ACCESS_DENIED|INVALID_ACCESS_KEY|INVALID_CLIENT_TOKEN|SIGNATURE_DOES_NOT_MATCH|Forbidden|Access ?Denied|Unauthorized|"
    r"Unauthenticated|UNAUTHENTICATED|PERMISSION_DENIED|AuthenticationFailed|AuthorizationFailure|necessary privileges|"
    rf"{_NUMBER.format('40[13]')}"
)
_ABSENT = rf"NO_SUCH_BUCKET|NoSuchBucket|NO_SUCH_KEY|NoSuchKey|ContainerNotFound|BlobNotFound|[Nn]ot found|{_NUMBER.format('404')}"
_NETWORK = {
    r"[Pp]artial file|bytes missing|body error|closed before|returned nothing|Empty reply|receiving data from the peer|reset by peer|closed file": (
        "the connection broke off, each time it was tried",
        "Nothing was kept of what had been read; run it again.",
    ),
    r"time-?d? ?out|Timeout|DEADLINE_EXCEEDED|too slow": (
        "the store did not answer in time, each time it was asked",
        "Look at the network and at the endpoint in the environment.",
    ),
    r"[Cc]ould ?n[o']t connect|connect error|[Cc]onnection refused|[Cc]ould ?n[o']t resolve|dns error|\(Connect\)": (
        "there is no connection to the store",
        "Look at the network and at the endpoint in the environment.",
    ),
    rf"SLOW_DOWN|SlowDown|SERVICE_UNAVAILABLE|Service Unavailable|Too Many Requests|INTERNAL_FAILURE|UNAVAILABLE|{_NUMBER.format('(?:429|50[0-4])')}": (
        "the store is busy, each time it was asked",
        "Run it again later.",
    ),
}


def fault(url: str, error: Exception, path: tuple[str, ...]) -> Problem:
    """What is wrong with an address, as far as the error of a library tells.

    path: the key that holds the address.
    """
    text, bucket = _plain(error), url.split("://", 1)[1].partition("/")[0]
    if re.search(_UNKNOWN, text):
        return Problem(f"{url} may not be read: no credentials were found.", path, hint=store(url).credentials)
    if isinstance(error, PermissionError) or re.search(_DENIED, text):
        return Problem(f"{url} may not be read: {bucket} denies access.", path, hint=store(url).credentials)
    if isinstance(error, FileNotFoundError) or re.search(_ABSENT, text):
        hint = f"Is {bucket} the right place, and are endpoint and region in the environment its own?"
        return Problem(f"there is no {url}.", path, hint=hint)
    for signs, (what, hint) in _NETWORK.items():
        if re.search(signs, text):
            return Problem(f"{url} cannot be read: {what}.", path, hint=hint)
    hint = "Look at the network, and at endpoint, region and credentials in the environment."
    return Problem(f"{url} cannot be read: {text[:200].rstrip('. ')}.", path, hint=hint)


def is_of_store(error: Exception) -> bool:
    """Does an error come from the store, rather than from what a file in it holds?"""
    if isinstance(error, PermissionError | TimeoutError | ConnectionError):
        return True
    signs = r"object-store error|Generic (?:S3|GCS|MicrosoftAzure) error|AWS Error|google::cloud|Azure Error|lacked the necessary privileges"
    return re.search(signs, str(error)) is not None


def _plain(error: Exception) -> str:
    """All an error says in one line, without colours and arrows, and without addresses, in which any word may stand."""
    text = re.sub(r"\x1b\[[0-9;]*m|↳", " ", str(error))
    return " ".join(re.sub(r"\(path: [^)]*\)|\w+://[^\s'\"]+|'[^']*'", " ", text).split())
