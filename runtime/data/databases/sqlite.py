"""SQLite by ADBC: a file that is opened so that it cannot be written to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..drivers import driver
from . import quoted

if TYPE_CHECKING:
    import polars as pl

_FIRST = {"String": "''", "Float64": "0.0", "Int64": "0"}


class Sqlite:
    """One SQLite file."""

    def __init__(self, file: Path) -> None:
        import pyarrow as pa

        self._dbapi = driver("adbc_driver_sqlite.dbapi", "sql")
        self._uri = f"{file.resolve().as_uri()}?mode=ro"
        self.faults: tuple[type[Exception], ...] = (self._dbapi.Error, pa.ArrowException, OSError)

    def names(self, query: str) -> list[str]:
        """The columns."""
        with self._reading() as cursor:
            cursor.execute(query)
            return [column[0] for column in cursor.description]

    def schema(self, query: str, names: list[str]) -> dict[str, pl.DataType]:
        """The type that fits all values of a column: every value has a type of its own, so all rows are looked at."""
        import polars as pl

        asked = [
            f"max(typeof({quoted(name)}) IN ('text', 'blob')), max(typeof({quoted(name)}) = 'real'), count({quoted(name)})"
            for name in names
        ]
        with self._reading() as cursor:
            cursor.execute(f"SELECT {', '.join(asked)} FROM (\n{query}\n)")  # noqa: S608  the query is the user's own
            found = cursor.fetchone()
        types: dict[str, pl.DataType] = {}
        for i, name in enumerate(names):
            text, real, count = found[3 * i : 3 * i + 3]
            types[name] = pl.String() if text or not count else pl.Float64() if real else pl.Int64()
        return types

    def blocks(self, query: str, schema: dict[str, pl.DataType], names: list[str]) -> Iterator[pl.DataFrame]:
        """The rows as they are read. A first row of our own tells the driver the types, which it takes from there."""
        import polars as pl

        first = ", ".join(f"{_FIRST[str(schema[name])]} AS {quoted(name)}" for name in names)
        columns = ", ".join(_typed(quoted(name), schema[name]) for name in names)
        with self._reading() as cursor:
            cursor.execute(f"SELECT {first} UNION ALL SELECT {columns} FROM (\n{query}\n)")  # noqa: S608  the same
            skip = 1
            for batch in cursor.fetch_record_batch():
                yield pl.DataFrame(pl.from_arrow(batch))[skip:]
                skip = 0

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with closing(self._dbapi.connect(self._uri)) as connection, closing(connection.cursor()) as cursor:
            yield cursor


def _typed(column: str, stored: pl.DataType) -> str:
    """A column in one type; numbers among text with all their digits."""
    if str(stored) == "Int64":
        return column
    if str(stored) == "Float64":
        return f"CAST({column} AS REAL)"
    return f"CASE typeof({column}) WHEN 'real' THEN printf('%!.17g', {column}) ELSE CAST({column} AS TEXT) END"
