"""How good a configuration is on rows that are not test: by folds, or on the validation rows. Test rows are never read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from . import adjusting, figures
from .errors import Mistake, Problem
from .fitting import learn, watched
from .folds import Fold, folds
from .measuring import FAMILIAR, plain, predicted_for, scoreable, tabulated
from .metric import decided
from .progress import Step, step
from .scores import CrossValidation, Spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .evaluation import Evaluation
    from .metric import Metric
    from .model import Fitted, Model
    from .parts import Parts
    from .schema import Schema

Heard = Callable[[int, float], None]
"""Called after each fold with how many are done and the mean of the objective over them; what it raises ends the validation."""


def cross_validate(model: Model, parts: Parts, evaluation: Evaluation) -> CrossValidation | None:
    """Fit once for each fold and score the rows it holds out; None where the split has no folds.

    Raises Mistake as `fit` and `evaluate` do.
    """
    if parts.fold is None:
        return None
    with step("folds") as now:
        found = _over(folds(parts), model, parts, evaluation, now)
        shown = dict.fromkeys([FAMILIAR[parts.schema.task], found.objective, *found.metrics])
        names = [name for name in shown if name in found.metrics][:2]
        now.say(f"{len(found.rows)}: " + "   ".join(f"{name} {found.metrics[name]}" for name in names))
        for note in found.notes:
            now.say(note)
    return found


def validate(model: Model, parts: Parts, evaluation: Evaluation, heard: Heard | None = None) -> CrossValidation:
    """What a choice between configurations goes by; its `value` is the objective of `evaluation`.

    By folds where the split has them. Else one fit on train, scored on valid, which is also what early stopping watches;
    where there are no validation rows they are carved from train. `model.seed` and `model.threads` are filled.
    heard: may end it early by raising, as a pruner does.
    Raises Mistake when the rows cannot teach this model, and when the objective is not defined on the rows held out.
    """
    with step("validate") as now:
        held = [_valid(model, parts)] if parts.fold is None else folds(parts)
        found = _over(held, model, parts, evaluation, now, heard)
        now.say(f"{found.objective} {found.metrics[found.objective] if parts.fold is not None else _figure(found)}")
    return found


def _figure(found: CrossValidation) -> str:
    return f"{figures.figure(found.value)} on {figures.counted(found.rows[0][1], 'validation row')}"


def _valid(model: Model, parts: Parts) -> Fold:
    """The validation rows as the only fold."""
    train, valid = watched(model, parts.train, parts.valid, parts.schema, parts.by)
    if valid is None:
        hint = "More rows are needed, or split.valid greater than 0."
        raise Mistake(Problem("no rows are left to validate with.", ("split", "valid"), hint=hint))
    return Fold(1, train, valid, parts.schema)


def _over(
    held: Sequence[Fold] | Iterator[Fold],
    model: Model,
    parts: Parts,
    evaluation: Evaluation,
    now: Step,
    heard: Heard | None = None,
) -> CrossValidation:
    """Fit and score each fold."""
    import polars as pl

    task = parts.schema.task
    metrics = {name: evaluation.metric(name, task) for name in evaluation.chosen(task)}
    objective, many = next(iter(metrics)), parts.by.folds if parts.by and parts.by.folds else 1
    values: dict[str, list[float]] = {name: [] for name in metrics}
    rows, rounds, tables, notes = [], [], [], []
    for fold in held:
        now.doing = model.label(task) + (f", fold {fold.number} of {many}" if many > 1 else "")
        fitted = _fitted(model, parts, fold, now)
        predicted = predicted_for(fitted, fold.held, "row held out")
        truth, scored = scoreable(fold.held[parts.schema.target], predicted, fold.schema)
        for name, value in _scores(_by(metrics, fitted), truth, scored, fold).items():
            values[name].append(value)
        if left := fold.held.height - truth.size:
            notes.append(f"{figures.counted(left, 'row')} of fold {fold.number} of a class not learned: not scored")
        rows.append((fold.train.height, fold.held.height))
        rounds.append(fitted.rounds)
        table = tabulated(fitted, _every_class(predicted, fold.schema, parts.schema), fold.held, parts.schema)
        tables.append(table.with_columns(fold=pl.lit(fold.number, pl.Int32)))
        if heard is not None:
            heard(fold.number, math.fsum(values[objective]) / len(rows))
    spreads = {name: spread(found, rows) for name, found in values.items()}
    found = pl.concat(tables).sort("_row")
    better = metrics[objective].greater_is_better
    return CrossValidation(objective, better, spreads, tuple(rows), tuple(rounds), found, tuple(notes))


def _fitted(model: Model, parts: Parts, fold: Fold, now: Step) -> Fitted:
    """Fitted on what a fold leaves; where there are no folds, early stopping watches the rows that are scored."""
    if parts.fold is not None or adjusting.learns(model):
        return learn(model, fold.train, fold.schema, parts.by, now.advance)
    watched_by = fold.held if model.uses_validation() else None
    return adjusting.adjusted(model, model.fit(fold.train, watched_by, fold.schema, now.advance), None)


def _by(metrics: dict[str, Metric], fitted: Fitted) -> dict[str, Metric]:
    """The metrics as they judge the decisions of this model."""
    return {name: decided(metric, fitted.threshold) for name, metric in metrics.items()}


def _scores(
    metrics: dict[str, Metric], truth: NDArray[np.float64], scored: NDArray[np.float64], fold: Fold
) -> dict[str, float]:
    """Each metric on the rows held out; the first must be defined.

    The rows are put in the order of the score, which makes ranking cheap.
    """
    import numpy as np

    if scored.ndim == 2:
        ranked = np.argsort(scored[:, -1], kind="stable")
        truth, scored = truth[ranked], scored[ranked]
    found = {name: plain(metric, truth, scored) if truth.size else math.nan for name, metric in metrics.items()}
    objective = next(iter(metrics))
    if math.isnan(found[objective]):
        raise Mistake(
            Problem(
                f"{objective} is not defined on the {figures.counted(truth.size, 'row')} of fold {fold.number}.",
                ("evaluation", "objective"),
                hint="It needs rows of every class, or more than one row. Choose another objective, split or fewer folds.",
            )
        )
    return found


def _every_class(predicted: NDArray[np.float64], learned: Schema, schema: Schema) -> NDArray[np.float64]:
    """Probabilities in the order of schema.classes, 0 for a class that was not learned."""
    import numpy as np

    known = learned.classes or []
    if not schema.classification or known == schema.classes:
        return predicted
    whole = np.zeros((len(predicted), len(schema.classes or [])))
    whole[:, [(schema.classes or []).index(label) for label in known]] = predicted
    return whole


def spread(values: Sequence[float], rows: Sequence[tuple[int, int]]) -> Spread:
    """The mean of a metric over folds and how far it may be off.

    rows: for each fold how many were learned from, and how many held out.
    """
    import numpy as np
    from scipy.special import stdtrit

    many, mean = len(values), float(np.mean(values))
    if many < 2:
        return Spread(tuple(values), mean, math.nan, math.nan, math.nan)
    deviation = float(np.std(values, ddof=1))
    shared = float(np.mean([held / learned for learned, held in rows]))
    apart = float(stdtrit(many - 1, 0.975)) * deviation * math.sqrt(1 / many + shared)
    return Spread(tuple(values), mean, deviation, mean - apart, mean + apart)
