"""Plain rows to the matrix that Encoding.apply makes of a frame of them, to the same bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ..encoding import Label, Number
from ..quick import reader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..encoding import Encoding
    from ..schema import Schema

    Array = NDArray[np.float64]

Numbers = tuple[float, ...]
_KNOWN = {Number: {"fill", "indicator", "shift", "scale"}, Label: {"table", "native"}}


class QuickEncoding:
    """The matrix of rows that are tuples."""

    def __init__(self, parts: list[Callable[[Any], Numbers]], width: int) -> None:
        """Parts: what the columns of each input are for a plain value; width: how many columns they fill together."""
        self._parts, self._width = parts, width

    def __call__(self, rows: Sequence[tuple[Any, ...]]) -> Array:
        """(rows, width)"""
        parts = self._parts
        cells = [[cell for read, value in zip(parts, row, strict=True) for cell in read(value)] for row in rows]
        return np.array(cells, dtype=np.float64).reshape(len(rows), self._width)


def quick_encoding(encoding: Encoding, schema: Schema) -> QuickEncoding | None:
    """None where an input is text, or encoded in a way that is not known here."""
    parts = []
    for name, part in encoding.parts.items():
        read = reader(name, schema)
        if {it.name for it in fields(part)} != _KNOWN.get(type(part)):
            return None
        if isinstance(part, Label):
            parts.append(_label(part, read))
        elif isinstance(part, Number) and part.scale != 0:
            parts.append(_number(part, read))
        else:
            return None
    return QuickEncoding(parts, len(encoding.groups))


def _label(part: Label, read: Callable[[Any], Any]) -> Callable[[Any], Numbers]:
    cells = [tuple(line) for line in part.table.tolist()]
    return lambda value: cells[read(value)]  # -1, a label that was never seen, is the last line


def _number(part: Number, read: Callable[[Any], Any]) -> Callable[[Any], Numbers]:
    fill, shift, scale = (float(it) for it in (part.fill, part.shift, part.scale))
    if part.indicator:
        absent = ((fill - shift) / scale, 1.0)
        return lambda value: absent if (found := read(value)) != found else ((found - shift) / scale, 0.0)
    missing = ((fill - shift) / scale,)
    return lambda value: missing if (found := read(value)) != found else ((found - shift) / scale,)
