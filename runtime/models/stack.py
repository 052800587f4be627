"""A linear model of what other models say, learned on rows that those had not seen (Wolpert 1992)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ..errors import Mistake
from ..model import Advance, Cost, Explanation, Fitted
from ..weights import weights
from . import _members

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..schema import Schema

    Array = NDArray[np.float64]


_LEAST = 10  # rows in a fold


class Stack(_members.Combined):
    """A linear model of what other models say: logistic regression for classes, ridge regression with weights of 0 and more for numbers."""

    kind: Literal["stack"] = "stack"
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    """Parts of the rows; what a member says of one it learned from the others."""
    strength: Annotated[float, Field(gt=0)] = 1.0
    """How freely the weights may be large: C of logistic regression, 1 / alpha of ridge regression."""

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance) -> Fitted:
        """Members on each fold's rest, the weights on what they say of the folds, then members on all rows.

        Raises Mistake when the rows cannot teach a member.
        """
        import numpy as np

        members, fold = _members.ready(self), self._fold(train, schema)
        many = int(fold.max()) + 1
        found = _members.fitted(members, train, valid, schema, lambda done, most: advance(done, most * (many + 1)))
        kinds, label = {name: member.kind for name, member in members.items()}, f"{len(members)} members"
        if many < 2:
            stack = _Stacked(schema, kinds, found, *_even(found, schema))
            stack.summary, stack.notes = label, ("too few rows for folds, so every member counts the same",)
            return stack
        said = np.empty((train.height, 0))
        for number in range(many):
            import polars as pl

            here = pl.Series(fold == number)
            some = _members.fitted(members, train.filter(~here), valid, schema, advance)
            outputs = _outputs(some, train.filter(here))
            said = np.empty((train.height, outputs.shape[1])) if not said.size else said
            said[fold == number] = outputs
            advance((number + 2) * len(members), (many + 1) * len(members))
        stack = _Stacked(schema, kinds, found, *self._weighed(said, train, schema))
        stack.summary = f"{label}, {many} folds"
        return stack

    def relearn(self, fitted: Fitted, frame: pl.DataFrame, advance: Advance) -> Fitted | None:
        """The members from all rows, with the weights that were found."""
        if not isinstance(fitted, _Stacked):
            return None
        members = _members.again(_members.ready(self), fitted.members, frame)
        found = _Stacked(fitted.schema, fitted.kinds, members, fitted.weights, fitted.intercept)
        found.summary, found.notes = f"{len(members)} members", fitted.notes
        return found

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The members and their weights.

        Raises Mistake when a file is damaged, or holds types that are not allowed.
        """
        import numpy as np

        kinds, members, state = _members.load(folder, schema)
        try:
            arrays = [np.array(state[name], dtype=np.float64) for name in ("weights", "intercept")]
        except (KeyError, ValueError) as error:
            raise Mistake(f"{_members.FILE} is damaged, or was not written by overture.") from error
        return _Stacked(schema, kinds, members, *arrays)

    def _fold(self, train: pl.DataFrame, schema: Schema) -> NDArray[np.int64]:
        """The fold of each row; classes are spread evenly, and none is in one fold only."""
        import numpy as np

        from ..matrix import targets

        random, target = np.random.default_rng(self.seed or 0), targets(train, schema)
        found = np.zeros(train.height, dtype=np.int64)
        groups = [target == label for label in np.unique(target)] if schema.classification else [target == target]
        many = min(self.folds, *(int(group.sum()) for group in groups), train.height // _LEAST)
        for group in groups:
            found[group] = random.permutation(int(group.sum())) % max(many, 1)
        return found

    def _weighed(self, said: Array, train: pl.DataFrame, schema: Schema) -> tuple[Array, Array]:
        """Weights (what members say, outputs) and intercept (outputs,)."""
        import numpy as np
        from sklearn.linear_model import LogisticRegression, Ridge

        from ..matrix import targets

        target, counts = targets(train, schema), weights(self, train, schema)
        if not schema.classification:
            shift, scale = float(target.mean()), float(target.std()) or 1.0
            ridge = Ridge(alpha=1 / self.strength, positive=True)
            ridge.fit((said - shift) / scale, (target - shift) / scale, sample_weight=counts)
            weight = ridge.coef_.reshape(-1, 1)
            return weight, np.array([float(ridge.intercept_) * scale + shift * (1 - float(weight.sum()))])
        logistic = LogisticRegression(C=self.strength, max_iter=1000)
        logistic.fit(said, target.astype(np.int64), sample_weight=counts)
        weight, intercept = logistic.coef_.T, np.asarray(logistic.intercept_, dtype=np.float64)
        if schema.task == "multiclass" and weight.shape[1] == 1:  # two classes: the first scores 0
            return np.hstack([0 * weight, weight]), np.append(0.0, intercept)
        return np.ascontiguousarray(weight), intercept


def _even(members: dict[str, Fitted], schema: Schema) -> tuple[Array, Array]:
    """All members alike; the probabilities of a forest are stretched to what log-odds are where nothing is known."""
    import numpy as np

    outputs = len(schema.classes or []) if schema.task == "multiclass" else 1
    steep, middle = (4.0, 2.0) if outputs == 1 else (float(outputs), 0.0)
    slopes = [steep if member.raw_is_probability else 1.0 for member in members.values()]
    shift = sum(middle for member in members.values() if member.raw_is_probability) / len(members)
    return np.concatenate([slope * np.eye(outputs) / len(members) for slope in slopes]), np.full(outputs, -shift)


def _outputs(members: dict[str, Fitted], frame: pl.DataFrame) -> Array:
    """What all members say, beside each other: (rows, members times outputs)."""
    import numpy as np

    return np.concatenate([member.raw(frame) for member in members.values()], axis=1)


@dataclass
class _Stacked(Fitted):
    """Members and how much each counts."""

    schema: Schema
    kinds: dict[str, str]
    members: dict[str, Fitted]
    weights: Array
    """(members times outputs, outputs)"""
    intercept: Array
    """(outputs,)"""

    @property
    def cost(self) -> Cost:  # type: ignore[override]
        """That of the members; they learn once more for the weights."""
        found = _members.cost(self.members)
        return Cost(found.prediction, 2 * found.learning)

    def raw(self, frame: pl.DataFrame) -> Array:
        """The weighted sum of the members' raw scores."""
        import numpy as np

        said = _outputs(self.members, frame)
        found = np.broadcast_to(self.intercept, (frame.height, len(self.intercept))).copy()
        for column, line in zip(said.T, self.weights, strict=True):  # no matrix product: see Linear
            found += column[:, None] * line
        return found

    def predict(self, frame: pl.DataFrame) -> Array:
        """Probabilities or values."""

        from ..matrix import probabilities

        raw = self.raw(frame)
        return probabilities(raw, self.schema) if self.schema.classification else raw[:, 0]

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """The members' explanations, weighted as their scores are."""
        import numpy as np

        whys = [member.explain(frame) for member in self.members.values()]
        base = self.intercept + np.concatenate([why.base for why in whys]) @ self.weights
        found = np.concatenate([why.contributions for why in whys], axis=2) @ self.weights
        exact, nodes = all(why.exact for why in whys), sum(why.nodes for why in whys)
        return Explanation(base, found, "SHAP values of the members, weighted", exact=exact, nodes=nodes)

    def importance(self) -> dict[str, float]:
        """None: what members know of it is not on one scale."""
        return {}

    def save(self, folder: Path) -> None:
        """Write members.json, and each member into a folder of its name."""
        plain: dict[str, Any] = {"weights": self.weights.tolist(), "intercept": self.intercept.tolist()}
        _members.save(folder, self.kinds, self.members, plain)
