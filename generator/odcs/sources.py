"""The servers of a contract as the sources of a data set."""

from __future__ import annotations

import re
from typing import Any

from . import left

_FORMATS = {"csv": "csv", "parquet": "parquet", "json": "jsonl", "delta": "delta"}
_DATABASES = {"postgres", "postgresql", "duckdb", "mysql", "oracle", "sqlserver", "snowflake", "redshift", "bigquery"}


def sources_of(contract: Any, table: Any, notes: list[str]) -> dict[str, Any]:
    """The key `sources`: of the first server that overture can read; without one, its path has still to be written.

    Addresses of databases are named by a variable and never written down.
    """
    servers = contract.servers or []
    name = re.sub(r"\W+", "_", table.name or "rows")
    for server in servers:
        if (made := _of(server, table, name)) is not None:
            notes += [f"servers.{it.server}: only one can be the source" for it in servers if it is not server]
            known = {"server", "type", "path", "location", "format", "delimiter", "encoding", "schema_"}
            notes += left(server, known, f"servers.{server.server}.")
            return {"sources": {name: made}}
    notes += [f"servers.{it.server}: of type {it.type}, which is no source" for it in servers]
    notes.append("sources: the contract does not say where the rows are; write the path in place of ???")
    return {"sources": {name: {"kind": "csv", "path": "???"}}}


def _of(server: Any, table: Any, name: str) -> dict[str, Any] | None:
    path, kind = server.location or server.path, _FORMATS.get((server.format or "").lower())
    if path and kind is None:
        kind = next((it for ending, it in _FORMATS.items() if f".{ending}" in path), None)
    if path and kind:
        made = {"kind": kind, "path": path}
        if kind == "csv" and server.delimiter:
            made["delimiter"] = server.delimiter
        return made | ({"encoding": server.encoding} if kind == "csv" and server.encoding else {})
    if (server.type or "").lower() in _DATABASES:
        physical = table.physicalName or table.name
        return {
            "kind": "sql",
            "connection_env": f"{(server.server or name).upper().replace('-', '_')}_DATABASE",
            "table": f"{server.schema_}.{physical}" if server.schema_ else physical,
        }
    return None
