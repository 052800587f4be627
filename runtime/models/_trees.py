"""Trees that scikit-learn grew, read into plain arrays over the columns of the encoded matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CODES = 256
"""Categories that hist_gradient_boosting can tell apart, and one more."""
_FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
_BOOSTED = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
_AS_THEY_ARE = (
    "log_loss",
    "squared_error",
    "absolute_error",
    "quantile",
)  # losses whose sums are log-odds or the value


@dataclass(frozen=True)
class Nodes:
    """The nodes of some trees, each tree's root known to its owner.

    A value goes left when it is at most the threshold, or when `codes` says so of a category; a missing one as `missing_left` says.
    """

    left: NDArray[np.int64]
    """The left child; a leaf has -1."""
    right: NDArray[np.int64]
    column: NDArray[np.int64]
    threshold: Array
    missing_left: NDArray[np.bool_]
    group: NDArray[np.int64]
    """The row of `codes` of a split by category; -1: by the threshold."""
    codes: NDArray[np.bool_]
    """(splits by category, 256): does this code go left?"""
    value: Array
    """What a leaf adds, (nodes, outputs)."""
    cover: Array
    """Weight of the training rows that came by."""

    def goes_left(self, nodes: NDArray[np.int64], values: Array) -> NDArray[np.bool_]:
        """Does each value go left at its node? The two are of one shape, or made so by broadcasting."""
        group, missing = self.group[nodes], np.isnan(values)
        left: NDArray[np.bool_] = values <= self.threshold[nodes]
        if len(self.codes):
            code = np.where((group >= 0) & ~missing, values, 0).astype(np.int64)
            left = np.where(group >= 0, self.codes[group, code], left)
        return np.where(missing, self.missing_left[nodes], left)

    @classmethod
    def together(cls, parts: list[Nodes]) -> tuple[Nodes, NDArray[np.int64]]:
        """The nodes of several trees in one table, and where the root of each is."""
        starts = np.cumsum([0, *(len(part.left) for part in parts)])
        groups = np.cumsum([0, *(len(part.codes) for part in parts)])

        def moved(name: str, by: NDArray[np.int64]) -> NDArray[np.int64]:
            arrays = [getattr(part, name) for part in parts]
            return np.concatenate([np.where(a >= 0, a + more, a) for a, more in zip(arrays, by, strict=False)])

        def joined(name: str) -> NDArray[Any]:
            return np.concatenate([getattr(part, name) for part in parts])

        others = {name: joined(name) for name in ("column", "threshold", "missing_left", "codes", "value", "cover")}
        left, right = moved("left", starts), moved("right", starts)
        return cls(left=left, right=right, group=moved("group", groups), **others), starts[:-1]

    def taken(self, order: NDArray[np.int64]) -> Nodes:
        """The nodes in another order, which holds each once."""
        at = np.empty_like(order)
        at[order] = np.arange(len(order))
        links = {name: getattr(self, name)[order] for name in ("left", "right")}
        moved = {name: np.where(old >= 0, at[old], -1) for name, old in links.items()}
        others = ("column", "threshold", "missing_left", "group", "value", "cover")
        return replace(self, **moved, **{name: getattr(self, name)[order] for name in others})


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaves are added up, in order."""

    trees: list[Nodes]
    start: Array
    """What the sums start from, (outputs,)."""
    boosted: bool
    """Does each tree add to one output, in turn (then the sums are raw scores), or each to all, and is their mean taken?"""

    @property
    def outputs(self) -> int:
        """How many sums there are."""
        return len(self.start)


def ensemble(estimator: Any) -> Ensemble | None:
    """The trees of a random forest, of extra trees, or of hist_gradient_boosting; None: it is something else."""
    kind = type(estimator)
    if not kind.__module__.startswith("sklearn.ensemble."):
        return None
    if kind.__name__ in _FORESTS and estimator.n_outputs_ == 1:
        trees = [_grown(each.tree_) for each in estimator.estimators_]
        return Ensemble(trees, np.zeros(trees[0].value.shape[1]), False)
    if kind.__name__ in _BOOSTED and estimator.loss in _AS_THEY_ARE:
        columns, places = _columns(estimator)
        trees = [_boosted(it, columns, places) for round_ in estimator._predictors for it in round_]
        start = np.asarray(estimator._baseline_prediction, dtype=np.float64).ravel()
        return Ensemble(trees, start, True)
    return None


def levels(nodes: Nodes, roots: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The nodes by their depth: first the roots; the children of a node side by side, in the order of their parents."""
    found, here = [], roots
    while len(here):
        found.append(here)
        parents = here[nodes.left[here] >= 0]
        here = np.stack([nodes.left[parents], nodes.right[parents]], axis=1).ravel()
    return found


def _grown(tree: Any) -> Nodes:
    """A tree of a forest."""
    leaf, count = tree.children_left < 0, tree.node_count
    return Nodes(
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        column=np.where(leaf, 0, tree.feature),
        threshold=np.where(leaf, np.inf, tree.threshold),
        missing_left=leaf | tree.missing_go_to_left.astype(bool),
        group=np.full(count, -1),
        codes=np.zeros((0, CODES), dtype=bool),
        value=tree.value[:, 0, :].copy(),
        cover=tree.weighted_n_node_samples.copy(),
    )


def _boosted(tree: Any, columns: NDArray[np.int64], places: dict[int, NDArray[np.int64]]) -> Nodes:
    """A tree of hist_gradient_boosting."""
    nodes = tree.nodes
    leaf = nodes["is_leaf"].astype(bool)
    by_code = ~leaf & nodes["is_categorical"].astype(bool)
    column, missing_left = np.where(leaf, 0, columns[nodes["feature_idx"]]), leaf | (nodes["missing_go_to_left"] != 0)
    sets = np.unpackbits(tree.raw_left_cat_bitsets.astype("<u4").view(np.uint8), axis=1, bitorder="little")
    codes = np.zeros((by_code.sum(), CODES), dtype=bool)
    for row, node in enumerate(np.flatnonzero(by_code)):
        place = places[int(column[node])]
        codes[row] = np.where(place < 0, missing_left[node], sets[nodes["bitset_idx"][node], np.maximum(place, 0)])
    return Nodes(
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        column=column,
        threshold=np.where(leaf, np.inf, nodes["num_threshold"]),
        missing_left=missing_left,
        group=np.where(by_code, np.cumsum(by_code) - 1, -1),
        codes=codes,
        value=np.where(leaf, nodes["value"], 0.0)[:, None],
        cover=nodes["count"].astype(np.float64),
    )


def _columns(estimator: Any) -> tuple[NDArray[np.int64], dict[int, NDArray[np.int64]]]:
    """Which column of the matrix each of the estimator's is, for it puts those of categories first; and by column of categories,
    which of the estimator's own numbers each code has, -1 where it has none and counts as missing."""
    chosen = estimator.is_categorical_
    if chosen is None:
        return np.arange(estimator.n_features_in_), {}
    columns = np.concatenate([np.flatnonzero(chosen), np.flatnonzero(~chosen)])
    places = {}
    for column, known in zip(columns, estimator._preprocessor.named_transformers_["encoder"].categories_, strict=False):
        places[int(column)] = np.full(CODES, -1)
        codes = known[~np.isnan(known)].astype(np.int64)
        places[int(column)][codes] = np.arange(len(codes))
    return columns, places


def leaves(nodes: Nodes) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """The leaves of one tree from left to right, and for each node the first of its leaves and the one after its last."""
    order: list[int] = []
    spans = [(0, 0)] * len(nodes.left)
    waiting = [(0, -1)]
    while waiting:
        node, first = waiting.pop()
        if first >= 0:
            spans[node] = (first, len(order))
        elif nodes.left[node] < 0:
            spans[node] = (len(order), len(order) + 1)
            order.append(node)
        else:
            waiting += [(node, len(order)), (int(nodes.right[node]), -1), (int(nodes.left[node]), -1)]
    return np.array(order), spans
