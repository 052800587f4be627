"""The held-out rows that explanations look at: a bounded sample, and those with the greatest errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import classes
from ..data.codes import decoded

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..schema import Schema
    from .settings import Explanations

    Array = NDArray[np.float64]
    Places = NDArray[np.int64]

SURE = 1e-15
"""The least probability whose logarithm is taken."""


@dataclass(frozen=True)
class Held:
    """Held-out rows that are looked at, with what was predicted for them."""

    frame: pl.DataFrame
    """_row, the key, the target and every input of the rows of both kinds, in the order of the test rows."""
    predictions: pl.DataFrame
    """The same rows as in predictions.parquet."""
    losses: Array
    """How far off each is: see `losses`."""
    sampled: Places
    """Which of the rows are drawn by chance, in the order they were drawn."""
    worst: Places
    """Which of them have the greatest errors, the greatest first."""
    of: int
    """How many test rows there are to look at."""

    @classmethod
    def choose(
        cls, test: pl.DataFrame, predictions: pl.DataFrame, schema: Schema, settings: Explanations, seed: int
    ) -> Held:
        """Rows of the test rows; the same for the same arguments.

        test: the test rows; predictions: as in predictions.parquet, row by row the same.
        """
        found = _Choice.of(predictions, schema, settings, seed)
        wanted = [name for name in ("_row", schema.key, schema.target, *schema.inputs) if name in test.columns]
        return found.held(decoded(test.select(list(dict.fromkeys(wanted)))[found.rows]), predictions)

    @classmethod
    def back(
        cls, frame: pl.DataFrame, predictions: pl.DataFrame, schema: Schema, settings: Explanations, seed: int
    ) -> Held:
        """What `choose` gave, from its frame alone."""
        return _Choice.of(predictions, schema, settings, seed).held(frame, predictions)


@dataclass(frozen=True)
class _Choice:
    """Places among all test rows."""

    losses: Array
    sampled: Places
    worst: Places
    rows: Places
    """Both, sorted."""

    @classmethod
    def of(cls, predictions: pl.DataFrame, schema: Schema, settings: Explanations, seed: int) -> _Choice:
        import numpy as np

        found = losses(predictions, schema)
        known = np.flatnonzero(np.isfinite(found))
        sampled = np.random.default_rng(seed).permutation(known)[: settings.rows]
        worst = known[np.argsort(-found[known], kind="stable")][: settings.errors]
        return cls(found, sampled, worst, np.union1d(sampled, worst))

    def held(self, frame: pl.DataFrame, predictions: pl.DataFrame) -> Held:
        import numpy as np

        sampled, worst = (np.searchsorted(self.rows, places) for places in (self.sampled, self.worst))
        known = int(np.isfinite(self.losses).sum())
        return Held(frame, predictions[self.rows], self.losses[self.rows], sampled, worst, known)


def losses(predictions: pl.DataFrame, schema: Schema) -> Array:
    """(rows,): how far off each prediction is; nan for rows of a class that nobody learned.

    Classification: the logarithm of the true class's probability, less than zero made more; regression: the size of the error.
    """
    import numpy as np
    import polars as pl

    if not schema.classification:
        off = predictions["prediction"].cast(pl.Float64) - predictions["target"].cast(pl.Float64)
        return off.abs().to_numpy()
    known = schema.classes or []
    number = classes.numbers(predictions["target"], known)
    shares = predictions.select(f"probability: {classes.text(label)}" for label in known).to_numpy()
    own = shares[np.arange(len(number)), np.maximum(number, 0)]
    return np.where(number >= 0, -np.log(np.clip(own, SURE, 1)), np.nan)
