"""The classes of a target: which there are, which one is positive, and what probabilities say about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .schema import Class, Schema

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

FEW = 8
"""Classes up to which each is compared with every row."""
_YES = ("yes", "true", "1")


def count(target: pl.Series) -> dict[Class, int]:
    """The rows of each class, classes sorted in their own type (False before True); missing values are passed over."""
    counts = target.drop_nulls().value_counts()
    return dict(sorted(zip(counts[target.name].to_list(), counts["count"].to_list(), strict=True)))


def positive_class(counts: Mapping[Class, int]) -> Class:
    """The class whose probability is the score when nobody chose: yes, true or 1 in any spelling, else the rarer one.

    assert positive_class({"No": 3, "YES": 9}) == "YES"
    """
    yes = [label for label in counts if text(label).strip().casefold() in _YES]
    return yes[0] if len(yes) == 1 else min(reversed(list(counts)), key=lambda label: counts[label])


def text(label: Class) -> str:
    """A class as the name of its probability, in answers and columns.

    assert [text("No"), text(1), text(True)] == ["No", "1", "true"]
    """
    return str(label).lower() if isinstance(label, bool) else str(label)


def numbers(target: pl.Series, classes: list[Class]) -> NDArray[np.int64]:
    """The place of each row's class in `classes`, -1 where it is none of them. Shape (rows,)."""
    import numpy as np
    import polars as pl

    if len(classes) <= FEW:  # comparing takes a fraction of what it takes to begin looking up
        places = np.full(target.len(), -1, dtype=np.int64)
        for place, label in enumerate(classes):
            same = target == label
            places[(same.fill_null(False) if same.null_count() else same).to_numpy()] = place
        return places
    known = pl.Series(classes, dtype=target.dtype)
    found = target.replace_strict(known, np.arange(len(classes)), default=-1, return_dtype=pl.Int64)
    return found.to_numpy()


def scoring_order(schema: Schema) -> list[int]:
    """The columns of probabilities as metrics take them: in class order, but for binary the positive class last."""
    classes = schema.classes or []
    if schema.task != "binary":
        return list(range(len(classes)))
    return sorted(range(len(classes)), key=lambda place: classes[place] == schema.positive)


def decide(probabilities: NDArray[np.float64], schema: Schema, threshold: float | None = None) -> NDArray[np.int64]:
    """The place in schema.classes of each row's class: the most probable one; a binary tie is not positive. Shape (rows,).

    threshold: binary: from this probability on the positive class, whatever is more probable.
    """
    import numpy as np

    order = np.array(scoring_order(schema))
    if threshold is not None:
        return order[(probabilities[:, order[-1]] >= threshold).astype(np.int64)]
    found: NDArray[np.int64] = order[probabilities[:, order].argmax(axis=1)]
    return found
