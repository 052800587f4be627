"""The databases that a query can be put to, one file each; none of them is ever written to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...errors import Mistake, Problem

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Patience:
    """How long to wait for a database."""

    connect: int
    """Seconds to wait for a connection, and for a network that has fallen silent."""
    query: int | None
    """Seconds that a query may take; None: as long as it wants."""
    retries: int
    """How often connecting is tried again."""


class Database(Protocol):
    """One database. Every method raises what its driver raises, which `faults` names."""

    faults: tuple[type[Exception], ...]

    def names(self, query: str) -> list[str]:
        """The columns of what a query gives, in their order."""

    def schema(self, query: str, names: list[str]) -> dict[str, pl.DataType]:
        """The types in which `blocks` gives these columns."""

    def blocks(self, query: str, schema: dict[str, pl.DataType], names: list[str]) -> Iterator[pl.DataFrame]:
        """Some columns of all rows, some rows at a time, in a transaction that cannot write."""


def opened(address: str, root: Path, patience: Patience) -> Database:
    """The database at an address: postgresql://…, sqlite:///file, duckdb:///file, or any other that SQLAlchemy knows.

    Raises Mistake when a driver is missing, or when there is no such file.
    """
    scheme, _, rest = address.partition("://")
    if not rest:
        what = "the address must begin as postgresql://, sqlite:///, duckdb:/// or another of SQLAlchemy does."
        raise Mistake(Problem(what, ("connection_env",)))
    if scheme in ("postgresql", "postgres"):
        from .postgresql import PostgreSql

        return PostgreSql(address, patience)
    if scheme in ("sqlite", "duckdb"):
        file = root / rest.partition("?")[0].removeprefix("/")
        if not file.is_file():
            raise Mistake(Problem(f"the {scheme} file that it names is not there.", ("connection_env",), hint=_SLASHES))
        if scheme == "sqlite":
            from .sqlite import Sqlite

            return Sqlite(file)
        from .duckdb import DuckDb

        return DuckDb(file)
    from .sqlalchemy import SqlAlchemy

    return SqlAlchemy(address, patience)


_SLASHES = "After sqlite:/// or duckdb:/// comes a path from the project folder; a fourth / makes it absolute."


def quoted(name: str) -> str:
    """A name as standard SQL writes it.

    assert quoted('a"b') == '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'
