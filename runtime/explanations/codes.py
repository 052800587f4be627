"""Columns as numbers that a tree can cut, and what its cuts mean in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import classes
from ..errors import listed
from .subject import Subject

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RARE = 10
"""Rows that a label needs among the first ones to be told from other rare ones."""
NAMED = 4
"""Labels that are named; of more, how many they are."""
OTHERS = "a rare label"


@dataclass(frozen=True)
class Codes:
    """The features of some rows as numbers, missing values nan."""

    names: list[str]
    matrix: Array
    """(rows, columns)"""
    columns: list[_Column]

    @classmethod
    def of(cls, subject: Subject, first: int) -> Codes:
        """From the rows of a subject: nothing personal, no text. Labels are in the order of the error in the first rows."""
        import numpy as np

        schema, rows = subject.schema, subject.rows
        names = [name for name in subject.shown if schema.features[name].type != "text"]
        columns, coded = [], []
        for name in names:
            column, numbers = _coded(rows[name].head(first), rows[name], subject.losses[:first])
            columns.append(column)
            coded.append(numbers)
        matrix = np.column_stack(coded) if coded else np.empty((rows.height, 0))
        return cls(names, matrix, columns)

    def words(self, tree: Any, node: int) -> list[dict[str, str]]:
        """Where the rows of a leaf are: [{column, is}], in the order of the cuts."""
        ranges: dict[int, _Range] = {}
        for place, cut, below, missing_below in _path(tree, node):
            ranges.setdefault(place, _Range()).cut(cut, below, missing_below)
        return [{"column": self.names[place], "is": self.columns[place].said(found)} for place, found in ranges.items()]


@dataclass
class _Range:
    """What is left of a column after some cuts."""

    low: float = -math.inf
    high: float = math.inf
    missing: bool = True

    def cut(self, at: float, below: bool, missing_below: bool) -> None:
        if below:
            self.high = min(self.high, at)
        else:
            self.low = max(self.low, at)
        self.missing &= missing_below == below


@dataclass(frozen=True)
class _Column:
    """What the numbers of a column mean."""

    kind: str
    """number, whole, moment or label."""
    gaps: bool
    """Are values missing?"""
    labels: list[str] = field(default_factory=list)
    """By code."""
    dtype: Any = None

    def said(self, found: _Range) -> str:
        """A range in words; where every value is in it or none is, only whether it is missing."""
        words = self._labels(found) if self.kind == "label" else self._between(found)
        if not self.gaps:
            return words or "anything"
        if not words:
            return "missing" if found.missing else "not missing"
        return f"{words} or missing" if found.missing else words

    def _labels(self, found: _Range) -> str:
        inside = [label for code, label in enumerate(self.labels) if found.low < code <= found.high]
        if not inside:
            return ""
        if len(inside) == len(self.labels):
            return ""
        outside = [label for label in self.labels if label not in inside]
        if len(inside) > NAMED and len(outside) < len(inside):
            return f"not {_some(outside)}"
        return _some(inside)

    def _between(self, found: _Range) -> str:
        low, high = self._number(found.low), self._number(found.high)
        if math.isinf(found.low):
            return "" if math.isinf(found.high) else f"up to {high}"
        return f"above {low}" if math.isinf(found.high) else f"above {low}, up to {high}"

    def _number(self, value: float) -> str:
        if math.isinf(value):
            return ""
        if self.kind == "moment":
            import polars as pl

            moment = pl.Series([math.floor(value)]).cast(self.dtype)[0]
            return str(moment).split(".")[0]
        return str(math.floor(value)) if self.kind == "whole" else f"{value:.4g}"


def _coded(first: pl.Series, values: pl.Series, losses: Array) -> tuple[_Column, Array]:
    import polars as pl

    gaps, dtype = values.null_count() > 0, values.dtype
    if dtype.is_temporal():
        return _Column("moment", gaps, dtype=dtype), _numbers(values.to_physical())
    if dtype.is_numeric():
        return _Column("whole" if dtype.is_integer() else "number", gaps), _numbers(values)
    seen = pl.DataFrame({"label": first, "loss": losses}).drop_nulls("label")
    means = seen.group_by("label").agg(pl.len().alias("rows"), pl.col("loss").mean()).filter(pl.col("rows") >= RARE)
    known = means.sort("loss", "label")["label"].to_list()
    labels = [classes.text(label) for label in known]
    rest = values.is_not_null() & ~values.is_in(known)
    codes = {label: code for code, label in enumerate(known)}
    numbers = values.replace_strict(codes, default=len(known), return_dtype=pl.Float64)
    return _Column("label", gaps, [*labels, OTHERS] if rest.any() else labels), _numbers(
        pl.select(pl.when(values.is_not_null()).then(numbers)).to_series()
    )


def _numbers(values: pl.Series) -> Array:
    import polars as pl

    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _path(tree: Any, node: int) -> Iterator[tuple[int, float, bool, bool]]:
    """The cuts from the root to a leaf: the column, where, does the leaf lie below, do missing values go below."""
    parents = {int(child): (parent, True) for parent, child in enumerate(tree.children_left) if child >= 0}
    parents |= {int(child): (parent, False) for parent, child in enumerate(tree.children_right) if child >= 0}
    steps = []
    while node in parents:
        node, below = parents[node]
        steps.append((int(tree.feature[node]), float(tree.threshold[node]), below, bool(tree.missing_go_to_left[node])))
    return reversed(steps)


def _some(labels: list[str]) -> str:
    if len(labels) <= NAMED:
        return listed(labels)
    return f"{', '.join(labels[:NAMED])} or one of {len(labels) - NAMED} more"
