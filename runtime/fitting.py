"""Fit a model on the training rows, with validation rows where it stops early or is adjusted by them; and once without each fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from . import adjusting, figures
from .folds import Fold, folds
from .held_out import HeldOut
from .model import Fitted, Model
from .progress import Step, step

if TYPE_CHECKING:
    import polars as pl

    from .model import Advance
    from .parts import Parts
    from .schema import Schema
    from .splitting import Split


def fit(model: Model, parts: Parts) -> Fitted:
    """Fit on train, stopping early on valid; then once more on both, where the model asks for it.

    A model that needs no validation learns from train and valid at once. Where one needs validation rows and there are
    none, they are carved from train. Where answers are calibrated, decided by a tuned threshold or given bounds, the
    validation rows are kept for that alone, and what else needs some carves them from train.
    Where the split has folds, as many models more are fitted alike, each to predict the fold that it has not seen.
    `model.seed` and `model.threads` are filled.
    Raises Mistake when the rows cannot teach this model.
    """
    found = _adjusted(model, parts)
    if parts.fold is not None:
        with step("folds") as now:
            found.folds = tuple(held_out(model, fold, parts.by, now) for fold in folds(parts))
            now.say(f"{figures.counted(len(found.folds), 'model')}, each without one fold{_rounds(found.folds)}")
    return found


def held_out(model: Model, fold: Fold, by: Split | None, now: Step) -> HeldOut:
    """Fit on the rows that a fold leaves, as `fit` does where no rows were set aside for validation, and predict the fold.

    Raises Mistake when the rows cannot teach this model.
    """
    now.doing = f"{model.label(fold.schema.task)}, fold {fold.number} of {fold.of}"
    return predicted(learn(model, fold.train, fold.schema, by, now.advance), fold)


def predicted(fitted: Fitted, fold: Fold) -> HeldOut:
    """What a model says of a fold."""
    roles = dict.fromkeys(name for name in ("_row", fold.schema.key, fold.schema.target) if name is not None)
    said = fitted.predict(fold.held)
    return HeldOut(
        number=fold.number,
        learned=fold.train.height,
        rounds=fitted.rounds,
        rows=fold.held.select(list(roles)),
        predicted=said,
        schema=fold.schema,
        threshold=fitted.threshold,
        bounds=None if fitted.level is None else fitted.bounds(fold.held, said),
        notes=fitted.notes,
    )


def _adjusted(model: Model, parts: Parts) -> Fitted:
    if not adjusting.learns(model):
        return adjusting.adjusted(model, _fitted(model, parts), parts.valid)
    train, held = watched(model, parts.train, parts.valid, parts.schema, parts.by)
    rest = replace(parts, train=train, valid=train.clear())
    fitted, *quantiles = (_fitted(each, rest) for each in (model, *adjusting.ends(model)))
    with step("adjust") as now:
        found = adjusting.adjusted(model, fitted, held, quantiles)
        for note in found.notes[len(fitted.notes) :]:
            now.say(note)
    return found


def _fitted(model: Model, parts: Parts) -> Fitted:
    import polars as pl

    schema, everything = parts.schema, pl.concat([parts.train, parts.valid])
    with step("fit") as now:
        now.doing = model.label(schema.task)
        train, valid = everything, None
        if model.uses_validation():
            train, valid = watched(model, parts.train, parts.valid, schema, parts.by)
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
            now.say(f"{again.summary} on {'train' if parts.valid.is_empty() else 'train and valid'}")
    return again or fitted


def learn(model: Model, train: pl.DataFrame, schema: Schema, by: Split | None, advance: Advance) -> Fitted:
    """Fit as `fit` does on rows of which none were set aside for validation, and say nothing.

    Raises Mistake when the rows cannot teach this model.
    """
    if not adjusting.learns(model):
        return adjusting.adjusted(model, _learned(model, train, schema, by, advance), None)
    rest, held = watched(model, train, train.clear(), schema, by)
    fitted, *quantiles = (_learned(each, rest, schema, by, advance) for each in (model, *adjusting.ends(model)))
    return adjusting.adjusted(model, fitted, held, quantiles)


def _learned(model: Model, train: pl.DataFrame, schema: Schema, by: Split | None, advance: Advance) -> Fitted:
    if not model.uses_validation():
        return model.fit(train, None, schema, advance)
    rest, valid = watched(model, train, train.clear(), schema, by)
    fitted = model.fit(rest, valid, schema, advance)
    return fitted if valid is None else model.relearn(fitted, train, advance) or fitted


def watched(
    model: Model, train: pl.DataFrame, valid: pl.DataFrame, schema: Schema, by: Split | None
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The rows to learn from and those that early stopping watches, which are carved where there are none."""
    from .parts import carve

    if valid.is_empty():
        train, valid = carve(train, schema, model.seed or 0, by)
    return train, None if valid.is_empty() else valid


def _rounds(found: Sequence[HeldOut]) -> str:
    rounds = [out.rounds for out in found if out.rounds is not None]
    if not rounds:
        return ""
    least, most = min(rounds), max(rounds)
    return f", {figures.counted(most, 'round')}" if least == most else f", {least:,} to {most:,} rounds"
