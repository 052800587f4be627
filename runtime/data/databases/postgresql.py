"""PostgreSQL by ADBC: binary COPY into Arrow, in a transaction that is read only."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...errors import Mistake, Problem, listed
from ..drivers import driver
from . import Patience, quoted
from .volatile import volatile

if TYPE_CHECKING:
    import polars as pl

_PASSING = r"refused|timeout|timed out|starting up|too many (clients|connections)|could not translate|reset by peer|unreachable"


class PostgreSql:
    """One PostgreSQL database."""

    def __init__(self, address: str, patience: Patience) -> None:
        import pyarrow as pa

        self._dbapi = driver("adbc_driver_postgresql.dbapi", "sql")
        self._address, self._patience = _patient(address, patience), patience
        self.faults: tuple[type[Exception], ...] = (self._dbapi.Error, pa.ArrowException, OSError)

    def names(self, query: str) -> list[str]:
        """The columns, which the database tells without running the query."""
        return [field.name for field in self._schema(query)]

    def schema(self, query: str, names: list[str]) -> dict[str, pl.DataType]:
        """Arrow's types; text for all that Arrow has no type for, as numeric and uuid."""
        import polars as pl

        fields = {field.name: field.type for field in self._schema(query)}
        plain = {name: pl.Series(_empty(fields[name])).dtype for name in names if _is_plain(fields[name])}
        return {name: plain.get(name, pl.String()) for name in names}

    def blocks(self, query: str, schema: dict[str, pl.DataType], names: list[str]) -> Iterator[pl.DataFrame]:
        """The rows as they come over the network."""
        import polars as pl

        text = {name for name, stored in schema.items() if stored == pl.String}
        columns = ", ".join(f"{quoted(name)}::text" if name in text else quoted(name) for name in names)
        with self._reading() as cursor:
            cursor.execute(f"SELECT {columns} FROM (\n{query}\n) AS rows")  # noqa: S608  the query is the user's own
            for batch in cursor.fetch_record_batch():
                frame = pl.DataFrame(pl.from_arrow(batch))
                frame.columns = names
                yield frame

    def _schema(self, query: str) -> Any:
        with self._reading() as cursor:
            fields = cursor.adbc_execute_schema(query)
            if found := volatile(cursor, query):
                raise Mistake(_refused(found))
            return fields

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with closing(self._connected()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL synchronize_seqscans = off")
            if self._patience.query is not None:
                cursor.execute(f"SET LOCAL statement_timeout = {self._patience.query * 1000}")
            yield cursor

    def _connected(self) -> Any:
        for again in range(self._patience.retries + 1):
            try:
                return self._dbapi.connect(self._address)
            except self._dbapi.Error as error:
                if again == self._patience.retries or not re.search(_PASSING, str(error)):
                    raise
                time.sleep(0.5 * 2**again)
        raise AssertionError("the last try raises")


def _refused(names: list[str]) -> Problem:
    what = f"the query is refused: the database says of {listed(names, 'and')} that more may happen than reading."
    hint = f"If it only reads, tell the database so: ALTER FUNCTION {names[0]} STABLE"
    return Problem(what, ("query",), hint=hint)


def _patient(address: str, patience: Patience) -> str:
    """The address with what libpq has to know to give up on a silent network."""
    parts = urlsplit(address)
    usual = {
        "connect_timeout": str(patience.connect),
        "keepalives_idle": str(patience.connect),
        "tcp_user_timeout": str(patience.connect * 1000),
        "application_name": "overture",
    }
    query = urlencode({**usual, **dict(parse_qsl(parts.query, keep_blank_values=True))})
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def _is_plain(stored: Any) -> bool:
    """Does polars hold values of an Arrow type as they are?"""
    import pyarrow as pa

    types = pa.types
    return bool(
        types.is_boolean(stored)
        or types.is_integer(stored)
        or types.is_floating(stored)
        or types.is_date(stored)
        or types.is_timestamp(stored)
        or types.is_string(stored)
    )


def _empty(stored: Any) -> Any:
    import pyarrow as pa

    return pa.array([], stored)
