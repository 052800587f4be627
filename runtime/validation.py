"""How good a configuration is on rows that are not test: by folds, or on the validation rows. Test rows are never read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import adjusting, figures
from .cross_validation import cross_validation, scored
from .errors import Mistake, Problem
from .fitting import held_out, predicted, watched
from .folds import Fold, folds
from .held_out import HeldOut
from .progress import Step, step

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .model import Model
    from .parts import Parts
    from .scores import CrossValidation

Heard = Callable[[int, float], None]
"""Called after each fold with how many are done and the mean of the objective over them; what it raises ends the validation."""


def validate(
    model: Model, parts: Parts, evaluation: Evaluation, heard: Heard | None = None, *, once: bool = False
) -> CrossValidation:
    """What a choice between configurations goes by; its `value` is the objective of `evaluation`.

    By folds where `parts` has them, as a run records it. Else one fit on train, scored on valid, which is also what early
    stopping watches unless answers are adjusted, for which rows are carved from train;
    where there are no validation rows they are carved from train. `model.seed` and `model.threads` are filled.
    heard: may end it early by raising, as a pruner does. once: early stopping watches the rows held out of a fold too, so
    that a fold takes one fit in place of two: the number of rounds is then chosen as what is compared is.
    Raises Mistake when the rows cannot teach this model, and when the objective is not defined on the rows held out.
    """
    schema, metrics = parts.schema, evaluation.for_task(parts.schema.task)
    objective = next(iter(metrics))
    with step("validate") as now:
        found: list[HeldOut] = []
        values: list[float] = []
        for fold in [_valid(model, parts)] if parts.fold is None else folds(parts):
            alone = (once or parts.fold is None) and not adjusting.learns(model)
            out = _stopped(model, fold, now) if alone else held_out(model, fold, parts.by, now)
            found.append(out)
            values.append(scored(out, schema, {objective: metrics[objective]})[objective])
            if heard is not None:
                heard(len(values), math.fsum(values) / len(values))
        whole = cross_validation(found, schema, evaluation)
        now.say(_said(whole))
    return whole


def _said(found: CrossValidation) -> str:
    if len(found.rows) > 1:
        return f"{found.objective} {found.metrics[found.objective]} over {len(found.rows)} folds"
    return f"{found.objective} {figures.figure(found.value)} on {figures.counted(found.rows[0][1], 'validation row')}"


def _valid(model: Model, parts: Parts) -> Fold:
    """The validation rows as the only fold."""
    train, valid = watched(model, parts.train, parts.valid, parts.schema, parts.by)
    if valid is None:
        hint = "More rows are needed, or split.valid greater than 0."
        raise Mistake(Problem("no rows are left to validate with.", ("split", "valid"), hint=hint))
    return Fold(1, 1, train, valid, parts.schema)


def _stopped(model: Model, fold: Fold, now: Step) -> HeldOut:
    """Fitted while early stopping, where the model has it, watches the very rows that are scored."""
    now.doing = model.label(fold.schema.task) + (f", fold {fold.number} of {fold.of}" if fold.of > 1 else "")
    watching = fold.held if model.uses_validation() else None
    fitted = model.fit(fold.train, watching, fold.schema, now.advance)
    return predicted(adjusting.adjusted(model, fitted, None), fold)
