"""Google Cloud Storage: the credentials that Google's own tools find, or an emulator, as these look for it."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from ...errors import Mistake, Problem
from . import ANSWER, patience, split, variable


class Gs:
    """gs://bucket/key. STORAGE_EMULATOR_HOST names an emulator, which asks nobody who they are."""

    variables: tuple[str, ...] = ("GOOGLE_", "GCE_", "STORAGE_EMULATOR_HOST", "CLOUDSDK_")
    credentials = "Set GOOGLE_APPLICATION_CREDENTIALS to the key file of an account that may list and read it."

    def filesystem(self) -> Any:
        """With the application default credentials.

        Raises Mistake when there are none: Google's library would look for them over and over, for minutes.
        """
        from pyarrow import fs

        known: dict[str, Any] = {"retry_time_limit": dt.timedelta(seconds=ANSWER)}
        if (emulator := _emulator()) is None:
            _identified()
        else:
            protocol, host = split(emulator)
            known |= {"anonymous": True, "endpoint_override": host, "scheme": protocol}
        return fs.GcsFileSystem(**known)

    def options(self) -> dict[str, Any]:
        """The emulator, which no request to is signed for."""
        emulator = _emulator()
        if emulator is None:
            return patience()
        plain = str(split(emulator)[0] == "http").lower()
        where = {"google_base_url": emulator, "google_skip_signature": "true", "allow_http": plain}
        return {**patience(), **where}

    def iceberg(self) -> dict[str, str]:
        """The emulator, with a token that never ends, as pyiceberg asks nobody without one."""
        emulator, never = _emulator(), "253402300799000"
        token = {"gcs.oauth2.token": "any", "gcs.oauth2.token-expires-at": never}
        return {} if emulator is None else {"gcs.service.host": emulator, **token}


def _identified() -> None:
    """Are there credentials where Google's libraries look: in a file that is named, in that of gcloud, at the machine?"""
    named = variable("GOOGLE_APPLICATION_CREDENTIALS")
    if named is not None and not Path(named).is_file():
        what = "the file that the environment variable GOOGLE_APPLICATION_CREDENTIALS names is not there."
        raise Mistake(Problem(what, ("path",)))
    folder = Path(variable("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud")
    if named is None and not (folder / "application_default_credentials.json").is_file() and not _in_google_cloud():
        raise Mistake(Problem("no credentials for Google Cloud Storage were found.", ("path",), hint=Gs.credentials))


def _in_google_cloud() -> bool:
    """Does a metadata server answer, as every machine there has one?"""
    host = variable("GCE_METADATA_HOST", "GCE_METADATA_ROOT") or "metadata.google.internal"
    try:
        with closing(HTTPConnection(host, timeout=3)) as connection:
            connection.request("GET", "/", headers={"Metadata-Flavor": "Google"})
            return connection.getresponse().getheader("Metadata-Flavor") == "Google"
    except (OSError, HTTPException):
        return False


def _emulator() -> str | None:
    found = variable("STORAGE_EMULATOR_HOST")
    return found if found is None or "://" in found else f"http://{found}"
