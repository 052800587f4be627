"""The hash of a row, written the slow and obvious way from its specification."""

from __future__ import annotations

import datetime as dt
import math
import struct
from typing import Any

WORD = (1 << 64) - 1
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def fold(h: int, w: int) -> int:
    z = ((h ^ (w & WORD)) + 0x9E3779B97F4A7C15) & WORD
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & WORD
    z = (z ^ z >> 27) * 0x94D049BB133111EB & WORD
    return z ^ z >> 31


def words(value: Any) -> list[int]:
    """The table of the docstring, kind first, written the slow and obvious way."""
    if value is None:
        return [0]
    if isinstance(value, bool):
        return [3, int(value)]
    if isinstance(value, float) and not (value.is_integer() and -(2**63) <= value < 2**63):
        return [2, 0x7FF8000000000000 if math.isnan(value) else struct.unpack("<Q", struct.pack("<d", value))[0]]
    if isinstance(value, int | float):
        return [1, int(value)]
    if isinstance(value, str):
        data = value.encode()
        eights = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]
        return [4, len(data), *eights]
    if isinstance(value, dt.datetime):
        return [6, (value - EPOCH) // dt.timedelta(microseconds=1)]
    return [5, (value - EPOCH.date()).days]


def slow(row: tuple[Any, ...], seed: int) -> int:
    state = fold(0, seed)
    for value in row:
        cell = 0
        for word in words(value):
            cell = fold(cell, word)
        state = fold(state, cell)
    return state


def position(row: tuple[Any, ...], seed: int) -> float:
    """Where a row falls in [0, 1)."""
    return (slow(row, seed) >> 11) / 2**53
