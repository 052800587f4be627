"""Which estimators of scikit-learn may be named in the configuration, and with which parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import Problem, did_you_mean, nearest
from ..schema import Task

_DOTTED = re.compile(r"sklearn(\.[a-z][a-z0-9_]*)*\.[A-Z][A-Za-z0-9]*")
_ELSEWHERE = {
    "random_state": "Use the key seed.",
    "n_jobs": "Use the key threads.",
    "verbose": "overture shows the progress itself.",
    "categorical_features": "The types in data.columns say it.",
    "warm_start": "Every training starts anew.",
}


def estimator(name: str) -> Any:
    """The class of that name, or None; nothing outside scikit-learn is imported, and nothing private in it."""
    from importlib import import_module

    from sklearn.base import BaseEstimator

    if not _DOTTED.fullmatch(name) or "._" in name:
        return None
    module, _, last = name.rpartition(".")
    try:
        found = getattr(import_module(module), last, None)
    except ImportError:
        return None
    ours = isinstance(found, type) and issubclass(found, BaseEstimator) and found.__module__.startswith("sklearn.")
    return found if ours else None


def label(name: str) -> str:
    """What people call it.

    assert label("sklearn.ensemble.HistGradientBoostingClassifier") == "hist_gradient_boosting"
    """
    bare = re.sub(r"(Classifier|Regressor|Regression)$", "", name.rpartition(".")[2]) or name.rpartition(".")[2]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", bare).lower()


def problems(name: str, key: str, params: Mapping[str, Any], task: Task) -> list[Problem]:
    """What keeps the named estimator from this task, or from these parameters. key: where the name is written."""
    found = estimator(name)
    if found is None:
        return [Problem(f'scikit-learn has no estimator "{name}".', ("model", key), hint=_suggestion(name, task))]
    if not _fits(found, task):
        sort = "regressor" if task == "regression" else "classifier"
        return [Problem(f"{name} is no {sort}, which {task} needs.", ("model", key), hint=_suggestion(name, task))]
    wrong = [*_params(found, params)]
    return wrong or [*_instance(found, name, key, params, task)]


def _params(found: Any, params: Mapping[str, Any]) -> Iterator[Problem]:
    known = [name for name in inspect.signature(found.__init__).parameters if name != "self"]
    label = found.__name__
    for name, value in params.items():
        path = ("model", "params", name)
        if name not in known:
            offered = [name for name in known if name not in _ELSEWHERE]
            yield Problem(f"{label} has no parameter of that name.", path, hint=did_you_mean(name, offered))
        elif name in _ELSEWHERE:
            yield Problem("is not set here.", path, hint=_ELSEWHERE[name])
        elif what := _value_fault(found, name, value):
            yield Problem(what, path)


def _value_fault(found: Any, name: str, value: Any) -> str:
    """scikit-learn's own sentence about one value, checked as fitting would check it."""
    from sklearn.utils._param_validation import InvalidParameterError, validate_parameter_constraints

    constraints = getattr(found, "_parameter_constraints", {})
    if name not in constraints:
        return ""
    try:
        validate_parameter_constraints({name: constraints[name]}, {name: value}, caller_name=found.__name__)
    except InvalidParameterError as error:
        return str(error)
    return ""


def _instance(found: Any, name: str, key: str, params: Mapping[str, Any], task: Task) -> Iterator[Problem]:
    required = [
        parameter.name
        for parameter in inspect.signature(found).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    if missing := [word for word in required if word not in params]:
        what = f"{name} needs {missing[0]}"
        yield Problem(
            f"{what}, which is made of other estimators and cannot be written in YAML."
            if missing[0] in ("estimator", "estimators")
            else f"{what}.",
            ("model", "params"),
        )
    elif task != "regression" and not hasattr(found(**params), "predict_proba"):
        yield Problem(
            f"{name} gives no probabilities{' with these params' if hasattr(found, 'predict_proba') else ''}, and {task} needs them.",
            ("model", key),
            hint="Choose one that does, for example sklearn.linear_model.LogisticRegression.",
        )


def _fits(found: Any, task: Task) -> bool:
    from sklearn.base import ClassifierMixin, RegressorMixin

    return issubclass(found, RegressorMixin if task == "regression" else ClassifierMixin)


def _suggestion(name: str, task: Task) -> str:
    """The nearest estimator that fits the task: by its last word first, because that is what people remember."""
    from sklearn.utils import all_estimators

    kind = "regressor" if task == "regression" else "classifier"
    offered = {
        word: re.sub(r"\._.*$", "", found.__module__) + f".{word}" for word, found in all_estimators(type_filter=kind)
    }
    close = nearest(name.rpartition(".")[2], list(offered))
    return f'Did you mean "{offered[close]}"?' if close else "Write it as sklearn.ensemble.RandomForestClassifier."
