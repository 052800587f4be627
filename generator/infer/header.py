"""Does the first row of a file name its columns, or is it a row like the others?"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*\Z")


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Weigh the first row against the rows below, column by column.

    Against a header: a number where numbers stand below, a word that stands again below. For one: a word above numbers, a word
    that is never met again where few words are used. Numbers that only count (0, 1, 2, …) are names that a program gave.
    A doubtful file has a header, as most files do.

    assert has_header([["age", "job"], ["39", "clerk"], ["50", "clerk"]])
    assert not has_header([["39", "clerk"], ["50", "clerk"], ["38", "clerk"]])
    """
    first, below = rows[0], rows[1:500]
    if not below or _counts(first):
        return True
    weights = [_weight(cell.strip(), [row[i].strip() for row in below if i < len(row)]) for i, cell in enumerate(first)]
    return sum(weights) >= 0


def _counts(first: Sequence[str]) -> bool:
    """Is every column, but perhaps the first, called by its number or its year?"""
    names = list(first) if _NUMBER.match(first[0]) else list(first[1:])
    if len(names) < 2 or not names[0].strip().isdecimal():
        return False
    start = int(names[0])
    usual = start in (0, 1) or 1900 <= start <= 2100
    return usual and [name.strip() for name in names] == [str(start + i) for i in range(len(names))]


def _weight(cell: str, below: list[str]) -> int:
    """1 for a header, -1 against, 0 where a column tells nothing."""
    filled = [word for word in below if word]
    if not cell or not filled:
        return 0
    numeric = sum(bool(_NUMBER.match(word)) for word in filled) > 0.5 * len(filled)
    if numeric:
        return -1 if _NUMBER.match(cell) else 2
    if cell in filled:
        return -1
    return 1 if len(set(filled)) <= max(len(filled) / 2, 1) else 0
