"""The trees of a CatBoost model and its tables of categories, read from the JSON that CatBoost writes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 16 << 20
"""Bytes of a model in CatBoost's own format whose JSON, about twice as large, is read: a second or two when a service starts."""
_ABSENT = 2**64 - 1  # the hash of a place of a table that is empty


class UnknownModel(ValueError):
    """The model holds what is not known here."""


@dataclass(frozen=True)
class Number:
    """A column of numbers."""

    place: int
    """Which input of the model it is."""
    missing_above: bool
    """Is a missing value above every border? Else it is above none."""


@dataclass(frozen=True)
class Above:
    """Is a number, rounded to 32 bits, above a border?"""

    number: int
    border: np.float32


@dataclass(frozen=True)
class Equals:
    """Has a category this hash?"""

    category: int
    hash: int


@dataclass(frozen=True)
class Projection:
    """Categories that are looked up together, and questions whose answers belong to them; all in CatBoost's order."""

    categories: tuple[int, ...]
    questions: tuple[Above | Equals, ...]


@dataclass(frozen=True)
class Ctr:
    """A statistic of the target or of how often something occurs, by category (CatBoost: CTR)."""

    kind: str
    projection: Projection
    target_border: int
    prior: tuple[np.float32, np.float32]
    """Added to the count and to the total."""
    shift: np.float32
    scale: np.float32
    hashes: NDArray[np.uint64]
    """What the table holds figures of, in ascending order, (rows,)."""
    figures: NDArray[np.float64]
    """(rows, figures): whole numbers up to 2**31, and sums of 32 bits."""
    denominator: int


@dataclass(frozen=True)
class Exceeds:
    """Is a statistic, computed in 32 bits, above a border?"""

    ctr: int
    border: np.float32


Question = Above | Equals | Exceeds


@dataclass(frozen=True)
class Symmetric:
    """A model of trees that ask one question a level."""

    numbers: list[Number]
    categories: list[int]
    """Which input of the model each column of categories is."""
    ctrs: list[Ctr]
    trees: list[list[Question]]
    """The question of each level; the answer is a bit of the leaf's number, the first the lowest."""
    leaves: NDArray[np.float64]
    """What the leaves of all trees add, (leaves, outputs)."""
    scale: float
    bias: NDArray[np.float64]
    """(outputs,) or (1,): raw score = scale * sum of leaves + bias."""
    hashes: dict[str, int]
    """By category, as CatBoost sees it, its hash."""


def symmetric(model: Any, pool: Any) -> Symmetric:
    """Read a catboost.CatBoost; the pool's categories are those whose hashes are known then.

    Raises UnknownModel when it has other trees or other inputs, is too large, or cannot be written; OSError where no file can be.
    """
    from catboost import CatBoostError

    with tempfile.TemporaryDirectory(prefix="catboost-") as folder:
        own, path = Path(folder) / "model.cbm", Path(folder) / "model.json"
        try:
            model.save_model(str(own))
            if own.stat().st_size > LARGEST:
                raise UnknownModel("too large")
            model.save_model(str(path), format="json", pool=pool)
        except CatBoostError as error:
            raise UnknownModel(f"not written: {error}") from error
        found = json.loads(path.read_bytes())
    try:
        return _Reading(found).model(np.asarray(model.get_leaf_values(), dtype=np.float64))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise UnknownModel(f"written in another way: {error!r}") from error


class _Reading:
    def __init__(self, found: dict[str, Any]) -> None:
        self._found, self._info = found, found["features_info"]
        if not found.get("oblivious_trees"):
            raise UnknownModel("no symmetric trees")
        if foreign := self._info.keys() - {"float_features", "categorical_features", "ctrs", "cat_features_hash"}:
            raise UnknownModel(f"inputs of another kind: {sorted(foreign)}")
        self._floats = self._info.get("float_features") or []
        self._categories = self._info.get("categorical_features") or []
        self._ctrs = self._info.get("ctrs") or []
        self._tables: dict[str, tuple[NDArray[np.uint64], NDArray[np.float64], int]] = {}

    def model(self, leaves: NDArray[np.float64]) -> Symmetric:
        if any(it["feature_index"] != i for them in (self._floats, self._categories) for i, it in enumerate(them)):
            raise UnknownModel("inputs in another order")
        if self._ctrs and self._ambiguous():
            raise UnknownModel("statistics of several divisions of the target")
        trees = self._found["oblivious_trees"]
        scale, bias = self._found["scale_and_bias"]
        asked = list(self._questions())
        places = [[it["split_index"] for it in tree["splits"] or []] for tree in trees]
        count = sum(2 ** len(tree) for tree in places)
        outputs = len(leaves) // count
        if outputs * count != len(leaves) or len(bias) not in (1, outputs):
            raise UnknownModel("another number of leaves")
        return Symmetric(
            numbers=[
                Number(it["flat_feature_index"], it["has_nans"] and it["nan_value_treatment"] == "AsTrue")
                for it in self._floats
            ],
            categories=[it["flat_feature_index"] for it in self._categories],
            ctrs=[self._ctr(it) for it in self._ctrs],
            trees=[[asked[place] for place in tree] for tree in places],
            leaves=leaves.reshape(count, outputs),
            scale=float(scale),
            bias=np.array(bias, dtype=np.float64),
            hashes={it["value"]: it["hash"] for it in self._info.get("cat_features_hash") or []},
        )

    def _ambiguous(self) -> bool:
        """Did one kind of statistic see the target divided in several ways? Its tables would have the same names then."""
        chosen = self._found["model_info"]["params"]["cat_feature_params"]
        ways: dict[str, set[str]] = {}
        for it in chain(chosen["simple_ctrs"], chosen["combinations_ctrs"], *chosen["per_feature_ctrs"].values()):
            ways.setdefault(it["ctr_type"], set()).add(json.dumps(it.get("target_binarization"), sort_keys=True))
        return any(len(it) > 1 for it in ways.values())

    def _questions(self) -> Iterator[Question]:
        """All that can be asked, as split_index counts them."""
        for number, column in enumerate(self._floats):
            yield from (Above(number, np.float32(border)) for border in column["borders"] or [])
        for category, column in enumerate(self._categories):
            yield from (Equals(category, _unsigned(value)) for value in column.get("values") or [])
        for ctr, it in enumerate(self._ctrs):
            yield from (Exceeds(ctr, np.float32(border)) for border in it["borders"] or [])

    def _ctr(self, it: dict[str, Any]) -> Ctr:
        hashes, figures, denominator = self._table(it["identifier"])
        return Ctr(
            kind=it["ctr_type"],
            projection=_projection(it["elements"]),
            target_border=it["target_border_idx"],
            prior=(np.float32(it["prior_numerator"]), np.float32(it["prior_denomerator"])),
            shift=np.float32(it["shift"]),
            scale=np.float32(it["scale"]),
            hashes=hashes,
            figures=figures,
            denominator=denominator,
        )

    def _table(self, name: str) -> tuple[NDArray[np.uint64], NDArray[np.float64], int]:
        if name not in self._tables:
            table = self._found["ctr_data"][name]
            cells, stride = table["hash_map"] or [], table["hash_stride"]
            hashes = np.array([int(cell) for cell in cells[::stride]], dtype=np.uint64)
            figures = np.array([cells[i::stride] for i in range(1, stride)], dtype=np.float64).T
            order = np.argsort(hashes)
            order = order[hashes[order] != _ABSENT]
            self._tables[name] = hashes[order], figures[order], table["counter_denominator"]
        return self._tables[name]


def _projection(elements: list[dict[str, Any]]) -> Projection:
    categories: list[int] = []
    questions: list[Above | Equals] = []
    for it in elements:
        kind = it["combination_element"]
        if kind == "cat_feature_value":
            categories.append(it["cat_feature_index"])
        elif kind == "float_feature":
            questions.append(Above(it["float_feature_index"], np.float32(it["border"])))
        elif kind == "cat_feature_exact_value":
            questions.append(Equals(it["cat_feature_index"], _unsigned(it["value"])))
        else:
            raise UnknownModel(f"a combination with {kind}")
    return Projection(tuple(categories), tuple(questions))


def _unsigned(value: int) -> int:
    return value & 0xFFFFFFFF
