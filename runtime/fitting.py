"""Fit a model on the training rows, with validation rows where it stops early by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .model import Fitted, Model
from .progress import step

if TYPE_CHECKING:
    import polars as pl

    from .parts import Parts


def fit(model: Model, parts: Parts) -> Fitted:
    """Fit on train, stopping early on valid; then once more on both, where the model asks for it.

    A model that needs no validation learns from train and valid at once. Where one needs validation rows and there are
    none, they are carved from train. `model.seed` and `model.threads` are filled.
    Raises Mistake when the rows cannot teach this model.
    """
    import polars as pl

    schema, everything = parts.schema, pl.concat([parts.train, parts.valid])
    with step("fit") as now:
        now.doing = model.label(schema.task)
        train, valid = _learning(model, parts) if model.uses_validation() else (everything, None)
        fitted = model.fit(train, valid, schema, now.advance)
        now.say(f"{now.doing} {fitted.summary}".rstrip())
        for note in fitted.notes:
            now.say(note)
    if valid is None:
        return fitted
    with step("refit") as now:
        now.doing = f"{fitted.rounds:,} rounds" if fitted.rounds else ""
        again = model.relearn(fitted, everything, now.advance)
        if again is not None:
            now.say(f"{again.summary} on train and valid")
    return again or fitted


def _learning(model: Model, parts: Parts) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    from .parts import carve

    train, valid = parts.train, parts.valid
    if valid.is_empty():
        train, valid = carve(train, parts.schema, model.seed or 0)
    return train, None if valid.is_empty() else valid
