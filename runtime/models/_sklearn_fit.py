"""From an estimator's name and parameters to what it learned."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..encoding import Encoding
from ..errors import Mistake, Problem
from ..matrix import targets
from ..threads import pools
from ..weights import weights
from ._sklearn_fitted import Learned, Linear
from ._sklearn_names import estimator as named

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ..encoding import Need
    from ..model import Fitted, Model
    from ..options import Ability
    from ..schema import Schema, Task
    from .hooks import OwnEstimator
    from .sklearn import Sklearn

    Array = NDArray[np.float64]


QUANTILES: dict[str, tuple[dict[str, Any], str]] = {
    "HistGradientBoostingRegressor": ({"loss": "quantile"}, "quantile"),
    "GradientBoostingRegressor": ({"loss": "quantile"}, "alpha"),
    "QuantileRegressor": ({}, "quantile"),
}
"""By class, the parameters that make it learn a quantile, and the one that says which."""
_FEWEST = 10  # rows that early stopping can go by


def prepared(name: str, params: Mapping[str, Any], seed: int, threads: int | None) -> Any:
    """An estimator that is not fitted yet, with seed and threads where it has use for them."""
    found = named(name)(**params)
    ours = {"random_state": seed, "n_jobs": threads or -1}
    return found.set_params(**{key: value for key, value in ours.items() if key in found.get_params(deep=False)})


def needs(estimator: Any) -> tuple[Need, bool]:
    """How the inputs must be encoded for it, and whether it takes missing values as they are."""
    home = type(estimator).__module__
    if "hist_gradient_boosting" in home:
        return "native", True
    if home.startswith(("sklearn.tree.", "sklearn.ensemble.", "sklearn.dummy")):
        return "ordered", bool(estimator.__sklearn_tags__().input_tags.allow_nan)
    return "scaled", False


def abilities(found: Any, task: Task) -> frozenset[Ability]:
    """What an estimator, or its class, can do of the options that only some have."""
    from sklearn.utils.validation import has_fit_parameter

    able: set[Ability] = set()
    if has_fit_parameter(found, "sample_weight"):
        able.add("weights")
    if task != "multiclass" and "monotonic_cst" in inspect.signature(_class(found).__init__).parameters:
        able.add("monotone")
    if task == "regression" and _class(found).__name__ in QUANTILES:
        able.add("quantiles")
    return frozenset(able)


def _class(found: Any) -> Any:
    return found if isinstance(found, type) else type(found)


def learned(
    estimator: Any, need: Need, takes_missing: bool, train: pl.DataFrame, schema: Schema, model: Sklearn | OwnEstimator
) -> Fitted:
    """Encode the inputs of rows as the estimator needs them, and fit it as the options of the model say.

    Raises Mistake with scikit-learn's own sentence when it cannot learn from these rows.
    """
    if type(estimator).__module__ == "sklearn.dummy":
        return _fitted(estimator, Encoding.nothing(schema), np.empty((train.height, 0)), train, schema, model)
    if model.monotone and "hist_gradient_boosting" not in type(estimator).__module__:
        takes_missing = False  # other trees of scikit-learn keep to no direction where values are missing
    told: dict[str, Any] = {"takes_missing": takes_missing, "seed": model.seed or 0, "given": model.preprocessing}
    encoding = Encoding.learn(train, schema, need, **told)
    if not encoding.groups.size:
        raise Mistake(Problem("no column is left to learn from: no text has words in it.", ("data", "columns")))
    if model.monotone:
        estimator.set_params(monotonic_cst=encoding.directions(model.monotone))
    return _fitted(estimator, encoding, encoding.training(train, schema, need, **told), train, schema, model)


def _fitted(
    estimator: Any, encoding: Encoding, matrix: Array, train: pl.DataFrame, schema: Schema, model: Model
) -> Fitted:
    """Fit and keep what prediction and explanation need.

    matrix: (rows, width), the encoded rows of `train`.
    Raises Mistake with scikit-learn's own sentence when it cannot be done.
    """
    target = targets(train, schema)
    shift, scale = _standard(target) if _standardised(estimator, schema) else (0.0, 1.0)
    learn = target.astype(np.int64) if schema.classification else (target - shift) / scale
    notes = [*_adapted(estimator, encoding, learn, schema)]
    notes += _taught(estimator, matrix, learn, weights(model, train, schema), model.threads)
    size = _size(estimator)
    found: Fitted
    if _linear(estimator, schema):
        found = Linear.of(estimator, encoding, matrix, schema, shift, scale)
    else:
        if "n_jobs" in estimator.get_params(deep=False):
            estimator.set_params(n_jobs=None)  # threads add up in any order, which changes the last bits
        if type(estimator).__name__ in ("MLPClassifier", "MLPRegressor") and _of_sklearn(estimator):
            from ._network import Network

            estimator = Network.of(estimator)
        found = Learned(schema, encoding, estimator, _usual(matrix), shift, scale)
    found.summary, found.notes = size, tuple(notes)
    return found


def _taught(estimator: Any, matrix: Array, learn: NDArray[Any], counts: Array | None, threads: int | None) -> list[str]:
    """Fit, predict one row to see that it can, and give back what scikit-learn warned of."""
    try:
        with warnings.catch_warnings(record=True) as caught, pools().limit(limits=threads):
            warnings.simplefilter("always")
            estimator.fit(matrix, learn, **({} if counts is None else {"sample_weight": counts}))
            estimator.predict(matrix[:1])
    except (ValueError, TypeError, ArithmeticError, MemoryError) as error:
        sentence = " ".join(str(error).split())
        raise Mistake(Problem(f"scikit-learn says: {sentence}", ("model",))) from error
    passed_over = (FutureWarning, DeprecationWarning, RuntimeWarning)
    told = [" ".join(str(w.message).split()) for w in caught if not issubclass(w.category, passed_over)]
    return [f"scikit-learn says: {sentence.split('. ')[0].rstrip('.')}" for sentence in dict.fromkeys(told)]


def _adapted(estimator: Any, encoding: Encoding, learn: NDArray[Any], schema: Schema) -> list[str]:
    """Tell the estimator which columns are categories, and keep its early stopping from failing on few rows."""
    params = estimator.get_params(deep=False)
    if "categorical_features" in params:
        estimator.set_params(categorical_features=encoding.categories or None)
    if not isinstance(rows := params.get("n_neighbors"), type(None)) and rows > len(learn):
        estimator.set_params(n_neighbors=len(learn))
        return [f"fewer rows than {rows} neighbors, so all of them are"]
    if params.get("early_stopping") in ("auto", True) and not _divisible(params, learn, schema):
        estimator.set_params(early_stopping=False)
        return ["too few rows to stop early by, so every round is kept"]
    return []


def _divisible(params: dict[str, Any], learn: NDArray[Any], schema: Schema) -> bool:
    """Can rows be set aside for early stopping to watch: ten at least, and each class on both sides?"""
    share = params.get("validation_fraction", 0.1)
    aside = math.ceil(share * len(learn)) if isinstance(share, float) else share or 0
    counts = np.bincount(learn) if schema.classification else np.array([len(learn)])
    return bool(counts.min() >= 2 and min(aside, len(learn) - aside) >= max(_FEWEST, len(counts)))


def _linear(estimator: Any, schema: Schema) -> bool:
    from sklearn.linear_model import LogisticRegression
    from sklearn.linear_model._base import LinearModel

    kind = LogisticRegression if schema.classification else LinearModel
    return isinstance(estimator, kind) and _of_sklearn(estimator)  # another's subclass may predict in its own way


def _of_sklearn(estimator: Any) -> bool:
    return type(estimator).__module__.startswith("sklearn.")


def _standardised(estimator: Any, schema: Schema) -> bool:
    """Is the target brought to mean 0 and spread 1, so that settings mean the same in dollars and in millions?

    Not for trees, which need it not, nor where the target must stay positive.
    """
    home = type(estimator).__module__
    return (
        not schema.classification
        and needs(estimator)[0] == "scaled"
        and not home.startswith("sklearn.linear_model._glm")
    )


def _standard(target: Array) -> tuple[float, float]:
    spread = float(target.std())
    return float(target.mean()), spread if spread > 0 else 1.0


def _usual(matrix: Array) -> Array:
    """Rows that stand for what is usual: a sample, always the same."""
    from ..shapley import BACKGROUND

    chosen = np.random.default_rng(0).choice(len(matrix), min(BACKGROUND, len(matrix)), replace=False)
    return matrix[np.sort(chosen)]


def _size(estimator: Any) -> str:
    params = estimator.get_params(deep=False) if _of_sklearn(estimator) else {}
    if "max_iter" in params and "max_leaf_nodes" in params:
        return f"{estimator.n_iter_:,} of {params['max_iter']:,} rounds"
    return f"{len(estimator.estimators_):,} trees" if "n_estimators" in params and "max_depth" in params else ""
