"""From rows that keep the contract to predictions, with what a project's hooks do on the way: the same in batch and serving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import classes, own
from .errors import Mistake, listed

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .hooks import Hooks
    from .model import Fitted
    from .schema import Schema

BOUNDS = ("interval: low", "interval: high")
"""The columns of an interval in tables of predictions."""
_SUM = 1e-6  # how far from 1 the probabilities of a row may add up to


@dataclass(frozen=True)
class Predictions:
    """What is answered for some rows, in their order."""

    values: Sequence[Any] | pl.Series
    """A class, or for regression a number."""
    probabilities: NDArray[np.float64] | None
    """(rows, classes) in the order of schema.classes; None for regression."""
    bounds: NDArray[np.float64] | None = None
    """(rows, 2): the interval about each number; None where the model gives none."""


def inputs(rows: pl.DataFrame, schema: Schema, hooks: Hooks) -> pl.DataFrame:
    """What the model sees of some rows: changed by `before_predict`, then with every derived column.

    rows: schema.features, in their dtypes.
    Raises Mistake, with its place in hooks.py, when a hook fails or does not keep to what it may do.
    """
    from .data.features import completed

    if hooks.before_predict is not None:
        rows = _prepared(hooks.before_predict, rows, schema)
    return completed(rows, schema, hooks.features, learned=True).frame


def predict(
    model: Fitted, frame: pl.DataFrame, hooks: Hooks, outputs: NDArray[np.float64] | None = None
) -> Predictions:
    """What the model says of rows, changed by `after_predict`.

    frame: as `inputs` gives it. outputs: what model.predict gives for it, where that is known already.
    Raises Mistake as `inputs` does, and ArithmeticError when the model answers with a number that is not finite.
    """
    outputs, schema = model.predict(frame) if outputs is None else outputs, model.schema
    finite(outputs)
    if schema.classes is None:
        found = Predictions(outputs.tolist(), None, _bounds(model, frame, outputs))
    else:
        chosen = classes.decide(outputs, schema, model.threshold).tolist()
        found = Predictions([schema.classes[place] for place in chosen], outputs)
    return found if hooks.after_predict is None else _finished(hooks.after_predict, frame, found, schema)


def answers(model: Fitted, frame: pl.DataFrame, hooks: Hooks) -> pl.DataFrame:
    """What `table` makes of `predict`, without a Python object a row."""
    import polars as pl

    schema = model.schema
    if hooks.after_predict is not None or schema.classes is None:
        return table(predict(model, frame, hooks), schema)
    outputs = model.predict(frame)
    finite(outputs)
    labels = pl.Series("prediction", schema.classes).gather(classes.decide(outputs, schema, model.threshold))
    return table(Predictions(labels, outputs), schema)


def finite(outputs: NDArray[np.float64]) -> None:
    """Raise ArithmeticError when a model answers with a number that is not finite."""
    import numpy as np

    if not np.isfinite(outputs).all():
        raise ArithmeticError("the model answered with a number that is not finite")


def _bounds(model: Fitted, frame: pl.DataFrame, values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The interval about each value, where the model gives one."""
    if model.level is None:
        return None
    found = model.bounds(frame, values)
    finite(found)
    return found


def table(predictions: Predictions, schema: Schema) -> pl.DataFrame:
    """Predictions as a frame: "prediction", and "probability: <class>" for each class, or the ends of an interval."""
    import numpy as np
    import polars as pl

    if schema.classes is None or predictions.probabilities is None:
        columns = [pl.Series("prediction", predictions.values, dtype=pl.Float64)]
        if predictions.bounds is not None:
            ends = zip(BOUNDS, np.ascontiguousarray(predictions.bounds.T), strict=True)
            columns += [pl.Series(name, end, dtype=pl.Float64) for name, end in ends]
        return pl.DataFrame(columns)
    labels = pl.Series("prediction", predictions.values, dtype=pl.Series(schema.classes).dtype)
    shares = {name: np.ascontiguousarray(predictions.probabilities[:, i]) for i, name in enumerate(_names(schema))}
    return pl.DataFrame([labels, *(pl.Series(name, share, dtype=pl.Float64) for name, share in shares.items())])


def _prepared(hook: Callable[..., Any], rows: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The rows as `before_predict` gives them back, which must keep the contract again."""
    from .data.contract import conform

    made = _called(hook, rows, rows)
    changed = {name: schema.features[name] for name in rows.columns if not made[name].equals(rows[name])}
    emptied = [
        name
        for name, column in changed.items()
        if not column.nullable and (made[name].is_null() & rows[name].is_not_null()).any()
    ]
    if emptied:
        raise Mistake(own.fault(hook, f"takes away values of {listed(emptied, 'and')}, which may not be missing."))
    columns = {name: column.model_copy(update={"nullable": True}) for name, column in changed.items()}
    found = conform(made, columns, timezone=schema.timezone, unknown_category=schema.unknown_category)
    if found.breaches:
        raise Mistake([own.fault(hook, f"breaks the contract: {it.column}: {it.what}") for it in found.breaches])
    return made.with_columns(found.frame)


def _finished(hook: Callable[..., Any], frame: pl.DataFrame, given: Predictions, schema: Schema) -> Predictions:
    """The predictions as `after_predict` gives them back."""
    import numpy as np
    import polars as pl

    before = table(given, schema)
    made = _called(hook, before, frame, before)
    values = made["prediction"]
    if values.null_count() or (values.dtype == pl.Float64 and not values.is_finite().all()):
        raise Mistake(own.fault(hook, "leaves a row without a prediction."))
    if schema.classes is None:
        ends = [name for name in BOUNDS if name in made.columns]
        bounds = made.select(ends).to_numpy() if ends else None
        if bounds is not None and not (bounds[:, 0] <= bounds[:, 1]).all():
            raise Mistake(own.fault(hook, "gives an interval whose low end is not below its high end."))
        return Predictions(values.to_list(), None, bounds)
    if strange := sorted(set(values.to_list()) - set(schema.classes), key=str):
        raise Mistake(
            own.fault(hook, f"predicts {listed(strange, 'and')}; the classes are {listed(schema.classes, 'and')}.")
        )
    shares = made.select(_names(schema)).to_numpy()
    if not (((shares >= 0) & (shares <= 1)).all() and (np.abs(shares.sum(axis=1) - 1) <= _SUM).all()):
        raise Mistake(own.fault(hook, "gives probabilities that do not add up to 1."))
    return Predictions(values.to_list(), shares)


def _called(hook: Callable[..., Any], like: pl.DataFrame, *given: pl.DataFrame) -> pl.DataFrame:
    """What a hook gives back: as many rows as it was given, and the columns of `like` in their order and dtypes."""
    import polars as pl

    try:
        made = hook(*given)
    except Exception as error:
        raise Mistake(own.failure(hook, error)) from error
    if not isinstance(made, pl.DataFrame):
        raise Mistake(own.fault(hook, f"gave a {type(made).__name__}, not a DataFrame."))
    if made.height != like.height:
        raise Mistake(own.fault(hook, f"was given {like.height:,} rows and gave {made.height:,}."))
    if differing := sorted(set(made.columns).symmetric_difference(like.columns)):
        raise Mistake(own.fault(hook, f"may change values, not columns: {listed(differing, 'and')}."))
    try:
        return made.select(pl.col(name).cast(dtype) for name, dtype in like.schema.items())
    except pl.exceptions.PolarsError as error:
        raise Mistake(own.fault(hook, f"gives values of another type: {own.first_line(error)}")) from None


def _names(schema: Schema) -> list[str]:
    return [f"probability: {classes.text(label)}" for label in schema.classes or ()]
