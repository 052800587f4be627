"""One input as columns of a matrix of floats: a number, a moment, a category or a text, learned once, applied to any row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .matrix import codes, numbers, texts
from .preprocessing import CalendarPart, Need, Treatment
from .preprocessing import Words as TextTreatment

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MOST_NATIVE = 255
"""Labels that hist_gradient_boosting can tell apart in a category; of more, their rank by frequency is taken as a number."""


@dataclass(frozen=True)
class Number:
    """A number, with what stands in for a missing one, and a second column that says it was missing."""

    fill: float
    """nan: missing values are left to the estimator."""
    indicator: bool
    shift: float
    scale: float

    @classmethod
    def learn(cls, values: pl.Series, treated: Treatment) -> Number:
        """What fills the gaps, then where the middle is and how wide, after filling."""
        found = numbers(values)
        missing = np.isnan(found)
        if missing.all():  # nothing can be learned of it, so whatever comes later becomes 0
            return cls(0.0, False, 0.0, float("inf"))
        there = found[~missing]
        if treated.missing == "native":
            fill = float("nan")
        elif treated.missing == "constant":
            fill = treated.fill
        else:
            fill = float(there.mean() if treated.missing == "mean" else np.median(there))
        filled = there if np.isnan(fill) else np.where(missing, fill, found)
        shift, scale = spread(filled, treated)
        return cls(fill, bool(missing.any()) and treated.indicator and not np.isnan(fill), shift, scale)

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
class Moment:
    """A date or a moment: its days as a number, and parts of the calendar, each the row of a table."""

    days: Number
    zone: str | None
    parts: list[CalendarPart]
    tables: list[Array]
    """For each part a row a value; the last row is for a missing moment."""

    @classmethod
    def learn(cls, values: pl.Series, treated: Treatment, need: Need, takes_missing: bool, zone: str | None) -> Moment:
        """scaled: parts that come round again are points on a circle. Else they are counted."""
        import polars as pl

        zone = zone if isinstance(values.dtype, pl.Datetime) else None
        parts = [part for part in treated.calendar if part != "hour" or isinstance(values.dtype, pl.Datetime)]
        days = Number.learn(values, treated)
        return cls(days, zone, parts, [_turns(part, need, takes_missing) for part in parts])

    @property
    def width(self) -> int:
        """The days, and the columns of every table."""
        return self.days.width + sum(int(table.shape[1]) for table in self.tables)

    def columns(self, values: pl.Series, labels: Any) -> Array:
        """(rows, width)"""
        local = values.dt.convert_time_zone(self.zone) if self.zone is not None else values
        found = [self.days.columns(values, None)]
        for part, table in zip(self.parts, self.tables, strict=True):
            found.append(table[_place(local, part).fill_null(-1).to_numpy()])
        return np.concatenate(found, axis=1)


@dataclass(frozen=True)
class Label:
    """A category: the row of a table that its code points to; the last row is for a missing or unseen label."""

    table: Array
    native: bool
    """Are these codes that the estimator takes for categories?"""

    @classmethod
    def learn(cls, found: NDArray[np.int64], many: int, treated: Treatment, need: Need, takes_missing: bool) -> Label:
        """The table for labels in their pinned order, from how often each is there.

        found: the code of each row, -1 where it is missing; many: labels.
        """
        counts = np.bincount(found + 1, minlength=many + 1)
        counts = np.append(counts[1:], counts[0])
        if treated.categories == "one_hot":
            return cls(_one_hot(counts, treated.labels), False)
        if not counts[:-1].any():  # the same everywhere, for nothing can be learned of it
            return cls(np.zeros((counts.size, 1)), False)
        missing = float("nan") if takes_missing else -1.0
        places = np.append(np.arange(counts.size - 1.0), missing)
        native = treated.categories == "native" and many <= MOST_NATIVE
        if treated.categories == "native" and not native:
            places[np.argsort(-counts[:-1], kind="stable")] = np.arange(counts.size - 1.0)
        if need == "scaled":
            shift, scale = spread(np.where(found < 0, -1.0, found), treated)
            places = (places - shift) / scale
        return cls(places[:, None], native)

    @classmethod
    def of_target(cls, found: NDArray[np.int64], many: int, treated: Treatment, target: Array) -> Label:
        """For each label the mean of each column of `target` (rows, outputs), scaled."""
        return cls(scaled(means := target_means(found, many, treated, target), means[found], treated), False)

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
    def learn(cls, values: pl.Series, treated: TextTreatment, seed: int) -> Words:
        """Words and pairs that stand in two rows at least, or in one where rows are few."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        if treated.columns == 0:
            return cls(None, None)
        written = texts(values)
        weights = TfidfVectorizer(
            ngram_range=(1, treated.ngrams),
            min_df=2 if len(written) >= 100 else 1,
            max_features=treated.words,
            sublinear_tf=True,
        )
        try:
            found = weights.fit_transform(written)
        except ValueError:  # no words, or none often enough
            return cls(None, None)
        # Plain and in order: saved, each number of numpy would be a file of its own, in an order that nothing pins.
        weights.vocabulary_ = {word: int(place) for word, place in sorted(weights.vocabulary_.items())}
        directions = TruncatedSVD(min(treated.columns, *found.shape), random_state=seed).fit(found)
        # Half as large a file, and as good: what is lost is far below what a word more or less changes.
        directions.components_ = directions.components_.astype(np.float32)
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


Part = Number | Moment | Label | Words


def as_state(part: Part) -> dict[str, Any]:
    """Plain values, arrays and estimators of scikit-learn, to be saved."""
    if isinstance(part, Words):
        vars(part.weights or part).pop("_stop_words_id", None)  # an address in memory, another in each process
    keys = vars(part) | ({"days": vars(part.days)} if isinstance(part, Moment) else {})
    return {"kind": type(part).__name__, **keys}


def of_state(keys: dict[str, Any]) -> Part:
    """The part that a state describes. Raises KeyError or TypeError when it describes none."""
    kinds: dict[str, Any] = {kind.__name__: kind for kind in (Number, Moment, Label, Words)}
    given = {name: value for name, value in keys.items() if name != "kind"}
    if keys["kind"] == "Moment":
        given["days"] = Number(**given["days"])
    found: Part = kinds[keys["kind"]](**given)
    return found


def spread(values: Array, treated: Treatment) -> tuple[float, float]:
    """The middle and the width by which values are scaled; 0 and 1 where they are not."""
    if treated.scaling == "none" or values.min() == values.max():  # rounding gives a constant a tiny spread
        return 0.0, 1.0
    if treated.scaling == "robust":
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        if high > low:
            return float(middle), float(high - low)
    return float(values.mean()), float(values.std())


def target_means(found: NDArray[np.int64], many: int, treated: Treatment, target: Array) -> Array:
    """The mean of each column of `target` for each label, drawn to the overall mean where rows are few: (many + 1, outputs).

    found: the code of each row; the last row of the table is for a missing label.
    """
    counts = np.bincount(found + 1, minlength=many + 1).astype(np.float64)
    columns = []
    for column in target.T:
        sums, overall = np.bincount(found + 1, weights=column, minlength=many + 1), column.mean()
        full = counts + treated.smoothing
        mean = np.divide(sums + treated.smoothing * overall, full, out=np.full(many + 1, overall), where=full > 0)
        columns.append(np.append(mean[1:], mean[0]))
    return np.stack(columns, axis=1)


def scaled(table: Array, usual: Array, treated: Treatment) -> Array:
    """A table whose columns are scaled by the values (rows, columns) that rows usually have."""
    shift, scale = np.array([spread(column, treated) for column in usual.T]).T
    found: Array = (table - shift) / scale
    return found


_VALUES: dict[CalendarPart, int] = {"month": 12, "quarter": 4, "day": 31, "weekday": 7, "weekend": 2, "hour": 24}


def _turns(part: CalendarPart, need: Need, takes_missing: bool) -> Array:
    many = _VALUES[part]
    if need == "scaled" and part != "weekend":
        angle = 2 * np.pi * np.arange(many) / many
        return np.append(np.stack([np.sin(angle), np.cos(angle)], axis=1), [[0.0, 0.0]], axis=0)
    return np.append(np.arange(float(many)), np.nan if takes_missing else 0.0 if need == "scaled" else -1.0)[:, None]


def _place(values: pl.Series, part: CalendarPart) -> pl.Series:
    """The value of a part of the calendar, from 0."""
    import polars as pl

    if part == "weekend":
        return (values.dt.weekday() > 5).cast(pl.Int64)
    found: pl.Series = getattr(values.dt, part)().cast(pl.Int64)
    return found if part == "hour" else found - 1


def _one_hot(counts: NDArray[np.int64], most: int) -> Array:
    """A column for each label that is there, most frequent ones alone, rarer ones together; missing is all zeros or its own."""
    often = np.argsort(-counts, kind="stable")
    often = often[counts[often] > 0]
    table = np.zeros((counts.size, min(often.size, most + 1)))
    for column, label in enumerate(often):
        table[label, min(column, most)] = 1.0
    return table
