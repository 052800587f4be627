"""The metrics of a model by folds: what models that have not learned a fold are worth on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import figures
from .errors import Mistake, Problem
from .measuring import Judged, finite, plain, ranked, scoreable, tabulated
from .metric import decided
from .scores import CrossValidation, Spread

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .evaluation import Evaluation
    from .held_out import HeldOut
    from .metric import Metric
    from .schema import Schema


def cross_validation(found: Sequence[HeldOut], schema: Schema, evaluation: Evaluation) -> CrossValidation:
    """The metrics of `evaluation` over folds.

    schema: as learned from all folds.
    Raises Mistake when a prediction is no number, and when the objective is not defined on a fold.
    """
    import polars as pl

    metrics = evaluation.for_task(schema.task)
    objective = next(iter(metrics))
    each = [scored(out, schema, metrics) for out in found]
    rows = [(out.learned, out.rows.height) for out in found]
    return CrossValidation(
        objective=objective,
        greater_is_better=metrics[objective].greater_is_better,
        metrics={name: spread([values[name] for values in each], rows) for name in metrics},
        rows=tuple(rows),
        rounds=tuple(out.rounds for out in found),
        predictions=pl.concat([_table(out, schema) for out in found]).sort("_row"),
        notes=tuple(note for out in found for note in _notes(out, schema)),
    )


def scored(out: HeldOut, schema: Schema, metrics: dict[str, Metric]) -> dict[str, float]:
    """Each metric on the rows of a fold; rows of a class that was not learned are left out.

    Raises Mistake when a prediction is no number, and when the first metric is not defined.
    """
    finite(out.predicted, out.rows, "row held out")
    truth, predicted = scoreable(out.rows[schema.target], out.predicted, out.schema)
    judged = ranked(Judged(truth, predicted, predicted))
    found = {
        name: plain(decided(metric, out.threshold), judged.truth, judged.model) if truth.size else math.nan
        for name, metric in metrics.items()
    }
    objective = next(iter(metrics))
    if math.isnan(found[objective]):
        what = f"{objective} is not defined on the {figures.counted(truth.size, 'row')} of fold {out.number}."
        hint = "It needs rows of every class, or more than one row. Choose another objective, another split or fewer folds."
        raise Mistake(Problem(what, ("evaluation", "objective"), hint=hint))
    return found


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


def _notes(out: HeldOut, schema: Schema) -> list[str]:
    notes = [f"fold {out.number}: {note}" for note in out.notes]
    left = out.rows.height - scoreable(out.rows[schema.target], out.predicted, out.schema)[0].size
    if left:
        notes.append(f"{figures.counted(left, 'row')} of fold {out.number} of a class not learned: not scored")
    return notes


def _table(out: HeldOut, schema: Schema) -> pl.DataFrame:
    """Predictions as a run keeps them, a row a row, and the fold."""
    import polars as pl

    found = tabulated(_every_class(out.predicted, out.schema, schema), out.rows, schema, out.threshold, out.bounds)
    return found.with_columns(fold=pl.lit(out.number, pl.Int32))


def _every_class(predicted: NDArray[np.float64], learned: Schema, schema: Schema) -> NDArray[np.float64]:
    """Probabilities in the order of schema.classes, 0 for a class that was not learned."""
    import numpy as np

    known, every = learned.classes or [], schema.classes or []
    if not schema.classification or known == every:
        return predicted
    whole = np.zeros((len(predicted), len(every)))
    whole[:, [every.index(label) for label in known]] = predicted
    return whole
