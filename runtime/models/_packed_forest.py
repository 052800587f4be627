"""A forest of scikit-learn as a few long arrays, which are written and read many times as fast as thousands of small objects."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

_OWN = ("tree_", "random_state")
"""What tells one tree of a forest from the others; everything else they share."""


def packed(estimator: Any) -> dict[str, Any]:
    """Under "estimator" a fitted forest with its first tree alone, and under "trees" all its trees as arrays.

    The estimator alone where it is no forest, or its trees differ in more than what they learned.
    """
    from sklearn.ensemble._forest import BaseForest

    if not isinstance(estimator, BaseForest) or not estimator.estimators_:
        return {"estimator": estimator}
    members = estimator.estimators_
    seeds = [member.random_state for member in members]
    if not _alike(members) or not all(isinstance(seed, int) for seed in seeds):
        return {"estimator": estimator}
    states = [member.tree_.__getstate__() for member in members]
    shell = copy.copy(estimator)
    shell.estimators_ = members[:1]
    trees = {
        "seeds": np.array(seeds, dtype=np.int64),
        "depths": np.array([state["max_depth"] for state in states], dtype=np.int64),
        "counts": np.array([state["node_count"] for state in states], dtype=np.int64),
        "nodes": np.concatenate([state["nodes"] for state in states]),
        "values": np.concatenate([state["values"] for state in states]),
    }
    return {"estimator": shell, "trees": trees}


def unpacked(state: dict[str, Any]) -> dict[str, Any]:
    """The same with the forest that `packed` took apart, and without "trees".

    Raises ValueError when the arrays do not belong together.
    """
    from sklearn.tree._tree import Tree

    if "trees" not in state:
        return state
    trees, shell = state["trees"], state["estimator"]
    if len(shell.estimators_) != 1:
        raise ValueError("the first tree is missing")
    first = shell.estimators_[0]
    make, arguments, *_ = first.tree_.__reduce__()
    if make is not Tree:
        raise ValueError("the first tree is of another kind")
    if not int(trees["counts"].sum()) == len(trees["nodes"]) == len(trees["values"]) or trees["counts"].min() < 1:
        raise ValueError("nodes are missing")
    members, start = [], 0
    for seed, depth, count in zip(trees["seeds"], trees["depths"], trees["counts"], strict=True):
        tree, end = Tree(*arguments), start + int(count)
        own = slice(start, end)
        tree.__setstate__(
            {
                "max_depth": int(depth),
                "node_count": int(count),
                "nodes": trees["nodes"][own],
                "values": trees["values"][own],
            }
        )
        member = copy.copy(first)
        member.tree_, member.random_state = tree, int(seed)
        members.append(member)
        start = end
    shell.estimators_ = members
    return {name: value for name, value in state.items() if name != "trees"}


def _alike(members: list[Any]) -> bool:
    first, *others = ({key: value for key, value in vars(it).items() if key not in _OWN} for it in members)
    return all(type(it) is type(members[0]) for it in members) and all(_same(first, other) for other in others)


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        value is other[key] or np.array_equal(value, other[key]) for key, value in one.items()
    )
