"""What each input adds to the raw score over many rows: SHAP values (Lundberg and Lee 2017), as the model computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..shapley import Effort, sampling
from .subject import Subject, rounded

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROWS = 500
"""Rows that are explained where the values are exact."""
LEAST_ROWS = 10
"""Rows that are explained; where a prediction is too dear for that, none."""
ENOUGH = 25
"""Rows for whose sake less is sampled of each."""
EFFORTS = (Effort(), Effort(pairs=2, usual=20), Effort(pairs=1, usual=10))
"""How much is sampled for each row, the first that leaves ENOUGH rows."""
NODE = 0.25
"""Microseconds that following a row through a node takes, where values are exact."""
DRAWN = 120
"""Rows of which a dot is drawn."""
INPUTS = 20
"""Inputs that are drawn."""


def summary(subject: Subject) -> dict[str, Any] | None:
    """The mean size of what each input adds, and the values of some rows, the greatest first.

    {method, rows, apart (how far the sum is from the raw score at most), inputs: [{input, size, low, high, points}]};
    size is per class for several classes. A point is [value, shade]: shade is the rank of the input's value from 0 to 1, null
    for labels and missing values. low and high: the 95 % interval of the mean over inputs. None: that would be too dear.
    """
    import numpy as np

    model, (effort, most) = subject.model, extent(subject)
    if not most:
        return None
    rows = subject.rows.head(most)
    with sampling(effort):
        found = model.explain(rows)
    values = found.contributions
    apart = float(np.abs(found.base + values.sum(axis=1) - model.raw(rows)).max())
    sizes = np.abs(values)
    order = np.argsort(-sizes.mean(axis=(0, 2)), kind="stable")
    names = list(subject.schema.inputs)
    inputs = [
        _input(names[place], rows[names[place]], values[:, place], drawn=i < INPUTS) for i, place in enumerate(order)
    ]
    return {
        "method": found.method,
        "exact": found.exact,
        "rows": rows.height,
        "apart": rounded(apart),
        "inputs": inputs,
    }


def extent(subject: Subject) -> tuple[Effort, int]:
    """How much is sampled for each row, and how many rows are explained; 0: too few could be."""
    with sampling(Effort(pairs=1, usual=1)):  # only to see whether it is exact
        first = subject.model.explain(subject.rows.head(1))
    allowed, cost = subject.allowed("shap"), subject.model.cost.prediction
    most = min(ROWS, subject.rows.height)
    if first.exact:
        return EFFORTS[0], min(most, max(LEAST_ROWS, int(allowed / (cost + first.nodes * NODE))))
    for effort in EFFORTS:
        rows = int(allowed / (cost * effort.predictions(len(subject.schema.inputs))))
        if rows >= min(ENOUGH, most):
            return effort, min(rows, most)
    return EFFORTS[-1], rows if rows >= min(LEAST_ROWS, most) else 0


def _input(name: str, values: pl.Series, added: Array, *, drawn: bool) -> dict[str, Any]:
    """added: (rows, outputs)."""
    import numpy as np

    size = np.abs(added).mean(axis=1)
    reach = 1.959964 * float(size.std()) / np.sqrt(size.size)
    middle = float(size.mean())
    told: dict[str, Any] = {"input": name, "size": rounded(middle)}
    told |= {"low": rounded(max(0.0, middle - reach)), "high": rounded(middle + reach)}
    if added.shape[1] > 1:
        told["by_class"] = [rounded(float(one)) for one in np.abs(added).mean(axis=0)]
    elif drawn:
        points = zip(added[:DRAWN, 0].tolist(), _shades(values)[:DRAWN], strict=True)
        told["points"] = [[rounded(value), shade] for value, shade in points]
    return told


def _shades(values: pl.Series) -> list[float | None]:
    """Where a value stands among all, from 0 to 1; None for labels and missing values."""
    if not (values.dtype.is_numeric() or values.dtype.is_temporal()):
        return [None] * values.len()
    ranks = values.rank("average")
    return ((ranks - 1) / max(1, values.count() - 1)).round(2).to_list()
