"""Which parameters CatBoost takes here, told without importing it for the usual ones; and what it refuses."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import Problem, did_you_mean, listed
from ..schema import Task

LOSSES: dict[Task, tuple[str, ...]] = {
    "binary": ("Logloss", "CrossEntropy"),
    "multiclass": ("MultiClass",),
    "regression": ("RMSE", "MAE", "MAPE", "Huber", "Quantile", "Expectile", "LogCosh", "Lq"),
}
"""What may be minimised, the usual one first: losses whose raw score is the value, or the log-odds that become a probability."""

_LIMITS: dict[str, tuple[type, float, float]] = {
    "iterations": (int, 1, math.inf),
    "depth": (int, 1, 16),
    "learning_rate": (float, 1e-9, math.inf),
    "l2_leaf_reg": (float, 0, math.inf),
    "model_size_reg": (float, 0, math.inf),
    "random_strength": (float, 0, math.inf),
    "bagging_temperature": (float, 0, math.inf),
    "subsample": (float, 1e-9, 1),
    "rsm": (float, 1e-9, 1),
    "border_count": (int, 1, 65_535),
    "min_data_in_leaf": (int, 1, math.inf),
    "max_leaves": (int, 2, 64),
    "one_hot_max_size": (int, 0, 255),
    "max_ctr_complexity": (int, 0, 16),
    "leaf_estimation_iterations": (int, 1, math.inf),
    "scale_pos_weight": (float, 1e-9, math.inf),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "auto_class_weights": ("None", "Balanced", "SqrtBalanced"),
    "boosting_type": ("Ordered", "Plain"),
    "bootstrap_type": ("Bayesian", "Bernoulli", "MVS", "Poisson", "No"),
    "grow_policy": ("SymmetricTree", "Depthwise", "Lossguide"),
    "leaf_estimation_method": ("Newton", "Gradient", "Exact", "Simple"),
    "nan_mode": ("Min", "Max", "Forbidden"),
    "score_function": ("Cosine", "L2", "NewtonCosine", "NewtonL2"),
}
_USUAL = {*_LIMITS, *_CHOICES, "loss_function"}

_ALIASES = {
    "n_estimators": "iterations",
    "num_boost_round": "iterations",
    "num_trees": "iterations",
    "eta": "learning_rate",
    "max_depth": "depth",
    "reg_lambda": "l2_leaf_reg",
    "colsample_bylevel": "rsm",
    "max_bin": "border_count",
    "objective": "loss_function",
    "min_child_samples": "min_data_in_leaf",
    "num_leaves": "max_leaves",
}
_SEED, _THREADS = "Use the key seed.", "Use the key threads."
_STOPPING = "Use early_stopping_rounds, the key beside params."
_TYPES = "The types in data.columns say it."
_PROGRESS = "overture shows the progress itself."
_FILES = "overture writes the files of a run itself."
_CLASSES = "overture numbers the classes itself."
_ELSEWHERE = {
    **dict.fromkeys(("random_seed", "random_state"), _SEED),
    "thread_count": _THREADS,
    **dict.fromkeys(("early_stopping_rounds", "od_type", "od_wait", "od_pval", "use_best_model"), _STOPPING),
    **dict.fromkeys(("cat_features", "text_features", "embedding_features"), _TYPES),
    "ignored_features": "List the columns in data.ignore.",
    "eval_fraction": "Use split.valid.",
    **dict.fromkeys(("verbose", "silent", "logging_level", "metric_period", "callback"), _PROGRESS),
    **dict.fromkeys(("allow_writing_files", "train_dir", "name", "metadata", "output_borders"), _FILES),
    **dict.fromkeys(("save_snapshot", "snapshot_file", "snapshot_interval", "input_borders"), _FILES),
    **dict.fromkeys(("class_names", "classes_count", "target_border"), _CLASSES),
    "class_weights": "Use auto_class_weights: Balanced, or scale_pos_weight.",
    "custom_loss": "Use loss_function.",
}


def problems(params: Mapping[str, Any], task: Task) -> list[Problem]:
    """What in `params` CatBoost does not take, or overture sets itself; paths start with "model", "params"."""
    found = [problem for name, value in params.items() for problem in _problems(name, value, task)]
    strange = [name for name in params if name not in _USUAL and name not in _ELSEWHERE and name not in _ALIASES]
    return [*found, *_unknown(strange)]


def loss(params: Mapping[str, Any], task: Task) -> str:
    """What is minimised."""
    return str(params.get("loss_function", LOSSES[task][0]))


def _problems(name: str, value: Any, task: Task) -> Iterator[Problem]:
    path = ("model", "params", name)
    if name in _ELSEWHERE:
        yield Problem("is not set here.", path, hint=_ELSEWHERE[name])
    elif name in _ALIASES:
        yield Problem("has another name here.", path, hint=f'Write "{_ALIASES[name]}".')
    elif name == "loss_function" and str(value).split(":")[0] not in LOSSES[task]:
        yield Problem(f"{value} is not for {task}.", path, hint=f"It can be {listed(LOSSES[task])}.")
    elif name in _LIMITS and (what := _limited(value, *_LIMITS[name])):
        yield Problem(what, path)
    elif name in _CHOICES and value not in _CHOICES[name]:
        yield Problem(f'no {name} is called "{value}".', path, hint=did_you_mean(value, _CHOICES[name]))


def _limited(value: Any, kind: type, low: float, high: float) -> str:
    noun = "a whole number" if kind is int else "a number"
    if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
        return f"must be {noun}, not {value!r}"
    if not low <= value <= high:
        limits = "greater than 0" if low == 1e-9 else f"{low:g} or more"
        return f"must be {limits}{'' if high == math.inf else f' and at most {high:g}'}, not {value}"
    return ""


def _unknown(names: list[str]) -> list[Problem]:
    if not names:
        return []
    import inspect

    from catboost import CatBoostClassifier

    known = [*inspect.signature(CatBoostClassifier).parameters]
    offered = [name for name in known if name not in _ELSEWHERE and name not in _ALIASES]
    return [
        Problem("catboost has no parameter of that name.", ("model", "params", name), hint=did_you_mean(name, offered))
        for name in names
        if name not in known
    ]


def told(error: Exception) -> Problem:
    """What CatBoost refuses, without the places in its own code."""
    text = re.sub(r"^\S+\.(cpp|h):\d+: ", "", str(error)).strip()
    if "constant or ignored" in text:
        return Problem(
            "every input is the same in all rows to learn from, so there is nothing to learn.", ("data", "columns")
        )
    return Problem(f"catboost says: {text}", ("model", "params"))
