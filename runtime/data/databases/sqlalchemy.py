"""Any other database that SQLAlchemy has a dialect for: row by row, so slower than the others."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ...errors import Mistake, Problem
from ..drivers import driver
from . import Patience

if TYPE_CHECKING:
    import polars as pl

_ROWS = 20_000  # of a block
_READ_ONLY = {
    "mariadb": "SET TRANSACTION READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
    "postgresql": "SET TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = on",
}


class SqlAlchemy:
    """One database, by the address of its dialect and driver: mysql+pymysql://…"""

    def __init__(self, address: str, patience: Patience) -> None:
        sqlalchemy = driver("sqlalchemy", "sql")
        self._text, self._patience = sqlalchemy.text, patience
        self.faults: tuple[type[Exception], ...] = (sqlalchemy.exc.SQLAlchemyError, OSError)
        self._passing = (sqlalchemy.exc.OperationalError, sqlalchemy.exc.TimeoutError)
        try:
            self._engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool)
        except ModuleNotFoundError as error:
            hint = f"Run: pip install {error.name}"
            what = f"its address needs the package {error.name}, which is not installed."
            raise Mistake(Problem(what, ("connection_env",), hint=hint)) from None
        except sqlalchemy.exc.ArgumentError as error:
            what = f"SQLAlchemy cannot use its address: {type(error).__name__}."
            hint = (
                "Begin it as postgresql://, sqlite:///, duckdb:/// or mysql+pymysql:// do, with its driver installed."
            )
            raise Mistake(Problem(what, ("connection_env",), hint=hint)) from None

    def names(self, query: str) -> list[str]:
        """The columns."""
        with self._reading() as connection:
            return list(connection.execute(self._text(_literal(query))).keys())

    def schema(self, query: str, names: list[str]) -> dict[str, pl.DataType]:
        """Text: what a driver gives may differ from row to row."""
        import polars as pl

        return dict.fromkeys(names, pl.String())

    def blocks(self, query: str, schema: dict[str, pl.DataType], names: list[str]) -> Iterator[pl.DataFrame]:
        """The rows as the driver gives them."""
        import polars as pl

        with self._reading() as connection:
            found = connection.execution_options(stream_results=True, max_row_buffer=_ROWS).execute(
                self._text(_literal(query))
            )
            positions = [list(found.keys()).index(name) for name in names]
            for rows in found.partitions(_ROWS):
                columns = [[_written(row[i]) for row in rows] for i in positions]
                yield pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """A connection whose transaction cannot write, where the database knows such; it is rolled back in any case."""
        connection = self._connected()
        try:
            if (statement := _READ_ONLY.get(self._engine.dialect.name)) is not None:
                with connection.begin():
                    connection.exec_driver_sql(statement)
                    yield connection
                    connection.rollback()
            else:
                yield connection
        finally:
            with suppress(*self.faults):
                connection.rollback()
            connection.close()

    def _connected(self) -> Any:
        for again in range(self._patience.retries + 1):
            try:
                return self._engine.connect()
            except self._passing:
                if again == self._patience.retries:
                    raise
                time.sleep(0.5 * 2**again)
        raise AssertionError("the last try raises")


def _literal(query: str) -> str:
    """A query in which no colon starts a parameter."""
    return query.replace(":", "\\:")


def _written(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
