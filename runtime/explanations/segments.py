"""Groups of rows on which a model is weak: found by a shallow tree on some of the rows, and measured on others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .codes import Codes
from .subject import Subject, rounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LEAST_ROWS = 200
"""Fewer rows are too few to look for groups in."""
DEPTH, LEAVES = 3, 8
ORDERED, FOUND = 0.25, 0.6
"""Up to which share of the rows labels are put in order, and from there up to which the tree is grown; the others measure."""
MOST = 0.5
"""The share of the rows above which a group is no group."""


def segments(subject: Subject) -> list[dict[str, Any]]:
    """The groups of rows on which the model errs clearly more than elsewhere, those with most to gain first.

    {where: [{column, is}], rows, share, loss: {value, low, high}, elsewhere, wrong: the same for the share of wrong labels, or null}.
    A group is told when the loss is greater there with a confidence of 95 % over all groups looked at (Bonferroni), on rows that the
    tree has not seen. Nothing personal and no text is looked at.
    """
    import numpy as np
    from sklearn.tree import DecisionTreeRegressor

    total = subject.rows.height
    first, then = int(ORDERED * total), int(FOUND * total)  # the rows come in an order drawn by chance
    codes = Codes.of(subject, first)
    if total < LEAST_ROWS or not codes.names:
        return []
    growing, losses = slice(first, then), subject.losses[then:]
    most = np.quantile(subject.losses[growing], 0.99)  # a few huge errors should not decide where the tree cuts
    least = max(20, (then - first) // 40)
    tree = DecisionTreeRegressor(max_depth=DEPTH, max_leaf_nodes=LEAVES, min_samples_leaf=least, random_state=0)
    tree.fit(codes.matrix[growing], np.minimum(subject.losses[growing], most))
    leaf, wrong = tree.apply(codes.matrix[then:]), _wrong(subject)
    tested = [node for node in np.unique(leaf).tolist() if 20 <= int((leaf == node).sum()) <= MOST * leaf.size]
    found = []
    for node in tested:
        inside = leaf == node
        told = _judged(losses, None if wrong is None else wrong[then:], inside, len(tested))
        if told is not None:
            found.append({"where": codes.words(tree.tree_, node), "rows": int(inside.sum()), **told})
    for one in found:
        one["share"] = rounded(one["rows"] / leaf.size)
    found.sort(key=lambda one: -one["rows"] * (one["loss"]["value"] - one["elsewhere"]))
    return found[: subject.settings.segments]


def _judged(losses: Array, wrong: Flags | None, inside: Flags, groups: int) -> dict[str, Any] | None:
    """The errors inside and outside of a group; None where they are not clearly greater inside."""
    from statistics import NormalDist

    import numpy as np

    from ..report.curves import wilson

    here, there = losses[inside], losses[~inside]
    apart = float(here.mean() - there.mean())
    unsure = float(np.sqrt(here.var(ddof=1) / here.size + there.var(ddof=1) / there.size))
    if not apart - NormalDist().inv_cdf(1 - 0.025 / groups) * unsure > 0:
        return None
    reach, middle = 1.959964 * float(here.std(ddof=1)) / np.sqrt(here.size), float(here.mean())
    told: dict[str, Any] = {
        "loss": {"value": rounded(middle), "low": rounded(max(0.0, middle - reach)), "high": rounded(middle + reach)},
        "elsewhere": rounded(float(there.mean())),
        "wrong": None,
    }
    if wrong is not None:
        share = float(wrong[inside].mean())
        low, high = wilson(share, here.size)
        told["wrong"] = {"value": rounded(share), "low": rounded(low), "high": rounded(high)}
        told["wrong"]["elsewhere"] = rounded(float(wrong[~inside].mean()))
    return told


def _wrong(subject: Subject) -> Flags | None:
    """(rows,) is the predicted label wrong? None: there are no labels."""
    if not subject.schema.classification:
        return None
    found: Flags = (subject.predictions["prediction"] != subject.predictions["target"]).to_numpy()
    return found
