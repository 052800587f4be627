"""How much each row counts when a model learns: its own weight times that of its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import classes
from .errors import Mistake, Problem

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .model import Model
    from .schema import Schema


def weights(
    model: Model, frame: pl.DataFrame, schema: Schema, counted: pl.DataFrame | None = None
) -> NDArray[np.float64] | None:
    """Of each row, shape (rows,); None where all count the same.

    counted: the rows whose classes are balanced, where they are others than `frame`: those that the model learns from.
    Raises Mistake when no row counts at all.
    """
    import polars as pl

    if schema.weight is None and model.class_weight is None:
        return None
    import numpy as np

    found = np.ones(frame.height)
    if schema.weight is not None:
        found = frame[schema.weight].cast(pl.Float64).to_numpy().copy()
    if model.class_weight is not None:
        known = schema.classes or []
        of_class = _of_classes(model, (frame if counted is None else counted)[schema.target], schema)
        found *= of_class[classes.numbers(frame[schema.target], known)]
    if not np.isfinite(found).all() or (found < 0).any() or not found.any():
        what = f"{schema.weight} must be 0 or more, and more than 0 for some row to learn from."
        raise Mistake(Problem(what, ("data", "weight")))
    return found


def _of_classes(model: Model, target: pl.Series, schema: Schema) -> NDArray[np.float64]:
    """The weight of each class, in the order of schema.classes."""
    import numpy as np

    known = schema.classes or []
    if isinstance(model.class_weight, dict):
        given = {(type(label), label): weight for label, weight in model.class_weight.items()}
        if strange := [label for kind, label in given if (kind, label) not in {(type(it), it) for it in known}]:
            what = f"no row to learn from has {schema.target} {strange[0]}."
            raise Mistake(Problem(what, ("model", "class_weight", str(strange[0]))))
        return np.array([given.get((type(label), label), 1.0) for label in known])
    counts = np.bincount(classes.numbers(target, known), minlength=len(known))
    return target.len() / (len(known) * np.maximum(counts, 1))
