"""Judge a model on the test rows, beside baselines."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import classes, conformal, figures
from .errors import Mistake, Problem
from .metric import decided
from .prediction import BOUNDS
from .progress import step
from .scores import BaselineScores, Interval, Scores
from .slices import slices
from .sweeps.job import under_way

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .evaluation import Evaluation
    from .metric import Metric
    from .model import Fitted
    from .parts import Parts
    from .schema import Schema
    from .scores import CrossValidation

    Array = NDArray[np.float64]

_OLD_SCRIPT = "train.py is older than searches: overture generate brings the step that validates."
FAMILIAR = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}
"""The metric people know best, which is said first."""


@dataclass(frozen=True)
class Judged:
    """Rows that are scored: the truth and what model and baseline say, as metrics take them."""

    truth: Array
    model: Array
    baseline: Array

    def rows(self, chosen: NDArray[np.int64] | slice) -> Judged:
        """Some of the rows."""
        return Judged(self.truth[chosen], self.model[chosen], self.baseline[chosen])


def evaluate(model: Fitted, parts: Parts, evaluation: Evaluation) -> Scores:
    """The metrics of `evaluation` on the test rows, with 95 % bootstrap intervals; where there are folds, by cross-validation too.

    Raises Mistake when the model predicts what is no number, when no test row can be scored, when the objective is not
    defined on these rows, and when the split has folds that the model was not fitted on.
    """
    if (job := under_way()) is not None and job.trial:
        raise Mistake("a trial of a search is not judged on test rows.", hint=_OLD_SCRIPT)
    with step("evaluate") as now:
        schema = parts.schema
        predicted = finite(model.predict(parts.test), parts.test, "test row")
        folds = _over_folds(model, parts, evaluation)
        metrics = {name: decided(it, model.threshold) for name, it in evaluation.for_task(schema.task).items()}
        bounds = None if model.level is None else model.bounds(parts.test, predicted)
        truth, scored = _truth(predicted, parts)
        others = _beside(parts, truth, metrics, model.threshold)
        found, gain = intervals(ranked(Judged(truth, scored, others[0][1])), metrics, evaluation.replicates)
        scores = Scores(
            objective=next(iter(metrics)),
            metrics=found,
            baselines=tuple(base for base, _ in others),
            gain=gain,
            predictions=tabulated(predicted, parts.test, schema, model.threshold, bounds),
            rows={"train": parts.train.height, "valid": parts.valid.height, "test": parts.test.height},
            slices=tuple(slices(evaluation.slices, parts.test, predicted, schema, metrics, evaluation.replicates)),
            notes=(*parts.notes, *(folds.notes if folds else ()), *_undefined(found, truth.size), *_alike(schema)),
            folds=folds,
        )
        if held := conformal.covered(scores.predictions):
            share, width = figures.percent(held[0]), figures.figure(held[1])
            scores = replace(
                scores, notes=(*scores.notes, f"intervals hold {share} of the test rows; mean width {width}")
            )
            now.say(scores.notes[-1])
        for line in said(scores, FAMILIAR[schema.task]):
            now.say(line)
        for line in (*weaker(scores, metrics[scores.objective].greater_is_better), *_alike(schema)):
            now.say(line)
    return scores


def _over_folds(model: Fitted, parts: Parts, evaluation: Evaluation) -> CrossValidation | None:
    """What the models without a fold are worth; None where there are no folds."""
    from .cross_validation import cross_validation

    if parts.fold is None:
        return None
    if not model.folds:
        what = "the model was fitted without regard to folds."
        raise Mistake(Problem(what, ("split", "folds"), hint="Let overture.runtime.fit do it, or leave folds out."))
    return cross_validation(model.folds, parts.schema, evaluation)


def _undefined(found: dict[str, Interval], rows: int) -> list[str]:
    """A note for each metric that is not defined, which the objective must be."""
    undefined, objective = [name for name, score in found.items() if math.isnan(score.value)], next(iter(found))
    if objective in undefined:
        what = f"{objective} is not defined on these {figures.count(rows)} test rows."
        hint = "It needs test rows of every class, or more than one row. Choose another objective or split."
        raise Mistake(Problem(what, ("evaluation", "objective"), hint=hint))
    return [f"{name} is not defined on these test rows" for name in undefined]


def _alike(schema: Schema) -> list[str]:
    """What should be known of scores where rows have weights."""
    return [] if schema.weight is None else [f"scores count every test row alike, whatever its {schema.weight}"]


def intervals(judged: Judged, metrics: dict[str, Metric], replicates: int) -> tuple[dict[str, Interval], Interval]:
    """Each metric of the model, and how much better than the baseline it is in the first one, each with its interval."""
    import numpy as np

    from . import bootstrap

    rows = judged.truth.size
    weighed = judged.rows(bootstrap.sample(rows))
    objective, first = next(iter(metrics.items()))
    drawn: dict[str, list[Array]] = {name: [] for name in metrics}
    gains: list[Array] = []
    sign = 1.0 if first.greater_is_better else -1.0
    for weights in bootstrap.weights(replicates, weighed.truth.size):
        for name, metric in metrics.items():
            drawn[name].append(metric.score(weighed.truth, weighed.model, weights))
        base = first.score(weighed.truth, weighed.baseline, weights)
        gains.append(sign * (drawn[objective][-1] - base))
    found = {
        name: bootstrap.interval(
            plain(metric, judged.truth, judged.model),
            plain(metric, weighed.truth, weighed.model),
            np.concatenate(drawn[name]),
            rows,
        )
        for name, metric in metrics.items()
    }
    whole, part = (
        sign * (plain(first, some.truth, some.model) - plain(first, some.truth, some.baseline))
        for some in (judged, weighed)
    )
    return found, bootstrap.interval(whole, part, np.concatenate(gains), rows)


def said(scores: Scores, familiar: str) -> list[str]:
    """Lines for people: the model's familiar metric and its objective, below them by folds, and of each baseline."""
    names = [familiar] if familiar in scores.metrics else []
    names = list(dict.fromkeys([*names, scores.objective, *scores.metrics]))[:2]
    model = [
        f"{names[0]} {scores.metrics[names[0]]}",
        *(f"{n} {figures.figure(scores.metrics[n].value)}" for n in names[1:]),
    ]
    lines = [model]
    if scores.folds is not None:
        found = [f"{name} {scores.folds.metrics[name]}" for name in names]
        lines.append([f"over {len(scores.folds.rows)} folds: {found[0]}", *found[1:]])
    for base in scores.baselines:
        found = [f"{name} {figures.figure(base.metrics[name])}" for name in names]
        lines.append([f"{base.label}: {found[0]}", *found[1:]])
    width = max(len(line[0]) for line in lines)
    return ["   ".join([line[0].ljust(width), *line[1:]]).rstrip() for line in lines]


def weaker(scores: Scores, greater_is_better: bool) -> list[str]:
    """A line for each part of the test rows on which the model is clearly worse than on all of them."""
    name, whole = scores.objective, scores.metrics[scores.objective].value
    lines = []
    for part in scores.slices:
        found = part.metrics.get(name)
        if found and (found.high < whole if greater_is_better else found.low > whole):
            rows = figures.counted(part.rows, "row")
            lines.append(f"weaker where {part.column} is {part.value}: {name} {found} on {rows}")
    return lines


def ranked(judged: Judged) -> Judged:
    """The rows in the order of the model's score, which makes ranking cheap."""
    import numpy as np

    return judged if judged.model.ndim == 1 else judged.rows(np.argsort(judged.model[:, -1], kind="stable"))


def plain(metric: Metric, truth: Array, predicted: Array) -> float:
    """A metric over rows of equal weight; nan where it is not defined."""
    import numpy as np

    return float(metric.score(truth, predicted, np.ones((1, truth.size)))[0])


def finite(predicted: Array, rows: pl.DataFrame, noun: str) -> Array:
    """Predictions as they are.

    noun: what the rows are called. Raises Mistake when one is no number.
    """
    import numpy as np

    wrong = ~np.isfinite(predicted.reshape(rows.height, -1)).all(axis=1)
    if wrong.any():
        many = f"{figures.count(int(wrong.sum()))} of {figures.counted(rows.height, noun)}"
        raise Mistake(
            Problem(
                f"the model's prediction is not a number for {many}, first for row {rows['_row'][int(wrong.argmax())]}.",
                ("model",),
                hint="Look for missing or huge values in the columns, and at the model's params.",
            )
        )
    return predicted


def _truth(predicted: Array, parts: Parts) -> tuple[Array, Array]:
    """The truth and the prediction of the rows to score.

    Raises Mistake when there are none.
    """
    truth, scored = scoreable(parts.test[parts.schema.target], predicted, parts.schema)
    if not truth.size:
        raise Mistake(
            Problem("no test row has a class that a training row has.", ("split",), hint="Choose another split.")
        )
    return truth, scored


def _beside(
    parts: Parts, truth: Array, metrics: dict[str, Metric], threshold: float | None
) -> list[tuple[BaselineScores, Array]]:
    """The baselines and what they say of the rows to score, the best in the objective first."""
    import polars as pl

    from .baselines import baselines

    schema, found = parts.schema, []
    known = pl.concat([parts.train, parts.valid])
    for base in baselines(known, parts.test, schema, parts.by, threshold):
        _, said = scoreable(parts.test[schema.target], base.predicted, schema)
        values = {name: plain(metric, truth, said) for name, metric in metrics.items()}
        found.append((BaselineScores(base.name, base.label, values), said))
    objective, first = next(iter(metrics.items()))
    sign = -1.0 if first.greater_is_better else 1.0
    return sorted(
        found, key=lambda it: math.inf if math.isnan(it[0].metrics[objective]) else sign * it[0].metrics[objective]
    )


def scoreable(target: pl.Series, predicted: Array, schema: Schema) -> tuple[Array, Array]:
    """The truth of rows and what is predicted for them, as metrics take them; rows of a class nobody learned are left out.

    predicted: (rows, classes) in the order of schema.classes, or (rows,) for regression.
    """
    import numpy as np
    import polars as pl

    if not schema.classification:
        return target.cast(pl.Float64).to_numpy(), predicted
    order = np.array(classes.scoring_order(schema))
    number = classes.numbers(target, schema.classes or [])
    known = np.flatnonzero(number >= 0)
    return np.argsort(order)[number[known]].astype(np.float64), predicted[np.ix_(known, order)]


def tabulated(
    predicted: Array, test: pl.DataFrame, schema: Schema, threshold: float | None, bounds: Array | None
) -> pl.DataFrame:
    """Predictions as a run keeps them, a row a row: see Scores.predictions.

    threshold: from which probability on the positive class is predicted. bounds: (rows, 2), of intervals.
    """
    import polars as pl

    columns: dict[str, pl.Series] = {"_row": test["_row"], "target": test[schema.target]}
    if schema.classification:
        known = schema.classes or []
        labels = pl.Series(known, dtype=test[schema.target].dtype)
        columns["prediction"] = labels.gather(classes.decide(predicted, schema, threshold))
        columns |= {f"probability: {classes.text(label)}": pl.Series(predicted[:, i]) for i, label in enumerate(known)}
    else:
        columns["prediction"] = pl.Series(predicted)
        if bounds is not None:
            columns |= {name: pl.Series(end) for name, end in zip(BOUNDS, bounds.T, strict=True)}
    if schema.key is not None:
        name = f"key: {schema.key}" if schema.key in columns else schema.key
        columns = {"_row": columns.pop("_row"), name: test[schema.key], **columns}
    return pl.DataFrame(columns)
