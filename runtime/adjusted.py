"""A model whose answers are adjusted by what rows it had not seen taught: calibrated, decided by a threshold, with bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import conformal
from .calibration import Calibration, Sigmoid
from .errors import Mistake
from .model import Explanation, Fitted, Model

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from .quick import Quick
    from .schema import Schema

    Array = NDArray[np.float64]

FILE = "adjusted.json"
_LOW, _HIGH = "low", "high"


@dataclass
class Adjusted(Fitted):
    """A fitted model, and what is done with its answers; explanations are of the score that sigmoid calibration gives, else of its own."""

    model: Fitted
    calibration: Calibration | None = None
    threshold: float | None = None
    level: float | None = None
    margin: float = 0.0
    """How far the bounds are moved out."""
    quantiles: tuple[Fitted, ...] = ()
    """The models of the lower and the upper quantile; none: the bounds are as wide everywhere."""
    told: dict[str, Any] = field(default_factory=dict)
    """What `facts` gives."""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take over what the model itself says."""
        self.schema, self.rounds, self.summary = self.model.schema, self.model.rounds, self.model.summary
        self.cost, self.encoded = self.model.cost, self.model.encoded
        self.raw_is_probability = self.model.raw_is_probability

    def predict(self, frame: pl.DataFrame) -> Array:
        """Probabilities or values."""
        return self.calibrated(self.model.predict(frame))

    def calibrated(self, predicted: Array) -> Array:
        """What the model says, mended."""
        return predicted if self.calibration is None else self.calibration.apply(predicted, self.schema)

    def bounds(self, frame: pl.DataFrame, values: Array) -> Array:
        """(rows, 2)"""
        low, high = (values, values) if not self.quantiles else (it.predict(frame) for it in self.quantiles)
        return conformal.about(values, low, high, self.margin)

    def quick(self) -> Quick | None:
        """As the model's own, where there are no bounds."""
        quick = self.model.quick() if self.level is None else None
        return quick if quick is None or self.calibration is None else _Calibrated(quick, self)

    def raw(self, frame: pl.DataFrame) -> Array:
        """What explanations add up to."""
        slope, offset = self._line
        return self.model.raw(frame) * slope + offset

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """What the model says, on the scale of `raw`."""
        slope, offset = self._line
        why = self.model.explain(frame)
        return replace(why, base=why.base * slope + offset, contributions=why.contributions * slope)

    @property
    def _line(self) -> tuple[float, float]:
        """Slope and offset from the model's log-odds to calibrated ones; only for binary are they a straight line."""
        straight = self.schema.task == "binary" and not self.model.raw_is_probability
        first = self.calibration.maps[0] if self.calibration and straight else None
        return (first.slope, first.offset) if isinstance(first, Sigmoid) else (1.0, 0.0)

    def importance(self) -> dict[str, float]:
        """The model's own."""
        return self.model.importance()

    def facts(self) -> dict[str, Any]:
        """Calibration, threshold, interval."""
        return self.told

    def save(self, folder: Path) -> None:
        """Write the model's own files, adjusted.json beside them, and the quantiles into folders of their own."""
        self.model.save(folder)
        for name, model in zip((_LOW, _HIGH), self.quantiles, strict=False):
            (folder / name).mkdir()
            model.save(folder / name)
        state = {
            "calibration": self.calibration.state() if self.calibration else None,
            "threshold": self.threshold,
            "level": self.level,
            "margin": self.margin,
            "quantiles": bool(self.quantiles),
            "told": self.told,
        }
        (folder / FILE).write_text(json.dumps(state, indent=1) + "\n", "utf-8")


@dataclass(frozen=True)
class _Calibrated:
    """Predictions of plain rows, mended."""

    quick: Quick
    adjusted: Adjusted

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> Array:
        """Probabilities."""
        return self.adjusted.calibrated(self.quick.predict(rows))


def load(kind: type[Model], folder: Path, schema: Schema) -> Fitted:
    """What `fitting.fit` made, and its `save` wrote.

    Raises Mistake when the files are damaged or hold types that are not allowed.
    """
    model = kind.load(folder, schema)
    if not (folder / FILE).is_file():
        return model
    try:
        state = json.loads((folder / FILE).read_bytes())
        calibration = Calibration.of(state.pop("calibration")) if state["calibration"] else state.pop("calibration")
        both = state.pop("quantiles")
        quantiles = tuple(kind.load(folder / name, schema) for name in (_LOW, _HIGH) if both)
        return Adjusted(model, calibration=calibration, quantiles=quantiles, **state)
    except (ValueError, KeyError, TypeError) as error:
        raise Mistake(f"{FILE} cannot be opened: it is damaged, or was not written by overture.") from error
