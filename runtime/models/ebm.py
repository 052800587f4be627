"""Explainable boosting machine by interpret: a curve for each column, a table for some pairs, and their sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .. import safe_types
from ..errors import Mistake, Problem, did_you_mean
from ..model import Advance, Cost, Explanation, Fitted, Model
from ..options import Ability
from ..preprocessing import Need, Preprocessing
from . import _keys
from ._package import lacking, package

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..encoding import Encoding
    from ..schema import Schema, Task

    Array = NDArray[np.float64]

_FILE = "model.skops"
_FEWEST = 60  # rows that can give some away to stop by
_ELSEWHERE = {
    "random_state": _keys.SEED,
    "n_jobs": _keys.THREADS,
    **dict.fromkeys(("feature_names", "feature_types"), _keys.TYPES),
    "callback": _keys.PROGRESS,
    "monotone_constraints": _keys.OPTION.format("monotone"),
    "objective": "The task says it.",
    "missing": "Use preprocessing.missing.",
}


class Ebm(Model):
    """Explainable boosting machine. `params` are those of interpret's ExplainableBoostingClassifier."""

    kind: Literal["ebm"] = "ebm"
    preprocessing: Preprocessing = Preprocessing()
    """How columns become numbers."""

    def problems(self, task: Task) -> list[Problem]:
        """interpret-core is not installed, or does not know a parameter, or it is set elsewhere."""
        return lacking("interpret", "ebm") or [*self._params(task)]

    def abilities(self, task: Task) -> frozenset[Ability]:
        """Weights; directions where there is one score."""
        return frozenset({"weights"} if task == "multiclass" else {"weights", "monotone"})

    def encodes(self, task: Task) -> tuple[Need, bool] | None:
        """Codes and missing values as they are."""
        return "native", True

    def packages(self) -> tuple[str, ...]:
        """interpret-core."""
        return ("interpret-core",)

    def label(self, task: Task) -> str:
        """ebm."""
        return "ebm"

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance) -> Fitted:
        """Curves that are boosted in turns, on several divisions of the rows, averaged.

        Raises Mistake in interpret's own words when it cannot learn from these rows.
        """
        import warnings

        import numpy as np

        from . import _boosted

        encoding, rows, _ = _boosted.encoded(self, self.preprocessing, train, None, schema)
        estimator, note = self._estimator(schema, encoding, rows.target)
        target = rows.target.astype(np.int64) if schema.classification else rows.target
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what its own pictures cannot show
                estimator.fit(rows.matrix, target, sample_weight=rows.weights)
        except (ValueError, TypeError, ArithmeticError) as error:
            sentence = " ".join(str(error).split())
            raise Mistake(Problem(f"interpret says: {sentence}", ("model", "params"))) from error
        found = _Curves.of(estimator, encoding, schema)
        found.summary, found.notes = f"{len(found.terms):,} terms", note
        return found

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The curves of model.skops; interpret is not needed for them.

        Raises Mistake when the file is damaged or belongs to other columns.
        """

        from ..encoding import Encoding

        state = safe_types.load(folder / _FILE)
        try:
            encoding = Encoding.of(state.pop("encoding"))
            found = _Curves(schema, encoding, **state)
        except (KeyError, TypeError, AttributeError) as error:
            raise Mistake(f"{_FILE} was not written by overture.") from error
        if list(encoding.parts) != list(schema.inputs):
            raise Mistake(f"{_FILE} belongs to other columns than this run.")
        return found

    def _params(self, task: Task) -> Iterator[Problem]:
        import inspect

        known = [name for name in inspect.signature(_class(task).__init__).parameters if name != "self"]
        for name in self.params:
            path = ("model", "params", name)
            if name in _ELSEWHERE:
                yield Problem("is not set here.", path, hint=_ELSEWHERE[name])
            elif name not in known:
                offered = [it for it in known if it not in _ELSEWHERE]
                what = "ExplainableBoostingClassifier has no parameter of that name."
                yield Problem(what, path, hint=did_you_mean(name, offered))

    def _estimator(self, schema: Schema, encoding: Encoding, target: Array) -> tuple[Any, tuple[str, ...]]:
        """The estimator, not fitted, and what is to be said about it."""
        import numpy as np

        types = ["nominal" if i in set(encoding.categories) else "continuous" for i in range(len(encoding.groups))]
        directions = encoding.directions(self.monotone)
        settings: dict[str, Any] = {**self.params, "feature_types": types, "random_state": self.seed or 0}
        if any(directions):
            settings["monotone_constraints"] = directions
        few = len(target) < _FEWEST or (schema.classification and np.bincount(target.astype(int)).min() < _FEWEST // 10)
        if few:
            settings |= {"outer_bags": 1, "validation_size": 0, "interactions": 0}
        note = ("too few rows to stop early by, so every round is kept",) if few else ()
        return _class(schema.task)(**settings, n_jobs=self.threads or -1), note


def _class(task: Task) -> Any:
    glassbox = package("interpret.glassbox", "ebm")
    return glassbox.ExplainableBoostingRegressor if task == "regression" else glassbox.ExplainableBoostingClassifier


@dataclass
class _Curves(Fitted):
    """Terms of one or two columns, each a table of what a bin of values adds."""

    encoded = True

    schema: Schema
    encoding: Encoding
    intercept: Array
    """(outputs,)"""
    terms: list[list[int]]
    """The columns of each term."""
    cuts: list[list[Array]]
    """For each column of each term where its bins end; of a category which codes have bins, in their order."""
    nominal: list[bool]
    """For each column of the matrix: is it a category?"""
    scores: list[Array]
    """For each term (bins, …, outputs); the first bin is for a missing value, the last for one that was never seen."""
    weight: Array
    """How much each term moves the score on the training rows."""

    @classmethod
    def of(cls, estimator: Any, encoding: Encoding, schema: Schema) -> _Curves:
        """From a fitted estimator."""
        import numpy as np

        terms = [list(map(int, term)) for term in estimator.term_features_]
        bins = [[_bins(estimator.bins_[i], len(term)) for i in term] for term in terms]
        outputs = len(schema.classes or []) if schema.task == "multiclass" else 1
        shaped = [np.asarray(it, dtype=np.float64) for it in estimator.term_scores_]
        shaped = [it if it.ndim > len(term) else it[..., None] for it, term in zip(shaped, terms, strict=True)]
        intercept = np.atleast_1d(np.asarray(estimator.intercept_, dtype=np.float64))
        if schema.task == "multiclass" and len(intercept) == 1:  # two classes: the first scores 0
            intercept = np.append(0.0, intercept)
            shaped = [np.concatenate([0 * it, it], axis=-1) for it in shaped]
        nominal = [i in set(encoding.categories) for i in range(len(encoding.groups))]
        weight = np.asarray(estimator.term_importances(), dtype=np.float64)
        return cls(
            schema, encoding, np.broadcast_to(intercept, (outputs,)).copy(), terms, bins, nominal, shaped, weight
        )

    @property
    def cost(self) -> Cost:  # type: ignore[override]
        """By terms, each of which is learned in thousands of rounds."""
        terms = len(self.terms)
        return self.encoding.cost + Cost(0.1 * terms, 20.0 * terms)

    def raw(self, frame: pl.DataFrame) -> Array:
        """The intercept and what every term adds."""
        import numpy as np

        found = np.broadcast_to(self.intercept, (frame.height, len(self.intercept))).copy()
        for added in self._added(frame):
            found += added
        return found

    def predict(self, frame: pl.DataFrame) -> Array:
        """Probabilities or values."""

        from ..matrix import probabilities

        raw = self.raw(frame)
        return probabilities(raw, self.schema) if self.schema.classification else raw[:, 0]

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """What every term adds; that of a pair is halved between its columns."""
        import numpy as np

        found = np.zeros((frame.height, len(self.encoding.parts), len(self.intercept)))
        groups = self.encoding.groups
        for term, added in zip(self.terms, self._added(frame), strict=True):
            for column in term:
                found[:, groups[column]] += added / len(term)
        return Explanation(self.intercept.copy(), found, "what each curve adds, exact")

    def importance(self) -> dict[str, float]:
        """How much the terms of each input move the score."""
        import numpy as np

        sums = np.zeros(len(self.encoding.parts))
        for term, weight in zip(self.terms, self.weight, strict=True):
            for column in term:
                sums[self.encoding.groups[column]] += weight / len(term)
        total = float(sums.sum())
        return dict(zip(self.encoding.parts, (sums / total).tolist(), strict=True)) if total > 0 else {}

    def save(self, folder: Path) -> None:
        """Write model.skops."""
        names = ("intercept", "terms", "cuts", "nominal", "scores", "weight")
        plain = {name: getattr(self, name) for name in names}
        safe_types.save({"encoding": self.encoding.state(), **plain}, folder / _FILE)

    def _added(self, frame: pl.DataFrame) -> Iterator[Array]:
        """For each term (rows, outputs)."""
        matrix = self.encoding.apply(frame, self.schema)
        for term, cuts, scores in zip(self.terms, self.cuts, self.scores, strict=True):
            places = (_place(matrix[:, i], cut, self.nominal[i]) for i, cut in zip(term, cuts, strict=True))
            yield scores[tuple(places)]


def _bins(found: Any, columns: int) -> Array:
    """The bins of a column for terms of one or of two columns."""
    import numpy as np

    chosen = found[min(columns, len(found)) - 1]
    if not isinstance(chosen, dict):
        return np.asarray(chosen, dtype=np.float64)
    codes = np.full(max(chosen.values(), default=0), np.nan)
    for label, place in chosen.items():
        codes[place - 1] = float(label)
    return codes


def _place(values: Array, cuts: Array, nominal: bool) -> NDArray[np.int64]:
    """The bin of each value: 0 where it is missing."""
    import numpy as np

    if not nominal:
        return np.where(np.isnan(values), 0, np.searchsorted(cuts, values, side="right") + 1)
    order = np.argsort(cuts)
    place = np.clip(np.searchsorted(cuts, values, sorter=order), 0, max(len(cuts) - 1, 0))
    if not len(cuts):
        return np.where(np.isnan(values), 0, 1)
    found = order[place]
    known = cuts[found] == values
    return np.where(np.isnan(values), 0, np.where(known, found + 1, len(cuts) + 1))
