"""Two runs beside each other on the same test rows: which is better, and whether the difference is real."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Mistake
from ..scores import Interval
from .run import PREDICTIONS, Run
from .store import comparable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..metric import Metric

    Array = NDArray[np.float64]

REPLICATES = 200


def difference(run: Run, other: Run) -> Interval | None:
    """How much better `run` is than `other` in their objective, with its 95 % interval; positive is better.

    Paired: each bootstrap replicate weighs the rows of both runs alike, so what makes rows hard for both cancels out.
    None when they were not scored on the same rows, when they learned other classes, or when what is needed is gone.
    """
    from ..measuring import Judged, intervals

    if comparable(run) != comparable(other):
        return None
    try:
        metric = _metric(run)
        (truth, ours), (_, theirs) = _scored(run, metric), _scored(other, metric)
    except (Mistake, OSError, KeyError):
        return None
    if ours.shape != theirs.shape or not truth.size:
        return None
    _, gain = intervals(Judged(truth, ours, theirs), {run.facts["objective"]: metric}, REPLICATES)
    return gain


def _metric(run: Run) -> Metric:
    from ..evaluation import Evaluation

    return Evaluation.model_validate({}, context=run.root).metric(run.facts["objective"], run.facts["task"])


def _scored(run: Run, metric: Metric) -> tuple[Array, Array]:
    """Truth and prediction of the test rows; where the metric asks for decisions only, as a threshold of the run made them."""
    import numpy as np
    import polars as pl

    from .. import classes
    from ..measuring import scoreable

    schema, rows = run.schema(), pl.read_parquet(run.folder / PREDICTIONS)
    if not schema.classification:
        return scoreable(rows["target"], rows["prediction"].to_numpy(), schema)
    names = [f"probability: {classes.text(label)}" for label in schema.classes or ()]
    truth, predicted = scoreable(rows["target"], rows.select(names).to_numpy(), schema)
    if metric.of_decisions and (threshold := run.facts.get("threshold")):
        positive = (predicted[:, 1] >= threshold["value"]).astype(float)
        predicted = np.stack([1 - positive, positive], axis=1)
    return truth, predicted
