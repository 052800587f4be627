"""What estimators see: each input as one or more columns of a matrix of floats, learned once, applied to any row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .data.column import AnyColumn, CategoryColumn, DateColumn, TextColumn, TimestampColumn
from .encoders import MOST_NATIVE as MOST_NATIVE
from .encoders import Label as Label
from .encoders import Moment, Part, Words, as_state, of_state, scaled, target_means
from .encoders import Number as Number
from .matrix import codes, targets
from .preprocessing import Need as Need
from .preprocessing import Preprocessing

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from .model import Cost
    from .schema import Schema

    Array = NDArray[np.float64]

FOLDS = 5
"""Parts of the rows, each of which is given the target means that the others teach."""


@dataclass(frozen=True)
class Encoding:
    """How each input becomes columns."""

    parts: dict[str, Part]

    @classmethod
    def learn(
        cls,
        frame: pl.DataFrame,
        schema: Schema,
        need: Need,
        *,
        takes_missing: bool,
        seed: int,
        given: Preprocessing | None = None,
    ) -> Encoding:
        """From the training rows: what fills, scales and numbers each input."""
        chosen = given or Preprocessing()

        def one(name: str, column: AnyColumn) -> Part:
            treated, values = chosen.of(name, need, takes_missing), frame[name]
            if isinstance(column, CategoryColumn):
                labels = schema.labels(name) or []
                found = codes(values, labels)
                if treated.categories == "target":
                    return Label.of_target(found, len(labels), treated, _outputs(frame, schema))
                return Label.learn(found, len(labels), treated, need, takes_missing)
            if isinstance(column, TextColumn):
                return Words.learn(values, treated.text, seed)
            if treated.calendar and isinstance(column, DateColumn | TimestampColumn):
                return Moment.learn(values, treated, need, takes_missing, schema.timezone)
            return Number.learn(values, treated)

        return cls({name: one(name, column) for name, column in schema.inputs.items()})

    @classmethod
    def nothing(cls, schema: Schema) -> Encoding:
        """For estimators that look at no input: each becomes no column at all."""
        return cls(dict.fromkeys(schema.inputs, Words(None, None)))

    def training(
        self, frame: pl.DataFrame, schema: Schema, need: Need, *, takes_missing: bool, seed: int, given: Preprocessing
    ) -> Array:
        """The matrix of the rows it was learned from, in which no row's target means know its own target."""
        matrix, groups = self.apply(frame, schema), self.groups
        fold = np.random.default_rng(seed).permutation(frame.height) % FOLDS
        for place, (name, column) in enumerate(schema.inputs.items()):
            treated = given.of(name, need, takes_missing)
            if isinstance(column, CategoryColumn) and treated.categories == "target":
                labels, target = schema.labels(name) or [], _outputs(frame, schema)
                found = codes(frame[name], labels)
                usual = target_means(found, len(labels), treated, target)[found]
                for number in np.unique(fold) if frame.height > 1 else ():
                    others, here = fold != number, fold == number
                    means = target_means(found[others], len(labels), treated, target[others])
                    matrix[np.ix_(here, groups == place)] = scaled(means, usual, treated)[found[here]]
        return matrix

    @property
    def groups(self) -> NDArray[np.int64]:
        """The place of the input that each column of the matrix comes from, shape (width,)."""
        return np.repeat(np.arange(len(self.parts)), [part.width for part in self.parts.values()])

    @property
    def categories(self) -> list[int]:
        """The columns of the matrix that hold codes for the estimator to take as categories."""
        native = [isinstance(part, Label) and part.native for part in self.parts.values()]
        return [i for i, group in enumerate(self.groups) if native[group]]

    def directions(self, shapes: Mapping[str, str]) -> list[int]:
        """For each column of the matrix 1 or -1, for the value of an input that is increasing or decreasing; else 0."""
        names, groups = list(self.parts), self.groups.tolist()
        asked = [{"increasing": 1, "decreasing": -1}.get(shapes.get(names[group], ""), 0) for group in groups]
        return [way if group not in groups[:i] else 0 for i, (way, group) in enumerate(zip(asked, groups, strict=True))]

    def apply(self, frame: pl.DataFrame, schema: Schema) -> Array:
        """The matrix (rows, width). Each row by itself: the same bits alone and among many."""
        found = np.empty((frame.height, len(self.groups)))
        start = 0
        for name, part in self.parts.items():
            found[:, start : start + part.width] = part.columns(
                frame[name], schema.labels(name) if isinstance(part, Label) else None
            )
            start += part.width
        return found

    @property
    def cost(self) -> Cost:
        """By inputs; texts are divided into words for each prediction, and their directions are dear to find."""
        from .model import Cost

        texts = sum(isinstance(part, Words) and part.width > 0 for part in self.parts.values())
        return Cost(0.05 * len(self.parts) + 50.0 * texts, 1000.0 * texts)

    def state(self) -> dict[str, Any]:
        """Plain values, arrays and estimators of scikit-learn, to be saved."""
        return {name: as_state(it) for name, it in self.parts.items()}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Encoding:
        """The encoding that `state` describes. Raises KeyError or TypeError when it describes none."""
        return cls({name: of_state(keys) for name, keys in state.items()})


def _outputs(frame: pl.DataFrame, schema: Schema) -> Array:
    """What target means are taken of, (rows, outputs): the value, the positive class, or each class."""
    target = targets(frame, schema)
    if schema.task != "multiclass":
        return target[:, None]
    found: Array = (target[:, None] == np.arange(len(schema.classes or []))).astype(np.float64)
    return found
