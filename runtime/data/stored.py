"""The columns that a base has and how it stores them, for a comparison with another day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import listed
from .column import TextColumn
from .joins import placed

if TYPE_CHECKING:
    import polars as pl

    from .dataset import Dataset


@dataclass(frozen=True)
class Stored:
    """The columns of a base."""

    columns: Sequence[str] = ()
    """In their order."""
    kind: str = ""
    """The kind of source: types of one kind cannot be compared with those of another."""
    types: Mapping[str, str] = field(default_factory=dict)
    """How the source stores each column, as polars calls it; none where nobody compares them."""

    def changes(self, before: Stored) -> Iterator[str]:
        """What the source has lost, gained and changed since, each with the names."""
        gone = [f'"{name}"' for name in before.columns if name not in self.columns]
        new = [f'"{name}"' for name in self.columns if name not in before.columns]
        other = [
            f'"{name}" from {before.types[name]} to {type_}'
            for name, type_ in self.types.items()
            if self.kind == before.kind and before.types.get(name, type_) != type_
        ]
        for word, names in (("lost", gone), ("gained", new), ("changed", other)):
            if names:
                yield f"{word} {listed(names, 'and')}"


def stored(dataset: Dataset, root: Path, columns: Sequence[str]) -> Stored:
    """The columns of the base of a data set, with their types where `checks: previous` compares them.

    Raises Mistake when the source cannot be opened.
    """
    kind, asked = dataset.source.kind, dataset.checks.previous
    if asked is None or not asked.columns:
        return Stored(tuple(columns), kind)
    text = TextColumn(type="text")
    with placed(dataset.base_name):
        schema = dataset.source.scan(root, {name: text for name in columns if name}).collect_schema()
    return Stored(tuple(columns), kind, {name: _word(dtype) for name, dtype in schema.items()})


def _word(dtype: pl.DataType) -> str:
    """A type by its name; that text is stored once for each label, or over and over, makes no difference."""
    import polars as pl

    return "String" if isinstance(dtype, pl.Categorical | pl.Enum) else str(dtype)
