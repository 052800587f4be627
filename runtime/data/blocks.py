"""A format that is read one part after the other, as a lazy frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def lazily(
    schema: Mapping[str, pl.DataType | type[pl.DataType]], read: Callable[[list[str]], Iterator[pl.DataFrame]]
) -> pl.LazyFrame:
    """A frame of that schema; `read` is asked for some of its columns and gives all rows of these, block by block.

    Raises what `read` raises, when it is collected.
    """
    from polars.io.plugins import register_io_source

    names = list(schema)

    # what is asked beyond the columns, the engine does itself
    def rows(
        columns: list[str] | None, predicate: pl.Expr | None, most: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = most
        asked = names if columns is None else columns or names[:1]
        used = dict.fromkeys([*asked, *(predicate.meta.root_names() if predicate is not None else ())])
        for block in read(list(used)):
            kept = (block if predicate is None else block.filter(predicate)).select(asked)
            yield kept if left is None else kept.head(left)
            left = None if left is None else left - min(left, kept.height)
            if left == 0:
                return

    return register_io_source(rows, schema=dict(schema))
