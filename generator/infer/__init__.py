"""From a table of data to a configuration: types, ranges, labels, missing markers, keys, and what deserves an eye."""

from __future__ import annotations

from pathlib import Path


def candidates(data: Path, header: tuple[str, ...] | None = None) -> list[str]:
    """The columns that could be predicted, the best guesses first: names that say so, then the last column.

    Raises Mistake when the file cannot be read.
    """
    from .layout import layout
    from .table import fitting
    from .words import tokens

    usual = {"target", "label", "class", "y", "outcome", "response", "churn", "survived", "default", "price"}
    columns = [name for name in layout(fitting(data)[0], header).columns if name]
    return sorted(columns, key=lambda name: (usual.isdisjoint(tokens(name)), name != columns[-1]))
