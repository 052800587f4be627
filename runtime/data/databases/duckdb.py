"""DuckDB files: opened so that they cannot be written to, read as Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..drivers import driver
from . import quoted

if TYPE_CHECKING:
    import polars as pl

_ROWS = 1 << 16  # of a block


class DuckDb:
    """One DuckDB file."""

    def __init__(self, file: Path) -> None:
        self._duckdb = driver("duckdb", "sql")
        self._file = file
        self.faults: tuple[type[Exception], ...] = (self._duckdb.Error, OSError)

    def names(self, query: str) -> list[str]:
        """The columns, which the database tells without running the query."""
        with closing(self._connected()) as connection:
            return list(connection.sql(query).columns)

    def schema(self, query: str, names: list[str]) -> dict[str, pl.DataType]:
        """Arrow's types; text where polars has no like."""
        import polars as pl

        with closing(self._connected()) as connection:
            relation = connection.sql(query)
            types = dict(zip(relation.columns, (str(it) for it in relation.types), strict=True))
            plain = [name for name in names if types[name] in _PLAIN or types[name].startswith("DECIMAL")]
            columns = ", ".join(map(quoted, plain)) or "1"
            empty = connection.sql(f"SELECT {columns} FROM (\n{query}\n) LIMIT 0").to_arrow_table()  # noqa: S608  the query is the user's own
        found = pl.DataFrame(pl.from_arrow(empty)).schema
        return {name: found.get(name, pl.String()) for name in names}

    def blocks(self, query: str, schema: dict[str, pl.DataType], names: list[str]) -> Iterator[pl.DataFrame]:
        """The rows as they are computed, in their order."""
        import polars as pl

        columns = ", ".join(
            f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" if schema[name] == pl.String else quoted(name)
            for name in names
        )
        with closing(self._connected()) as connection:
            rows = connection.sql(f"SELECT {columns} FROM (\n{query}\n)").to_arrow_reader(_ROWS)  # noqa: S608  the same
            for batch in rows:
                yield pl.DataFrame(pl.from_arrow(batch))

    def _connected(self) -> Any:
        settings = {"enable_external_access": "false", "autoinstall_known_extensions": "false"}
        return self._duckdb.connect(str(self._file), read_only=True, config=settings)


_PLAIN = {
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("FLOAT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    "TIMESTAMP WITH TIME ZONE",
}
