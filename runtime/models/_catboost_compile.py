"""From what a CatBoost model asks to the tables in which the answers are looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ._catboost_ctr import terms, values, widened
from ._catboost_json import Above, Equals, Exceeds, UnknownModel
from ._catboost_lines import thresholds
from ._catboost_tables import Input, Seen, Tables, width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._catboost_json import Number, Projection, Question, Symmetric

LARGEST = 96 << 20
"""Bytes that the tables may take."""
DIRECT = 1 << 16
"""Up to so many possibilities of a combination each has a key; of more, those that training saw have one."""


def compiled(model: Symmetric, labels: list[int]) -> Tables:
    """Make the tables. labels: how many each column of categories has; they are the digits of their numbers, others are -1.

    Raises UnknownModel when the model asks for what is not known here, MemoryError when the tables would be too large.
    """
    return _Making(model, labels).tables()


@dataclass
class _Column:
    """An input while the tables are made."""

    place: int
    missing: int
    edges: NDArray[np.float32] | None
    hashes: NDArray[np.uint64]
    """Of the labels, and of those never seen."""
    count: int
    """How many lines it has."""
    bits: list[tuple[int, int, NDArray[np.bool_]]] = field(default_factory=list)
    """Tree, level and answer by line."""
    adds: list[tuple[int, NDArray[np.intp]]] = field(default_factory=list)
    """Column of a key, and what is added to it by line."""
    chains: list[tuple[int, NDArray[np.uint64]]] = field(default_factory=list)
    """The same of hashes."""

    def answers(self, question: Above | Equals) -> NDArray[np.bool_]:
        """By line."""
        if isinstance(question, Equals):
            return np.equal(self.hashes, widened([question.hash]))
        assert self.edges is not None
        return np.greater(np.arange(self.count), np.searchsorted(self.edges, question.border))

    def lines(self, places: NDArray[np.intp], word: np.dtype[Any], keys: int) -> NDArray[np.uint16]:
        """What each line is in the tables; places: where the bits of each tree stand."""
        leaf = np.zeros((self.count, width(len(places), word) * 2 // word.itemsize), dtype=word)
        for tree, level, answers in self.bits:
            leaf[:, places[tree]] |= answers.astype(word) << word.type(level)
        adds = np.zeros((self.count, keys), dtype=np.uint16)
        for key, added in self.adds:
            adds[:, key] += added.astype(np.uint16)
        return np.concatenate([leaf.view(np.uint16), adds], axis=1)

    def chained(self, keys: int) -> NDArray[np.uint64]:
        """What each line adds to hashes."""
        found = np.zeros((self.count, keys), dtype=np.uint64)
        for key, added in self.chains:
            found[:, key] += added
        return found


@dataclass(frozen=True)
class _Part:
    """A part of a combination: what it may be, and which of it each line of its input is."""

    column: _Column
    choices: NDArray[np.uint64]
    digits: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class _Keys:
    """The keys of a combination: their column, and CatBoost's hash of each."""

    column: int
    hashes: NDArray[np.uint64]
    seen: bool


@dataclass(frozen=True)
class _Group:
    """Questions about one combination at different levels of their trees: their answers by key, each at the bit of its level."""

    keys: _Keys
    answers: NDArray[Any]


@dataclass(frozen=True)
class _Asked:
    """A question about a combination."""

    group: int
    tree: int
    level: int


class _Making:
    def __init__(self, model: Symmetric, labels: list[int]) -> None:
        self._model, self._size = model, 0
        self._word = np.dtype(np.uint8 if max(map(len, model.trees)) <= 8 else np.uint16)
        projections = [ctr.projection for ctr in model.ctrs]
        asked = [question for tree in model.trees for question in tree if not isinstance(question, Exceeds)]
        asked += [question for it in projections for question in it.questions]
        used = {question.category for question in asked if isinstance(question, Equals)}
        used |= {category for it in projections for category in it.categories}
        borders: list[set[np.float32]] = [set() for _ in model.numbers]
        for question in asked:
            if isinstance(question, Above):
                borders[question.number].add(question.border)
        self._numbers = [_number(it, found) for it, found in zip(model.numbers, borders, strict=True)]
        self._categories = [
            _category(place, [model.hashes[str(code)] for code in (*range(known), -1)] if i in used else [])
            for i, (place, known) in enumerate(zip(model.categories, labels, strict=True))
        ]
        self._keys: dict[Projection, _Keys] = {}
        self._groups: list[_Group] = []
        self._statistic = cache(self._values)

    def tables(self) -> Tables:
        asked, trees, word = list(self._asked()), self._model.trees, self._word
        columns = [it for it in (*self._numbers, *self._categories) if it.bits or it.adds or it.chains]
        if not columns:
            raise UnknownModel("nothing is asked")
        direct = sum(not it.seen for it in self._keys.values())
        starts = np.cumsum([0, *(it.count for it in columns)]).tolist()
        self._takes(2 * starts[-1] * (width(len(trees), word) + direct))
        order = _most_asked_first(asked, len(trees))
        layers = _layers(asked, order)
        asked = [it for layer in layers for it in layer]
        return Tables(
            inputs=[
                Input(it.place, start, start + it.missing, None if it.edges is None else thresholds(it.edges))
                for it, start in zip(columns, starts, strict=False)
            ],
            lines=np.concatenate([it.lines(order, word, direct) for it in columns]),
            seen=self._seen(columns),
            layers=[slice(*it) for it in pairwise(np.cumsum([0, *map(len, layers)]).tolist())],
            trees=np.array([order[it.tree] for it in asked], dtype=np.intp),
            groups=np.array([it.group for it in asked], dtype=np.intp),
            levels=np.array([1 << it.level for it in asked], dtype=word),
            columns=np.array([it.keys.column + direct * it.keys.seen for it in self._groups], dtype=np.intp),
            starts=_starts([len(it.answers) for it in self._groups]),
            answers=np.concatenate([np.empty(0, dtype=word), *(it.answers for it in self._groups)]),
            order=order,
            firsts=_starts([2 ** len(tree) for tree in trees]),
            # Without -0.0, for sums start from 0.0.
            leaves=(self._model.leaves[:, 0] if self._model.leaves.shape[1] == 1 else self._model.leaves) + 0.0,
            scale=self._model.scale,
            bias=self._model.bias,
        )

    def _asked(self) -> Iterator[_Asked]:
        """What is asked about combinations; the answers to all else are left with their inputs."""
        places: dict[tuple[Question, int], int] = {}
        groups: dict[tuple[_Keys, int], int] = {}
        so_far: Counter[tuple[_Keys, int]] = Counter()
        for tree, questions in enumerate(self._model.trees):
            for level, question in enumerate(questions):
                about = self._about(question)
                if isinstance(about, _Column):
                    about.bits.append((tree, level, self._answers(question)))
                    continue
                if (question, level) not in places:
                    answers = self._answers(question)
                    number = so_far[about, level]
                    so_far[about, level] += 1
                    if (about, number) not in groups:
                        groups[about, number] = len(self._groups)
                        self._groups.append(_Group(about, np.zeros(len(answers), dtype=self._word)))
                        self._takes(len(answers) * self._word.itemsize)
                    place = places[question, level] = groups[about, number]
                    self._groups[place].answers[answers] |= self._word.type(1 << level)
                yield _Asked(places[question, level], tree, level)

    def _about(self, question: Question) -> _Column | _Keys:
        return self._statistic(question.ctr)[0] if isinstance(question, Exceeds) else self._column(question)

    def _answers(self, question: Question) -> NDArray[np.bool_]:
        """By line of the input, or by key of the combination: too many to be held for all questions at once."""
        if isinstance(question, Exceeds):
            return np.greater(self._statistic(question.ctr)[1], question.border)
        return self._column(question).answers(question)

    def _values(self, number: int) -> tuple[_Column | _Keys, NDArray[np.float32]]:
        """A statistic, by the line of the one input that it is about, or by the key of the combination."""
        ctr = self._model.ctrs[number]
        parts = self._parts(ctr.projection)
        column = parts[0].column
        if all(it.column is column for it in parts):
            added = zip(terms([it.choices for it in parts]), parts, strict=True)
            return column, values(ctr, np.add.reduce([term[part.digits] for term, part in added]))
        if ctr.projection not in self._keys:
            self._keys[ctr.projection] = self._keyed(ctr.projection, parts)
        keys = self._keys[ctr.projection]
        return keys, values(ctr, keys.hashes)

    def _column(self, question: Above | Equals) -> _Column:
        return self._numbers[question.number] if isinstance(question, Above) else self._categories[question.category]

    def _parts(self, projection: Projection) -> list[_Part]:
        found = [
            _Part(column, column.hashes, np.arange(column.count))
            for column in (self._categories[it] for it in projection.categories)
        ]
        for question in projection.questions:
            column = self._column(question)
            found.append(_Part(column, np.array([0, 1], dtype=np.uint64), column.answers(question).astype(np.intp)))
        return found

    def _keyed(self, projection: Projection, parts: list[_Part]) -> _Keys:
        added = terms([it.choices for it in parts])
        seen = float(np.prod([float(len(it)) for it in added])) > DIRECT
        column = sum(it.seen == seen for it in self._keys.values())
        if seen:
            for part, term in zip(parts, added, strict=True):
                part.column.chains.append((column, term[part.digits]))
            known = np.unique(np.concatenate([it.hashes for it in self._model.ctrs if it.projection == projection]))
            other = next(it for it in count(1) if np.uint64(it) not in known)
            return _Keys(column, np.insert(known, 0, np.uint64(other)), seen)
        hashes, stride = np.zeros(1, dtype=np.uint64), 1
        for part, term in zip(parts, added, strict=True):
            part.column.adds.append((column, part.digits * stride))
            hashes, stride = (term[:, None] + hashes).ravel(), stride * len(term)
        return _Keys(column, hashes, seen)

    def _seen(self, columns: list[_Column]) -> Seen | None:
        combinations = [it.hashes[1:] for it in self._keys.values() if it.seen]
        if not combinations:
            return None
        self._takes(8 * len(combinations) * sum(it.count for it in columns) + 12 * sum(map(len, combinations)))
        # Combinations are told apart by numbers added to their hashes, drawn so that no two hashes of different ones meet
        # more often than two of the same one do: once in 2**64.
        apart = np.random.default_rng(0).integers(0, 2**64, len(combinations), dtype=np.uint64)
        known = np.concatenate([it + more for it, more in zip(combinations, apart, strict=True)])
        keys = np.concatenate([np.arange(1, len(it) + 1, dtype=np.int32) for it in combinations])
        order = np.argsort(known)
        hashes = np.concatenate([it.chained(len(combinations)) for it in columns])
        hashes[: columns[0].count] += apart
        return Seen(hashes, np.append(known[order], np.uint64(0)), np.append(keys[order], np.int32(0)))

    def _takes(self, size: int) -> None:
        self._size += size
        if self._size > LARGEST:
            raise MemoryError


def _number(it: Number, borders: set[np.float32]) -> _Column:
    edges = np.array(sorted(borders), dtype=np.float32)
    return _Column(it.place, len(edges) * it.missing_above, edges, np.empty(0, dtype=np.uint64), len(edges) + 1)


def _category(place: int, hashes: list[int]) -> _Column:
    return _Column(place, len(hashes) - 1, None, widened(hashes), len(hashes))


def _starts(lengths: list[int]) -> NDArray[Any]:
    """Where each of some parts starts, in the fewest bits that hold every place: smaller numbers are quicker to add."""
    ends = np.cumsum([0, *lengths])
    return ends[:-1].astype(np.min_scalar_type(ends[-1]))


def _most_asked_first(asked: list[_Asked], trees: int) -> NDArray[np.intp]:
    """Where each tree goes."""
    numbers, places = Counter(it.tree for it in asked), np.empty(trees, dtype=np.intp)
    places[sorted(range(trees), key=lambda tree: -numbers[tree])] = np.arange(trees)
    return places


def _layers(asked: list[_Asked], places: NDArray[np.intp]) -> list[list[_Asked]]:
    """The first question of each tree, then the second of each that has two, and so on, in the order of the trees' places."""
    layers: list[list[_Asked]] = []
    so_far: Counter[int] = Counter()
    for it in sorted(asked, key=lambda it: places[it.tree]):
        if so_far[it.tree] == len(layers):
            layers.append([])
        layers[so_far[it.tree]].append(it)
        so_far[it.tree] += 1
    return layers
