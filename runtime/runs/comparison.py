"""Two runs beside each other on the same test rows: which is better, and whether the difference is real."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..errors import Mistake
from ..scores import Interval
from .run import PREDICTIONS, Run
from .store import comparable

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..metric import Metric

    Array = NDArray[np.float64]

REPLICATES = 200


def difference(run: Run, other: Run) -> Interval | None:
    """How much better `run` is than `other` in their objective, with its 95 % interval; positive is better.

    Paired: each bootstrap replicate weighs the rows of both runs alike, so what makes rows hard for both cancels out.
    None when they were not scored on the same rows, when they learned other classes, or when what is needed is gone.
    """
    return next(differences(run, [other]))


def differences(run: Run, others: Iterable[Run]) -> Iterator[Interval | None]:
    """The `difference` of a run from each of others, in their order."""
    side: tuple[Metric, Array, Array] | None = None
    for other in others:
        if comparable(run) != comparable(other):
            yield None
            continue
        try:
            if side is None:
                metric = metric_of(run, run.facts["objective"])
                side = (metric, *_scored(run, metric))
            yield _difference(run, other, *side)
        except (Mistake, OSError, KeyError):
            yield None


def _difference(run: Run, other: Run, metric: Metric, truth: Array, ours: Array) -> Interval | None:
    from ..measuring import Judged, intervals

    _, theirs = _scored(other, metric)
    if ours.shape != theirs.shape or not truth.size:
        return None
    _, gain = intervals(Judged(truth, ours, theirs), {run.facts["objective"]: metric}, REPLICATES)
    return gain


def _scored(run: Run, metric: Metric) -> tuple[Array, Array]:
    import polars as pl

    return scored(run, metric, pl.read_parquet(run.folder / PREDICTIONS))


def metric_of(run: Run, name: str) -> Metric:
    """A metric of a run's project by its name.

    Raises Mistake when the project has no such metric any more.
    """
    from ..evaluation import Evaluation

    return Evaluation.model_validate({}, context=run.root).metric(name, run.facts["task"])


def scored(run: Run, metric: Metric, rows: pl.DataFrame) -> tuple[Array, Array]:
    """Truth and prediction, as the metric takes them; where it asks for decisions only, as a threshold of the run made them.

    rows: predictions of the run, as in predictions.parquet.
    """
    import numpy as np

    from .. import classes
    from ..measuring import scoreable

    schema = run.schema()
    if not schema.classification:
        return scoreable(rows["target"], rows["prediction"].to_numpy(), schema)
    names = [f"probability: {classes.text(label)}" for label in schema.classes or ()]
    truth, predicted = scoreable(rows["target"], rows.select(names).to_numpy(), schema)
    if metric.of_decisions and (threshold := run.facts.get("threshold")):
        positive = (predicted[:, 1] >= threshold["value"]).astype(float)
        predicted = np.stack([1 - positive, positive], axis=1)
    return truth, predicted
