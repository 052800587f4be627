"""What estimators of scikit-learn see: each input as one or more columns of a matrix of floats, learned once, applied to any row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .data.column import AnyColumn, CategoryColumn, TextColumn
from .matrix import codes, numbers, texts

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from .schema import Schema

    Array = NDArray[np.float64]

Need = Literal["native", "ordered", "scaled"]
"""What an estimator needs. native: missing values and codes as they are, as hist_gradient_boosting splits them; ordered: one
column each, as trees split them; scaled: one-hot, imputed and standardised, for everything that adds or measures distances."""

MOST_LABELS = 100
"""One-hot columns for a category; rarer labels share one."""
MOST_NATIVE = 255
"""Labels that hist_gradient_boosting can tell apart in a category; of more, their rank by frequency is taken as a number."""
TEXT_WIDTH = 100
"""Columns for a text: the strongest directions of its TF-IDF (latent semantic analysis, Deerwester and others 1990)."""
_MOST_WORDS = 50_000


@dataclass(frozen=True)
class Number:
    """A number, with what stands in for a missing one, and a second column that says it was missing."""

    fill: float
    """nan: missing values are left to the estimator."""
    indicator: bool
    shift: float
    scale: float

    @classmethod
    def learn(cls, values: pl.Series, need: Need, takes_missing: bool) -> Number:
        """The median of the values there are; mean and standard deviation after filling."""
        found = numbers(values)
        missing = np.isnan(found)
        if missing.all():  # nothing can be learned of it, so whatever comes later becomes 0
            return cls(0.0, False, 0.0, float("inf"))
        if takes_missing:
            return cls(float("nan"), False, 0.0, 1.0)
        fill = float(np.median(found[~missing]))
        filled = np.where(missing, fill, found)
        varies = need == "scaled" and filled.min() < filled.max()  # rounding gives a constant a tiny spread
        shift, scale = (float(filled.mean()), float(filled.std())) if varies else (0.0, 1.0)
        return cls(fill, bool(missing.any()), shift, scale)

    @property
    def width(self) -> int:
        """1, or 2 with the indicator."""
        return 1 + self.indicator

    def columns(self, values: pl.Series, labels: Any) -> Array:
        """(rows, width)"""
        found = numbers(values)
        missing = np.isnan(found)
        filled = (np.where(missing, self.fill, found) - self.shift) / self.scale
        return np.stack([filled, missing], axis=1) if self.indicator else filled[:, None]


@dataclass(frozen=True)
class Label:
    """A category: the row of a table that its code points to; the last row is for a missing or unseen label."""

    table: Array
    native: bool
    """Are these codes that the estimator takes for categories?"""

    @classmethod
    def learn(cls, values: pl.Series, labels: list[int | str] | None, need: Need, takes_missing: bool) -> Label:
        """The table for the labels in their pinned order, from how often each is there."""
        found = codes(values, labels)
        counts = np.bincount(found + 1, minlength=len(labels or []) + 1)
        counts = np.append(counts[1:], counts[0])
        if need == "scaled":
            return cls(_one_hot(counts), False)
        if not counts[:-1].any():  # the same everywhere, for nothing can be learned of it
            return cls(np.zeros((counts.size, 1)), False)
        missing = float("nan") if takes_missing else -1.0
        places = np.append(np.arange(counts.size - 1.0), missing)
        native = need == "native" and counts.size - 1 <= MOST_NATIVE
        if need == "native" and not native:
            places[np.argsort(-counts[:-1], kind="stable")] = np.arange(counts.size - 1.0)
        return cls(places[:, None], native)

    @property
    def width(self) -> int:
        """The columns of the table."""
        return int(self.table.shape[1])

    def columns(self, values: pl.Series, labels: Any) -> Array:
        """(rows, width)"""
        found: Array = self.table[codes(values, labels)]
        return found


@dataclass(frozen=True)
class Words:
    """A text: TF-IDF of its words and pairs of words, of which the strongest directions are kept."""

    weights: Any
    """A fitted TfidfVectorizer, or None where there were no words."""
    directions: Any
    """A fitted TruncatedSVD."""

    @classmethod
    def learn(cls, values: pl.Series, seed: int) -> Words:
        """Words and pairs that stand in two rows at least, or in one where rows are few."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        written = texts(values)
        weights = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2 if len(written) >= 100 else 1, max_features=_MOST_WORDS, sublinear_tf=True
        )
        try:
            found = weights.fit_transform(written)
        except ValueError:  # no words, or none often enough
            return cls(None, None)
        directions = TruncatedSVD(min(TEXT_WIDTH, *found.shape), random_state=seed).fit(found)
        return cls(weights, directions)

    @property
    def width(self) -> int:
        """How many directions."""
        return 0 if self.weights is None else len(self.directions.components_)

    def columns(self, values: pl.Series, labels: Any) -> Array:
        """(rows, width)"""
        if self.weights is None or values.is_empty():
            return np.empty((values.len(), self.width))
        found: Array = self.directions.transform(self.weights.transform(texts(values)))
        return found


@dataclass(frozen=True)
class Encoding:
    """How each input becomes columns."""

    parts: dict[str, Number | Label | Words]

    @classmethod
    def learn(cls, frame: pl.DataFrame, schema: Schema, need: Need, *, takes_missing: bool, seed: int) -> Encoding:
        """From the training rows: what fills, scales and numbers each input."""

        def part(name: str, column: AnyColumn) -> Number | Label | Words:
            if isinstance(column, CategoryColumn):
                return Label.learn(frame[name], schema.labels(name), need, takes_missing)
            if isinstance(column, TextColumn):
                return Words.learn(frame[name], seed)
            return Number.learn(frame[name], need, takes_missing)

        return cls({name: part(name, column) for name, column in schema.inputs.items()})

    @property
    def groups(self) -> NDArray[np.int64]:
        """The place of the input that each column of the matrix comes from, shape (width,)."""
        return np.repeat(np.arange(len(self.parts)), [part.width for part in self.parts.values()])

    @property
    def categories(self) -> list[int]:
        """The columns of the matrix that hold codes for the estimator to take as categories."""
        native = [isinstance(part, Label) and part.native for part in self.parts.values()]
        return [i for i, group in enumerate(self.groups) if native[group]]

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

    def state(self) -> dict[str, Any]:
        """Plain values, arrays and estimators of scikit-learn, to be saved."""
        return {name: {"kind": type(part).__name__, **vars(part)} for name, part in self.parts.items()}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Encoding:
        """The encoding that `state` describes. Raises KeyError or TypeError when it describes none."""
        kinds: dict[str, Any] = {kind.__name__: kind for kind in (Number, Label, Words)}
        return cls(
            {
                name: kinds[keys["kind"]](**{k: v for k, v in keys.items() if k != "kind"})
                for name, keys in state.items()
            }
        )


def _one_hot(counts: NDArray[np.int64]) -> Array:
    """A column for each label that is there, most frequent ones alone, rarer ones together; missing is all zeros or its own."""
    often = np.argsort(-counts, kind="stable")
    often = often[counts[often] > 0]
    table = np.zeros((counts.size, min(often.size, MOST_LABELS + 1)))
    for column, label in enumerate(often):
        table[label, min(column, MOST_LABELS)] = 1.0
    return table
