"""A model and the held-out rows that it is explained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..evaluation import Evaluation
from ..metric import decided
from .budget import Part, allowed
from .held import Held
from .settings import Explanations

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..hooks import Hooks
    from ..metric import Metric
    from ..model import Fitted
    from ..schema import Schema

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """What is explained."""

    model: Fitted
    features: Callable[[pl.DataFrame], pl.DataFrame] | None
    """The project's hook that derives columns."""
    objective: str
    metric: Metric
    """The objective itself."""
    held: Held
    settings: Explanations
    seed: int
    learned: int
    """How many rows the model learned from."""

    @classmethod
    def of(
        cls,
        model: Fitted,
        hooks: Hooks,
        held: Held,
        settings: Explanations,
        objective: str,
        seed: int,
        learned: int = 0,
    ) -> Subject:
        """A model of a project.

        learned: how many rows it learned from, 0 where nobody knows.
        Raises Mistake when the project has no such metric any more.
        """
        metric = Evaluation.model_validate({}, context=hooks.root).metric(objective, model.schema.task)
        return cls(model, hooks.features, objective, decided(metric, model.threshold), held, settings, seed, learned)

    @property
    def schema(self) -> Schema:
        """The contract as learned."""
        return self.model.schema

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The rows drawn by chance, in the order they were drawn, so that the first n are a sample too."""
        return self.held.frame[self.held.sampled]

    @cached_property
    def predictions(self) -> pl.DataFrame:
        """What was predicted for them."""
        return self.held.predictions[self.held.sampled]

    @cached_property
    def losses(self) -> Array:
        """How far off each prediction is, (rows,)."""
        return self.held.losses[self.held.sampled]

    @property
    def shown(self) -> list[str]:
        """The columns whose values may be shown."""
        return [name for name, column in self.schema.features.items() if not column.personal]

    def allowed(self, part: Part) -> float:
        """Microseconds that a part of the explanations may take."""
        return allowed(part, self.model.cost, self.learned, self.held.of, self.settings.predictions)

    def predict(self, rows: pl.DataFrame) -> Array:
        """What the model says of rows whose features may have been changed: what is derived from them follows."""
        from ..data.features import completed

        if not self.schema.derived:
            return self.model.predict(rows)
        made = completed(rows.select(list(self.schema.features)), self.schema, self.features, learned=True)
        return self.model.predict(made.frame)

    def predict_each(self, frames: Iterable[pl.DataFrame]) -> Array:
        """(frames, rows, …): what the model says of several frames of as many rows, asked at once."""
        import polars as pl

        several = list(frames)
        found = self.predict(pl.concat(several))
        return found.reshape(len(several), several[0].height, *found.shape[1:])


def rounded(number: float) -> float | None:
    """A number as it is kept: six digits; null where it is not defined."""
    import math

    return float(f"{number:.6g}") if math.isfinite(number) else None
