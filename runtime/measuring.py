"""Judge a model on the test rows, beside a baseline that looks at no column."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import classes, conformal, figures
from .errors import Mistake, Problem
from .metric import decided
from .prediction import BOUNDS
from .progress import step
from .scores import Interval, Scores
from .slices import slices

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from .evaluation import Evaluation
    from .metric import Metric
    from .model import Fitted
    from .parts import Parts
    from .schema import Schema

    Array = NDArray[np.float64]

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
    """The metrics of `evaluation` on the test rows, with 95 % bootstrap intervals.

    Raises Mistake when the model predicts what is no number, when no test row can be scored, and when the objective
    is not defined on these rows.
    """
    with step("evaluate") as now:
        schema = parts.schema
        predicted = predicted_for(model, parts.test, "test row")
        judged, label = _judged(predicted, parts, model.threshold)
        chosen = {name: evaluation.metric(name, schema.task) for name in evaluation.chosen(schema.task)}
        metrics = {name: decided(metric, model.threshold) for name, metric in chosen.items()}
        found, gain = intervals(judged, metrics, evaluation.replicates)
        undefined = [name for name, score in found.items() if math.isnan(score.value)]
        objective = next(iter(metrics))
        if objective in undefined:
            raise Mistake(
                Problem(
                    f"{objective} is not defined on these {figures.count(judged.truth.size)} test rows.",
                    ("evaluation", "objective"),
                    hint="It needs test rows of every class, or more than one row. Choose another objective or split.",
                )
            )
        baseline = {name: plain(metric, judged.truth, judged.baseline) for name, metric in metrics.items()}
        notes = (*parts.notes, *(f"{name} is not defined on these test rows" for name in undefined))
        scores = Scores(
            objective=objective,
            metrics=found,
            baseline=baseline,
            baseline_label=label,
            gain=gain,
            predictions=tabulated(model, predicted, parts.test, schema),
            rows={"train": parts.train.height, "valid": parts.valid.height, "test": parts.test.height},
            slices=tuple(slices(evaluation.slices, parts.test, predicted, schema, metrics, evaluation.replicates)),
            notes=notes,
        )
        if held := conformal.covered(scores.predictions):
            share, width = figures.percent(held[0]), figures.figure(held[1])
            scores = replace(
                scores, notes=(*scores.notes, f"intervals hold {share} of the test rows; mean width {width}")
            )
            now.say(scores.notes[-1])
        for line in said(scores, FAMILIAR[schema.task]):
            now.say(line)
        for line in weaker(scores, metrics[objective].greater_is_better):
            now.say(line)
    return scores


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
    """Two lines for people: the model's familiar metric and its objective, and below them the baseline's."""
    names = [familiar] if familiar in scores.metrics else []
    names = list(dict.fromkeys([*names, scores.objective, *scores.metrics]))[:2]
    model = [
        f"{names[0]} {scores.metrics[names[0]]}",
        *(f"{n} {figures.figure(scores.metrics[n].value)}" for n in names[1:]),
    ]
    baseline = [f"{name} {figures.figure(scores.baseline[name])}" for name in names]
    baseline[0] = f"{scores.baseline_label}: {baseline[0]}"
    width = max(len(model[0]), len(baseline[0]))
    return ["   ".join([line[0].ljust(width), *line[1:]]).rstrip() for line in (model, baseline)]


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


def plain(metric: Metric, truth: Array, predicted: Array) -> float:
    """A metric over rows of equal weight; nan where it is not defined."""
    import numpy as np

    return float(metric.score(truth, predicted, np.ones((1, truth.size)))[0])


def predicted_for(model: Fitted, rows: pl.DataFrame, noun: str) -> Array:
    """What the model predicts for rows.

    noun: what the rows are called. Raises Mistake when a prediction is no number.
    """
    import numpy as np

    predicted = model.predict(rows)
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


def _judged(predicted: Array, parts: Parts, threshold: float | None) -> tuple[Judged, str]:
    """The rows to score, in the order of the model's score, which makes ranking cheap; and what the baseline says."""
    import numpy as np
    import polars as pl

    schema = parts.schema
    learned = pl.concat([parts.train[schema.target], parts.valid[schema.target]])
    truth, scored = scoreable(parts.test[schema.target], predicted, schema)
    if not schema.classification:
        mean = float(learned.cast(pl.Float64).to_numpy().mean())
        return Judged(truth, scored, np.full(truth.size, mean)), f"always the mean, {figures.figure(mean)}"
    from .spec import written

    known, order = schema.classes or [], np.array(classes.scoring_order(schema))
    shares = np.bincount(classes.numbers(learned, known), minlength=len(known)) / learned.len()
    often = known[classes.decide(shares[None, :], schema, threshold)[0]]
    if not truth.size:
        raise Mistake(
            Problem("no test row has a class that a training row has.", ("split",), hint="Choose another split.")
        )
    ranked = np.argsort(scored[:, -1], kind="stable")
    baseline = np.broadcast_to(shares[order], (truth.size, order.size))
    return Judged(truth[ranked], scored[ranked], baseline), f"always {written(often)}"


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


def tabulated(model: Fitted, predicted: Array, test: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Predictions as a run keeps them, a row a row: see Scores.predictions."""
    import polars as pl

    columns: dict[str, pl.Series] = {"_row": test["_row"], "target": test[schema.target]}
    if schema.classification:
        known = schema.classes or []
        labels = pl.Series(known, dtype=test[schema.target].dtype)
        columns["prediction"] = labels.gather(classes.decide(predicted, schema, model.threshold))
        columns |= {f"probability: {classes.text(label)}": pl.Series(predicted[:, i]) for i, label in enumerate(known)}
    else:
        columns["prediction"] = pl.Series(predicted)
        if model.level is not None:
            columns |= {name: pl.Series(end) for name, end in zip(BOUNDS, model.bounds(test, predicted).T, strict=True)}
    if schema.key is not None:
        name = f"key: {schema.key}" if schema.key in columns else schema.key
        columns = {"_row": columns.pop("_row"), name: test[schema.key], **columns}
    return pl.DataFrame(columns)
