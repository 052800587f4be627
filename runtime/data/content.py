"""What rows hold, as one hash: those of a source in their order, and those of a table in any.

The content of a table is the same for the same rows, whatever file, format, order and types of storage they come from:

    row     row_hash.hashes, seed 0, over the columns in the order of their names (by code points)
    sums    the sum of row, and the sum of row * row, over all rows; unsigned 64-bit words that wrap around
    text    the names as a JSON list without blanks, the number of rows and the two sums as 16 hex digits, a line each
    content SHA-256 of the text in UTF-8

Names, values and how often a row is there count. It is no defence against someone who makes rows up so that they collide.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from .column import TextColumn

if TYPE_CHECKING:
    import polars as pl

    from .source import Source

_ROWS = 1 << 16  # rows that are hashed at a time


def fingerprint(source: Source, root: Path) -> str:
    """The SHA-256 of every row in its order, in hex; it takes one reading of all rows, and the memory of some.

    Raises Mistake when the source cannot be read.
    """
    import polars as pl

    names = [name for name in source.columns(root) if name]
    text = TextColumn(type="text", nullable=True)
    found = hashlib.sha256(repr(names).encode())
    rest: list[pl.DataFrame] = []
    with source.reading(root):
        scan = source.scan(root, dict.fromkeys(names, text))
        for block in scan.collect_batches(maintain_order=True, chunk_size=_ROWS):
            rest.append(block)
            if sum(it.height for it in rest) >= _ROWS:
                whole = pl.concat(rest)
                cut = whole.height - whole.height % _ROWS
                for part in whole[:cut].iter_slices(_ROWS):
                    found.update(_bytes(part))
                rest = [whole[cut:]]
    for block in [pl.concat(rest)] if rest else []:
        found.update(_bytes(block))
    return found.hexdigest()


def of_rows(frame: pl.DataFrame) -> str:
    """The content of a table as specified above, in hex.

    Raises TypeError for a column of a type that no contract has, as lists and structs.
    """
    import numpy as np

    from ..row_hash import hashes

    names = sorted(frame.columns)
    rows = hashes(frame.select(names), 0)
    sums = (int(rows.sum(dtype=np.uint64)), int((rows * rows).sum(dtype=np.uint64)))
    lines = [json.dumps(names, ensure_ascii=False, separators=(",", ":")), str(frame.height)]
    lines += [f"{it:016x}" for it in sums]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _bytes(frame: pl.DataFrame) -> bytes:
    """The rows as text, whatever engine and layout they come from."""
    import polars as pl
    import polars.selectors as cs

    nested = [pl.struct(name).struct.json_encode().alias(name) for name in frame.select(cs.nested()).columns]
    frame = frame.with_columns(*nested, cs.binary().bin.encode("hex"))
    return frame.write_csv(include_header=False, quote_style="non_numeric", null_value="").encode()
