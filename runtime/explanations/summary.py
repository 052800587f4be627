"""What each input adds to the raw score over many rows: SHAP values (Lundberg and Lee 2017), as the model computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .subject import Subject, rounded

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROWS = 500
"""Rows that are explained where the values are exact."""
BUDGET = 50_000
"""Predictions, or what costs as much, that are made at most, as long as LEAST_ROWS are explained."""
LEAST_ROWS = 10
A_ROW = 300
"""Predictions that one row costs for each input, where the values are sampled."""
NODES_OF_A_PREDICTION = 500
"""Nodes of trees that cost as much as a prediction, where values are exact."""
DRAWN = 120
"""Rows of which a dot is drawn."""
INPUTS = 20
"""Inputs that are drawn."""


def summary(subject: Subject) -> dict[str, Any]:
    """The mean size of what each input adds, and the values of some rows, the greatest first.

    {method, rows, apart (how far the sum is from the raw score at most), inputs: [{input, size, low, high, points}]};
    size is per class for several classes. A point is [value, shade]: shade is the rank of the input's value from 0 to 1, null
    for labels and missing values. low and high: the 95 % interval of the mean over inputs.
    """
    import numpy as np

    model, first = subject.model, subject.model.explain(subject.rows.head(1))
    exact = first.exact
    dear = first.nodes // NODES_OF_A_PREDICTION if exact else A_ROW * len(subject.schema.inputs)
    most = min(ROWS, max(LEAST_ROWS, BUDGET // max(1, dear)))
    rows = subject.rows.head(most)
    found = model.explain(rows)
    values = found.contributions
    apart = float(np.abs(found.base + values.sum(axis=1) - model.raw(rows)).max())
    sizes = np.abs(values)
    order = np.argsort(-sizes.mean(axis=(0, 2)), kind="stable")
    names = list(subject.schema.inputs)
    inputs = [
        _input(names[place], rows[names[place]], values[:, place], drawn=i < INPUTS) for i, place in enumerate(order)
    ]
    return {"method": found.method, "exact": exact, "rows": rows.height, "apart": rounded(apart), "inputs": inputs}


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
