"""Rows from databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr, field_validator, model_validator

from ...errors import Mistake, Problem, listed
from ...form import EnvironmentVariable
from .. import content, query
from ..blocks import lazily
from ..column import AnyColumn
from ..connection import connection, without_secrets
from ..databases import Database, Patience, opened, quoted
from ..source import Source

if TYPE_CHECKING:
    import polars as pl


class Sql(Source):
    """Rows of a table or a query of a database, which is only ever read. It needs the extra "sql".

    PostgreSQL, SQLite and DuckDB are read as Arrow; any other by SQLAlchemy, which is slower. A run remembers the query
    and a hash of all rows, for which they are read once more; without ORDER BY the order of rows, and so the run, may differ.
    """

    kind: Literal["sql"]
    connection_env: EnvironmentVariable
    """The environment variable that holds the address: postgresql://user:password@host/database, sqlite:///data/crm.db,
    duckdb:///data/crm.duckdb, or another of SQLAlchemy. Its value is never shown and never saved."""
    query: Annotated[StrictStr, Field(min_length=1)] | None = None
    """One statement that reads: select …"""
    table: Annotated[StrictStr, Field(min_length=1)] | None = None
    """The table, in place of a query; after its schema and a point, if it has one: crm.contracts."""
    timeout: Annotated[StrictInt, Field(ge=1)] = 30
    """Seconds to wait for a connection, and for a network that has fallen silent."""
    query_timeout: Annotated[StrictInt, Field(ge=1)] | None = None
    """Seconds that the query may take in PostgreSQL; null: as long as it wants."""
    retries: Annotated[StrictInt, Field(ge=0, le=10)] = 3
    """How often connecting is tried again, each time after twice the pause."""

    @field_validator("query")
    @classmethod
    def _reads(cls, text: str | None) -> str | None:
        if text is not None and (fault := query.fault(text)) is not None:
            raise ValueError(f"the query is refused: {fault}")
        return text

    @model_validator(mode="after")
    def _one_of_both(self) -> Sql:
        if (self.query is None) == (self.table is None):
            raise ValueError("write either a query or a table")
        return self

    def columns(self, root: Path) -> list[str]:
        """The names that the database gives.

        Raises Mistake when it cannot be reached, refuses the query, or a name is there twice.
        """
        with self._told():
            names = self._database(root).names(self._statement)
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            quotes = listed((f'"{name}"' for name in twice), "and")
            what = f"gives {quotes} more than once."
            raise Mistake(Problem(what, (self._key,), hint="Name one of them otherwise: select … as …"))
        return names

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns, as the rows come from the database.

        Raises Mistake, when it is collected too, when the database cannot be reached, goes away or refuses the query.
        """
        self.columns(root)
        with self._told():
            database = self._database(root)
            schema = database.schema(self._statement, [*wanted])
        return lazily(schema, lambda names: self._blocks(database, schema, names))

    def snapshot(self, root: Path) -> dict[str, str]:
        """The query, and the hash of all rows that it gives today.

        Raises Mistake as `scan` does.
        """
        return {"query": self._statement, "rows": content.fingerprint(self, root)}

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write the frame into a SQLite file, whose address is set in the environment."""
        import os
        import sqlite3
        from contextlib import closing

        text = frame.with_columns(_as_text(frame))
        with closing(sqlite3.connect(folder / "example.db")) as database, database:
            database.execute("DROP TABLE IF EXISTS rows")
            database.execute(f"CREATE TABLE rows ({', '.join(map(quoted, frame.columns))})")
            marks = ", ".join("?" * frame.width)
            database.executemany(f"INSERT INTO rows VALUES ({marks})", text.rows())  # noqa: S608  only question marks
        os.environ["OVERTURE_EXAMPLE_DATABASE"] = f"sqlite:///{folder / 'example.db'}"
        return {"kind": "sql", "connection_env": "OVERTURE_EXAMPLE_DATABASE", "table": "rows"}

    @property
    def _key(self) -> str:
        return "query" if self.query is not None else "table"

    @property
    def _statement(self) -> str:
        if self.query is not None:
            return query.statement(self.query)
        assert self.table is not None
        return f"SELECT * FROM {'.'.join(quoted(part) for part in self.table.split('.'))}"  # noqa: S608  quoted names

    def _database(self, root: Path) -> Database:
        address = connection(self.connection_env)
        return opened(address, root, Patience(self.timeout, self.query_timeout, self.retries))

    def _blocks(self, database: Database, schema: dict[str, pl.DataType], names: list[str]) -> Iterator[pl.DataFrame]:
        rows = 0
        try:
            for block in database.blocks(self._statement, schema, names):
                rows += block.height
                yield block
        except database.faults as error:
            raise self._fault(error, rows) from None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """While a database is asked: what its driver says becomes a Mistake."""
        try:
            yield
        except Mistake:
            raise
        except Exception as error:  # each driver has errors of its own
            raise self._fault(error) from None

    def _fault(self, error: Exception, rows: int = 0) -> Mistake:
        said = without_secrets(_first(error), connection(self.connection_env))
        after = f" after {rows:,} rows" if rows else ""
        if _is_about_connection(error):
            gone = rows > 0 or _is_gone(error)
            hint = (
                "Nothing was kept of what had been read; run it again."
                if gone
                else "Is it running, and is the address right?"
            )
            what = f"the database {'went away' if gone else 'cannot be reached'}{after}: {said}."
            return Mistake(Problem(what, ("connection_env",), hint=hint))
        return Mistake(Problem(f"the database refuses it{after}: {said}.", (self._key,)))


def _is_gone(error: Exception) -> bool:
    """Was there a connection, that has broken off?"""
    import re

    return (
        re.search(r"PQgetCopyData|closed the connection|terminating connection|lost connection", str(error), re.I)
        is not None
    )


def _is_about_connection(error: Exception) -> bool:
    import re

    signs = (
        r"connection (?:to server|refused|failed)|server closed|terminat(?:ed|ing)|could not (?:connect|translate)|timed? ?out expired|"
        r"reset by peer|broken pipe|password authentication|no pg_hba|does not exist.*database|database .* does not exist|"
        r"SSL |lost connection|can't connect|unable to open|no connection|failed to connect|Failed to connect|EOF detected"
    )
    return re.search(signs, str(error), re.IGNORECASE) is not None


def _first(error: Exception) -> str:
    """What a driver says, in one line without its own name."""
    import re

    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if text.rstrip().endswith(":") and len(lines) > 1:
        text = f"{text} {lines[1]}"
    return re.sub(r"^(?:INVALID_ARGUMENT|IO|INTERNAL|UNKNOWN|NOT_FOUND|\[\w+\]|[A-Z][a-z]+ Error):\s*", "", text)[
        :300
    ].rstrip(". ")


def _as_text(frame: pl.DataFrame) -> list[pl.Expr]:
    """What SQLite has no type for, as text."""
    import polars.selectors as cs

    moments = cs.datetime().dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
    return [moments, cs.date().cast(str), cs.boolean().cast(str)]
