"""Teach a fitted model, by rows it has not seen, how to calibrate, to decide and to say how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import classes, conformal, deciding
from .adjusted import Adjusted
from .calibration import Calibration
from .errors import Mistake, Problem
from .figures import count, figure
from .options import Costs, Tuned
from .weights import weights

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .model import Fitted, Model

    Array = NDArray[np.float64]


def learns(model: Model) -> bool:
    """Does adjusting need rows that the model has not seen?"""
    return model.calibration is not None or model.interval is not None or isinstance(model.threshold, Tuned)


def ends(model: Model) -> list[Model]:
    """What else is to be fitted: the models of the lower and the upper quantile, where they are asked for."""
    if model.interval is None or model.interval.method != "quantile":
        return []
    low = (1 - model.interval.level) / 2
    return [model.quantile(low), model.quantile(1 - low)]


def adjusted(model: Model, fitted: Fitted, held: pl.DataFrame | None, quantiles: Sequence[Fitted] = ()) -> Fitted:
    """The fitted model with the adjustments that `model` asks for.

    held: rows that none of the fitted models has seen. quantiles: the fitted `ends`.
    Raises Mistake when the rows are too few, or lack a class.
    """
    if not learns(model):
        return fitted if model.threshold is None else _fixed(fitted, float(model.threshold))  # type: ignore[arg-type]
    if held is None or held.is_empty():
        what = "there are no validation rows, and too few training rows to set some aside."
        raise Mistake(
            Problem(what, ("split",), hint="Set more rows aside, or leave out calibration, threshold, interval.")
        )
    found = Adjusted(fitted, quantiles=tuple(quantiles), notes=fitted.notes)
    _calibrate(model, found, held)
    _decide(model, found, held)
    _bound(model, found, held)
    return found


def _fixed(fitted: Fitted, threshold: float) -> Fitted:
    note = f"the positive class is predicted from a probability of {figure(threshold)} on"
    return Adjusted(fitted, threshold=threshold, told={"threshold": {"value": threshold}}, notes=(*fitted.notes, note))


def _calibrate(model: Model, found: Adjusted, held: pl.DataFrame) -> None:
    if model.calibration is None:
        return
    predicted, number = found.predict(held), classes.numbers(held[found.schema.target], found.schema.classes or [])
    found.calibration = Calibration.learn(model.calibration, predicted, number, _own(model, found, held), found.schema)
    found.told["calibration"] = {"method": model.calibration, "rows": held.height}
    found.notes += (f"probabilities are calibrated ({model.calibration}) on {count(held.height)} validation rows",)


def _decide(model: Model, found: Adjusted, held: pl.DataFrame) -> None:
    if isinstance(model.threshold, float):
        found.threshold, found.told["threshold"] = model.threshold, {"value": model.threshold}
    if not isinstance(model.threshold, Tuned):
        return
    positive, truth = _positive(found, held)
    costs = model.threshold.cost
    found.threshold, cost = deciding.tuned(positive, truth, _own(model, found, held), costs)
    usual = deciding.mean_cost(positive > 0.5, truth, costs)
    found.told["threshold"] = {
        "value": found.threshold,
        "cost": costs.model_dump(),
        "mean_cost": cost,
        "mean_cost_at_half": usual,
        "rows": held.height,
    }
    found.notes += (_told(found.threshold, costs, cost, usual, held.height),)


def _told(threshold: float, costs: Costs, cost: float, usual: float, rows: int) -> str:
    return (
        f"the positive class is predicted from a probability of {figure(threshold)} on, where decisions on {count(rows)} "
        f"validation rows cost {figure(cost)} a row, not {figure(usual)} as at 0.5 "
        f"(false positive {figure(costs.false_positive)}, false negative {figure(costs.false_negative)})"
    )


def _bound(model: Model, found: Adjusted, held: pl.DataFrame) -> None:
    import numpy as np
    import polars as pl

    if model.interval is None:
        return
    values, truth = found.predict(held), held[found.schema.target].cast(pl.Float64).to_numpy()
    low, high = (values, values) if not found.quantiles else (it.predict(held) for it in found.quantiles)
    found.margin = conformal.margin(np.maximum(low - truth, truth - high), model.interval.level)
    found.level = model.interval.level
    facts: dict[str, Any] = {**model.interval.model_dump(), "rows": held.height}
    found.told["interval"] = facts


def _positive(found: Adjusted, held: pl.DataFrame) -> tuple[Array, Array]:
    """The probability of the positive class, and whether rows are of it."""
    schema = found.schema
    place = classes.scoring_order(schema)[-1]
    number = classes.numbers(held[schema.target], schema.classes or [])
    return found.predict(held)[:, place], (number == place).astype(float)


def _own(model: Model, found: Adjusted, held: pl.DataFrame) -> Array:
    """How much rows count by data.weight; the weights of classes, which bend probabilities, have no part in this."""
    import numpy as np

    own = weights(model.model_copy(update={"class_weight": None}), held, found.schema)
    return np.ones(held.height) if own is None else own
