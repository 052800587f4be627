"""Tables in which the trees of a CatBoost model are looked up by a few calls of numpy.

A value of an input is known by its line: how many borders a number is above, or which label a category is. What the trees ask of
one input is answered by line beforehand, for all trees at once; what they ask of combinations is looked up by a key, to which every
line adds its part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_ONCE = 1 << 18  # numbers that are added up in one go
_MANY = 96  # rows from which adding input by input is faster, for more stays in the cache


@dataclass(frozen=True)
class Input:
    """How an input of the model is read; its lines are counted from `start`."""

    place: int
    start: int
    missing: int
    """The line of a missing value, or of a label that was never seen."""
    edges: NDArray[np.float64] | None
    """A number's line is how many of these it is above; None: the line of a category is its code."""


@dataclass(frozen=True)
class Seen:
    """Combinations of which too much is possible: what training saw is looked up by its hash."""

    hashes: NDArray[np.uint64]
    """By line: what is added, modulo 2**64, to the hash of each combination, (lines, combinations)."""
    known: NDArray[np.uint64]
    """The hashes that training saw, in ascending order, and another."""
    keys: NDArray[np.int32]
    """The key of each; 0 is that of all others."""

    def of(self, lines: NDArray[np.intp]) -> NDArray[np.int32]:
        """(combinations, rows)"""
        hashes = np.add.reduce(self.hashes.take(lines, axis=0), axis=0, dtype=np.uint64).T
        places = np.searchsorted(self.known[:-1], hashes)
        found: NDArray[np.int32] = self.keys.take(places) * (self.known.take(places) == hashes)
        return found


@dataclass(frozen=True)
class Tables:
    """Trees that ask one question a level, those first that ask most about combinations."""

    inputs: list[Input]
    """Those of numbers first."""
    lines: NDArray[np.uint16]
    """By line: the bits of all leaves' numbers, then what is added to the key of each combination; to be summed over the inputs."""
    seen: Seen | None
    """Combinations whose keys come after those."""
    layers: list[slice]
    """Questions about combinations, each of another tree: of the first trees, in their order."""
    trees: NDArray[np.intp]
    """Of each such question: its tree, the group that has its answer, and its level's bit in the leaf's number."""
    groups: NDArray[np.intp]
    levels: NDArray[Any]
    columns: NDArray[np.intp]
    """Of each group of questions about one combination: the column of its key, and where its answers start."""
    starts: NDArray[Any]
    answers: NDArray[Any]
    """By key, each at its level's bit."""
    order: NDArray[np.intp]
    """Where each tree is, in the order in which CatBoost adds them."""
    firsts: NDArray[Any]
    """The first leaf of each tree, in that order."""
    leaves: NDArray[np.float64]
    """What each adds, (leaves, outputs), or (leaves,) where that is one number."""
    scale: float
    bias: NDArray[np.float64]

    @property
    def outputs(self) -> int:
        """How many scores a row has."""
        return int(self.leaves[0].size)

    @property
    def step(self) -> int:
        """How many rows are added up in one go."""
        return max(_MANY, _AT_ONCE // (len(self.firsts) * self.outputs))

    def raw(self, lines: NDArray[np.intp]) -> NDArray[np.float64]:
        """The raw scores (rows, outputs) of rows given by the lines of their inputs, (inputs, rows)."""
        rows = lines.shape[1]
        if rows == 1:
            sums = self._one(lines[:, 0])
        else:
            parts = [lines[:, i : i + self.step] for i in range(0, rows, self.step)]
            found = [self._many(it) if it.shape[1] > 1 else self._one(it[:, 0]) for it in parts]
            sums = found[0] if len(found) == 1 else np.concatenate(found)
        sums = sums.reshape(rows, -1)
        return sums if self.scale == 1.0 and not self.bias.any() else sums * self.scale + self.bias

    def _one(self, lines: NDArray[np.intp]) -> NDArray[np.float64]:
        found = np.add.reduce(self.lines.take(lines, axis=0), axis=0, dtype=np.uint16)
        leaf, keys = self._divided(found)
        if len(self.trees):
            if self.seen is not None:
                keys = np.concatenate([keys, self.seen.of(lines[:, None])[:, 0]])
            answers = self.answers.take(keys.take(self.columns) + self.starts)
            np.add.at(leaf, self.trees, answers.take(self.groups) & self.levels)
        values = self.leaves.take(leaf.take(self.order) + self.firsts, axis=0)
        # Not reduced: numpy would add numbers that lie side by side in another order.
        return np.add.accumulate(values, axis=0)[-1:]

    def _many(self, lines: NDArray[np.intp]) -> NDArray[np.float64]:
        leaf, keys = (np.ascontiguousarray(part.T) for part in self._divided(self._added(lines)))
        if len(self.trees):
            if self.seen is not None:
                keys = np.concatenate([keys, self.seen.of(lines)])
            answers = self.answers.take(keys.take(self.columns, axis=0) + self.starts[:, None], mode="clip")
            adds = answers.take(self.groups, axis=0) & self.levels[:, None]
            for layer in self.layers:
                more = adds[layer]
                leaf[: len(more)] += more
        values = self.leaves.take(leaf.take(self.order, axis=0) + self.firsts[:, None], axis=0, mode="clip")
        sums: NDArray[np.float64] = np.add.reduce(values, axis=0)
        return sums

    def _added(self, lines: NDArray[np.intp]) -> NDArray[np.uint16]:
        """(rows, …)"""
        if lines.shape[1] < _MANY:
            parts = self.lines.take(lines, axis=0, mode="clip")
            sums: NDArray[np.uint16] = np.add.reduce(parts, axis=0, dtype=np.uint16)
            return sums
        found: NDArray[np.uint16] = self.lines.take(lines[0], axis=0)
        part = np.empty_like(found)
        for line in lines[1:]:
            found += self.lines.take(line, axis=0, out=part, mode="clip")
        return found

    def _divided(self, found: NDArray[np.uint16]) -> tuple[NDArray[Any], NDArray[np.uint16]]:
        """The numbers of the leaves, (…, trees), and the keys."""
        trees, word = len(self.firsts), self.answers.dtype
        bits = width(trees, word)
        return found[..., :bits].view(word)[..., :trees], found[..., bits:]


def width(trees: int, word: np.dtype[Any]) -> int:
    """Numbers of 16 bits that hold the bits of so many trees, a word each."""
    return -(-trees * word.itemsize // 2)
