"""What OpenLineage calls the sources of a data set, and what there is to say of each; never an address that is secret.

a file or folder here     namespace file, name: the whole path; of a pattern, the folder before its first wildcard
an object store           namespace s3://bucket, gs://bucket or az://container, name: the rest
a database, a catalog     namespace env:CRM_DATABASE, after the variable that holds its address; name: the table, or of
                          a query the name of the source
a function, a sample      namespace python or sklearn, name: its own
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OvertureError

if TYPE_CHECKING:
    from ..data.dataset import Dataset
    from ..data.source import Source

Facet = dict[str, Any]


def names(source: Source, name: str, root: Path) -> list[tuple[str, str]]:
    """The namespace and the name of each data set that a source is.

    name: what the source is called in conf/.
    """
    found = source.model_dump(mode="json")
    written = found.get("path")
    if written:
        return [_of_path(it, root) for it in (written.values() if isinstance(written, Mapping) else [written])]
    if variable := found.get("connection_env"):
        return [(f"env:{variable}", str(found.get("table") or name))]
    return [(source.kind, str(found.get("function") or found.get("name") or name))]


def fields(dataset: Dataset, source: str, root: Path) -> list[Facet]:
    """The columns of a source that the contract describes, each with its type; of a source that joins, those that it has.

    Only files are opened for it, whose columns cost nothing to read.
    """
    columns = dataset.known_columns
    try:
        here = dataset.sources[source].columns(root) if _is_file(dataset.sources[source]) else None
    except (OvertureError, OSError):
        here = None
    if here is None:
        here = list(columns) if source == dataset.base_name and not dataset.joins else []
    return [
        {"name": name, "type": str(getattr(columns[name], "type", "")), "description": columns[name].description}
        if name in columns
        else {"name": name}
        for name in here
        if name
    ]


def version(inputs: Mapping[str, str], recorded: Mapping[str, Any]) -> str:
    """One word for the state of a source: the SHA-256 of its only file, else of all that tells its state.

    inputs: as in run.json; recorded: which of them are of the source.
    """
    keys = [*recorded.get("files", ()), *recorded.get("versions", ())]
    known = {key: inputs[key] for key in keys if key in inputs}
    if len(known) == 1 and recorded.get("files"):
        return next(iter(known.values()))
    return hashlib.sha256(json.dumps(known, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _is_file(source: Source) -> bool:
    return bool(getattr(source, "path", None))


def _of_path(written: str, root: Path) -> tuple[str, str]:
    fixed = re.split(r"[*?\[]", written, maxsplit=1)
    path = fixed[0].rpartition("/")[0] if len(fixed) > 1 else written
    scheme, mark, rest = path.partition("://")
    if mark:
        bucket, _, key = rest.partition("/")
        return f"{scheme}://{bucket}", key or "/"
    return "file", (root / path).resolve().as_posix()
