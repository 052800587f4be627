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
    bare = _SILENT.sub(lambda it: " " if it["comment"] else " x ", query).strip().rstrip("; \t\r\n")
    if not bare:
        return "there is nothing in it"
    if ";" in bare:
        return "it holds more than one statement"
    first = re.match(r"[(\s]*(\w*)", bare)
    word = first[1].lower() if first else ""
    if word not in _STARTS:
        return f"it starts with {word or bare[0]}, and a query only reads: select …"
    found = _WRITES.search(bare)
    return f"it writes ({' '.join(found[0].lower().split()[:2])}), and a query only reads" if found else None


def statement(query: str) -> str:
    """The query without the semicolon at its end."""
    return re.sub(r"(;\s*)+$", "", query.strip())
