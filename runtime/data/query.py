"""What a query may be: one statement that reads."""

from __future__ import annotations

import re

_SILENT = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$",
    re.DOTALL,
)  # comments, text and quoted names
_STARTS = ("select", "with", "values", "table", "from")
_WRITES = re.compile(
    r"\b(insert\s+into|update\s+[\w.\"]+\s+(?:as\s+)?(?:\w+\s+)?set|delete\s+from|merge\s+into|replace\s+into|truncate\s+table|"
    r"(?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:temp\w*\s+)?(?:table|view|index|schema|database|function|role|user)|"
    r"into\s+(?:outfile|dumpfile)|select\b[^;]*?\binto\s+(?:temp\w*\s+|table\s+)?[\w.]+\s+from)",
    re.IGNORECASE,
)


def fault(query: str) -> str | None:
    """Why a query is not one statement that reads; None: it is one, as far as its text tells.

    The database is held to it too, by a transaction or a file that cannot be written to.

    assert fault("-- since 2020\\nSELECT a FROM t -- drop table t") is None
    assert fault("DELETE FROM t") == "it starts with delete, and a query only reads: select …"
    """
    text = bare(query).strip().rstrip("; \t\r\n")
    if not text:
        return "there is nothing in it"
    if ";" in text:
        return "it holds more than one statement"
    first = re.match(r"[(\s]*(\w*)", text)
    word = first[1].lower() if first else ""
    if word not in _STARTS:
        return f"it starts with {word or text[0]}, and a query only reads: select …"
    found = _WRITES.search(text)
    return f"it writes ({' '.join(found[0].lower().split()[:2])}), and a query only reads" if found else None


def bare(query: str, names: bool = False) -> str:
    """A query without its comments, and with an x for every text and quoted name.

    names: quoted names stay.

    assert bare("select 'a' -- b") == "select  x   "
    """

    def instead(it: re.Match[str]) -> str:
        return " " if it["comment"] else it[0] if names and it[0].startswith('"') else " x "

    return _SILENT.sub(instead, query)


def statement(query: str) -> str:
    """The query without the semicolon at its end."""
    return re.sub(r"(;\s*)+$", "", query.strip())
