"""What a source that has no files and no versions holds today, as one hash."""

from __future__ import annotations

import hashlib
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


def _bytes(frame: pl.DataFrame) -> bytes:
    """The rows as text, whatever engine and layout they come from."""
    import polars as pl
    import polars.selectors as cs

    nested = [pl.struct(name).struct.json_encode().alias(name) for name in frame.select(cs.nested()).columns]
    frame = frame.with_columns(*nested, cs.binary().bin.encode("hex"))
    return frame.write_csv(include_header=False, quote_style="non_numeric", null_value="").encode()
