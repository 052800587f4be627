"""What a model that has not learned a fold says of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .schema import Schema


@dataclass(frozen=True)
class HeldOut:
    """The rows of a fold and what is predicted for them."""

    number: int
    """Of the fold, from 1."""
    learned: int
    """How many rows the model learned from."""
    rounds: int | None
    """How many rounds it has, where that was found by early stopping."""
    rows: pl.DataFrame
    """Those held out: "_row", the target, and the key if there is one."""
    predicted: NDArray[np.float64]
    """As Fitted.predict gives it, in the classes of `schema`."""
    schema: Schema
    """As the model learned it."""
    threshold: float | None = None
    """As Fitted has it."""
    bounds: NDArray[np.float64] | None = None
    """(rows, 2) as Fitted.bounds gives it; None: there are none."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it was fitted."""
