"""Functions of PostgreSQL that may do more than read, by what the server itself says of them."""

from __future__ import annotations

import json
import re
from typing import Any

from ..query import bare

_HARMLESS = {
    *("clock_timestamp", "timeofday", "current_query", "currval", "lastval", "random", "random_normal", "setseed"),
    *("gen_random_uuid", "gen_random_bytes", "gen_salt", "uuid_generate_v1", "uuid_generate_v4", "uuidv4", "uuidv7"),
    *("pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_is_in_recovery", "pg_database_size", "pg_table_size"),
    *("pg_indexes_size", "pg_relation_size", "pg_total_relation_size", "pg_tablespace_size", "bernoulli", "system"),
}
_CALL = re.compile(r"(?:\"((?:[^\"]|\"\")+)\"|\b([A-Za-z_\x80-\uffff][\w$\x80-\uffff]*))\s*\(")


def volatile(cursor: Any, query: str) -> list[str]:
    """The functions in a query, or in the plan of it, that the server calls volatile and that are not known to be harmless.

    Those of a view stand in its plan. What a function calls inside, and functions behind operators and casts, cannot be seen.
    cursor: within the transaction that reads. Raises what the driver raises.
    """
    cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})  # EXPLAIN is none of what COPY takes
    try:
        cursor.execute(f"EXPLAIN (VERBOSE, FORMAT JSON) {query}")
        plan = json.loads(cursor.fetchone()[0])
        names = called(query) | {name for text in _texts(plan) for name in called(text)}
        listed = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(names - _HARMLESS)) or "''"
        cursor.execute(
            f"SELECT DISTINCT proname::text FROM pg_catalog.pg_proc WHERE provolatile = 'v' AND proname IN ({listed}) ORDER BY 1"  # noqa: S608  quoted names
        )
        return [row[0] for row in cursor.fetchall()]
    finally:
        cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "true"})


def called(text: str) -> set[str]:
    """The names before a parenthesis, as the server stores them, outside of text and comments.

    assert called("select Lower(a), s.\\"My f\\"(b) from t where c = 'd(1)'") == {"lower", "My f"}
    """
    found = _CALL.findall(bare(text, names=True))
    return {quoted.replace('""', '"') if quoted else plain.lower() for quoted, plain in found}


def _texts(plan: Any) -> list[str]:
    """Every text of a plan; the name of a function that gives rows as if it were called."""
    if isinstance(plan, dict):
        own = [f'"{plan["Function Name"]}"('] if "Function Name" in plan else []
        return own + [text for value in plan.values() for text in _texts(value)]
    if isinstance(plan, list):
        return [text for value in plan for text in _texts(value)]
    return [plan] if isinstance(plan, str) else []
