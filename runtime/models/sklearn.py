"""Any classifier or regressor of scikit-learn, by its dotted name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import Problem
from ..model import Advance, Fitted, Model
from ..options import Ability
from ..preprocessing import Need, Preprocessing

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema, Task

_USUAL = {
    "classifier": "One is sklearn.linear_model.LogisticRegression, packaged as model=logistic.",
    "regressor": "One is sklearn.linear_model.Ridge, packaged as model=ridge.",
}


class Sklearn(Model):
    """An estimator of scikit-learn, by its dotted name. `params` are those of its class."""

    kind: Literal["sklearn"] = "sklearn"
    classifier: str | None = None
    """What is fitted for binary and multiclass, as sklearn.ensemble.RandomForestClassifier."""
    regressor: str | None = None
    """What is fitted for regression."""
    estimator: str | None = None
    """What is fitted for a task that has no key of its own above."""
    preprocessing: Preprocessing = Preprocessing()
    """How columns become numbers."""

    def problems(self, task: Task) -> list[Problem]:
        """No estimator for the task, an unknown one, one without probabilities, unknown or wrong parameters."""
        from ._sklearn_names import problems

        key, name = self._chosen(task)
        if name is None:
            other = self.classifier if task == "regression" else self.regressor
            what = f"no {key} is named, which {task} needs" + (f"; {other} cannot do it." if other else ".")
            return [Problem(what, ("model", key), hint=_USUAL[key])]
        return problems(name, key, self.params, task)

    def abilities(self, task: Task) -> frozenset[Ability]:
        """Those of the estimator."""
        from ._sklearn_fit import abilities
        from ._sklearn_names import estimator

        found = estimator(self._chosen(task)[1] or "")
        return frozenset() if found is None else abilities(found, task)

    def encodes(self, task: Task) -> tuple[Need, bool] | None:
        """As the estimator needs it."""
        from ._sklearn_fit import needs
        from ._sklearn_names import estimator

        found = estimator(self._chosen(task)[1] or "")
        return None if found is None else needs(found(**self.params))

    def quantile(self, level: float) -> Model:
        """The same estimator with its loss of a quantile."""
        from ._sklearn_fit import QUANTILES

        fixed, name = QUANTILES[(self._chosen("regression")[1] or "").rpartition(".")[2]]
        return self.model_copy(update={"params": {**self.params, **fixed, name: level}})

    def label(self, task: Task) -> str:
        """The name of the class in small letters, as random_forest."""
        from ._sklearn_names import label

        return label(self._chosen(task)[1] or "sklearn")

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance) -> Fitted:
        """Encode the inputs as the estimator needs them, and fit it.

        Raises Mistake with scikit-learn's own sentence when it cannot learn from these rows.
        """
        from ._sklearn_fit import learned, needs, prepared

        estimator = prepared(self._chosen(schema.task)[1] or "", self.params, self.seed or 0, self.threads)
        need, takes_missing = needs(estimator)
        return learned(estimator, need, takes_missing, train, schema, self)

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The estimator of model.skops.

        Raises Mistake when the file is damaged or holds types that are not allowed.
        """
        from ._sklearn_fitted import load

        return load(folder, schema)

    def _chosen(self, task: Task) -> tuple[str, str | None]:
        """The key that counts for the task, and the name written there."""
        key = "regressor" if task == "regression" else "classifier"
        own: str | None = getattr(self, key)
        return ("estimator", self.estimator) if own is None and self.estimator is not None else (key, own)
