"""Gradient boosted trees by CatBoost, which takes categories, missing values and text as they are."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ..data.column import TextColumn
from ..errors import Mistake, Problem
from ..model import Advance, Cost, Explanation, Fitted, Model
from ..options import Ability
from ..sweeps.job import Pruned
from ..weights import weights
from ._catboost_params import loss, problems, told
from ._catboost_watch import Log, watching

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..quick import Quick
    from ..schema import Schema, Task

_FILE = "model.cbm"
_BY_CHANCE = ("model_guid", "train_finish_time")  # blanked, so that the same training leaves the same bytes
_DIRECTIONS = {"increasing": 1, "decreasing": -1}
_LINES = 100  # how often the progress moves
_WORDS_ONLY = {
    "tokenizers": [{"tokenizer_id": "Space", "separator_type": "ByDelimiter", "delimiter": " "}],
    "dictionaries": [{"dictionary_id": "Word", "gram_order": "1", "occurrence_lower_bound": "1"}],
    "feature_processing": {
        "default": [{"tokenizers_names": ["Space"], "dictionaries_names": ["Word"], "feature_calcers": ["BoW"]}]
    },
}


class Catboost(Model):
    """Gradient boosted trees by CatBoost. `params` are those of catboost.CatBoost.

    Early stopping watches the validation rows; then the model is fitted again on train and valid with the number of trees found.
    """

    takes_codes = True
    rounds_param = "iterations"

    kind: Literal["catboost"] = "catboost"
    early_stopping_rounds: Annotated[int, Field(ge=1)] | None = 50
    """Stop when so many trees in a row made the validation rows no better; null: all iterations."""
    refit: bool = True
    """After early stopping, learn again from train and valid with the number of trees found."""

    def problems(self, task: Task) -> list[Problem]:
        """Parameters that CatBoost does not know, or that are set elsewhere."""
        return problems(self.params, task)

    def abilities(self, task: Task) -> frozenset[Ability]:
        """Weights; directions where there is one score; quantiles of numbers."""
        found: set[Ability] = {"weights"}
        if task != "multiclass":
            found.add("monotone")
        return frozenset(found | {"quantiles"} if task == "regression" else found)

    def quantile(self, level: float) -> Model:
        """The same trees with the loss of a quantile."""
        return self.model_copy(update={"params": {**self.params, "loss_function": f"Quantile:alpha={level:.12g}"}})

    def uses_validation(self) -> bool:
        """Early stopping does."""
        return self.early_stopping_rounds is not None

    def get_ready(self) -> None:
        """Import CatBoost, and pandas, which it is handed categories in."""
        import catboost  # noqa: F401
        import pandas  # noqa: F401

    def label(self, task: Task) -> str:
        """catboost."""
        return "catboost"

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance) -> Fitted:
        """Trees until the validation rows get no better.

        Raises Mistake when every input is the same in all rows, or CatBoost refuses a parameter.
        """
        most = int(self.params.get("iterations", 1000))
        fitted = _trained(self._settings(schema, most), list(schema.inputs), train, valid, schema, advance, self)
        fitted.summary = f"{fitted.rounds:,} of {most:,} trees" if valid is not None else f"{fitted.rounds:,} trees"
        return fitted

    def relearn(self, fitted: Fitted, frame: pl.DataFrame, advance: Advance) -> Fitted | None:
        """As many trees as were found, at the learning rate they were found with."""
        if not self.refit or not isinstance(fitted, _Trees) or fitted.rounds is None:
            return None
        settings = self._settings(fitted.schema, fitted.rounds)
        settings["learning_rate"] = fitted.model.get_all_params()["learning_rate"]
        again = _trained(settings, fitted.inputs, frame, None, fitted.schema, advance, self)
        again.summary, again.notes = f"{again.rounds:,} trees", fitted.notes
        return again

    def settled(self, rounds: int) -> dict[str, Any]:
        """Also: nothing where CatBoost chooses the learning rate, which it does by the number of trees."""
        return super().settled(rounds) if "learning_rate" in self.params else {}

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The trees of model.cbm.

        Raises Mistake when the file is damaged or belongs to other columns.
        """
        from catboost import CatBoost, CatBoostError

        model = CatBoost()
        try:
            model.load_model(str(folder / _FILE))
        except CatBoostError as error:
            raise Mistake(f"{_FILE} cannot be opened: it is damaged, or no CatBoost model.") from error
        inputs = list(model.feature_names_)
        if foreign := [name for name in inputs if name not in schema.inputs]:
            raise Mistake(f'{_FILE} belongs to other columns: "{foreign[0]}" is no input of this run.')
        return _Trees(schema, model, inputs)

    def _settings(self, schema: Schema, iterations: int) -> dict[str, Any]:
        classes = {"classes_count": len(schema.classes or [])} if schema.task == "multiclass" else {}
        return {
            "allow_const_label": True,
            **classes,
            **self.params,
            "loss_function": loss(self.params, schema.task),
            "iterations": iterations,
            "random_seed": self.seed or 0,
            "thread_count": self.threads or -1,
            "allow_writing_files": False,
            "verbose": max(1, iterations // _LINES),
        }


@dataclass
class _Trees(Fitted):
    """What CatBoost learned."""

    encoded = True

    schema: Schema
    model: Any
    inputs: list[str]
    """Those the model uses: all but text with too few words."""
    summary: str = ""
    notes: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def rounds(self) -> int | None:  # type: ignore[override]
        """The number of trees."""
        return int(self.model.tree_count_)

    @property
    def cost(self) -> Cost:  # type: ignore[override]
        """By trees, and texts, which are divided into words."""
        trees, texts = self.model.tree_count_, sum(isinstance(self.schema.inputs[it], TextColumn) for it in self.inputs)
        return Cost(1.0 + 0.01 * trees + 10.0 * texts, 0.2 * trees + 500.0 * texts)

    def raw(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """The sums of the leaves."""
        import numpy as np

        from ._catboost_pool import pool

        outputs = len(self.schema.classes or []) if self.schema.task == "multiclass" else 1
        if frame.is_empty():
            return np.empty((0, outputs))
        found = self.model.predict(pool(frame, self.schema, self.inputs), prediction_type="RawFormulaVal")
        return np.asarray(found, dtype=np.float64).reshape(frame.height, outputs)

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Probabilities or values."""
        from ..matrix import probabilities

        raw = self.raw(frame)
        return probabilities(raw, self.schema) if self.schema.classification else raw[:, 0]

    def quick(self) -> Quick:
        """Tables instead of trees, where the model can be made into some; else lists instead of frames."""
        from ._catboost_quick import quick

        return quick(self.model, self.schema, self.inputs)

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """Exact SHAP values of the trees (Lundberg and others 2018), as CatBoost computes them."""
        import numpy as np

        from ._catboost_pool import pool

        with self._lock:  # CatBoost keeps what it needs for SHAP values within the model
            found = self.model.get_feature_importance(pool(frame, self.schema, self.inputs), type="ShapValues")
        values = np.asarray(found, dtype=np.float64).reshape(frame.height, -1, len(self.inputs) + 1)
        names = list(self.schema.inputs)
        contributions = np.zeros((frame.height, len(names), values.shape[1]))
        contributions[:, [names.index(name) for name in self.inputs]] = values[:, :, :-1].transpose(0, 2, 1)
        return Explanation(values[0, :, -1].copy(), contributions, "SHAP values, exact")

    def importance(self) -> dict[str, float]:
        """How much the prediction changes with each input, by CatBoost's PredictionValuesChange."""
        found = dict(zip(self.inputs, self.model.get_feature_importance(type="PredictionValuesChange"), strict=True))
        total = float(sum(found.values()))
        return {name: float(found.get(name, 0.0)) / total for name in self.schema.inputs} if total > 0 else {}

    def save(self, folder: Path) -> None:
        """Write model.cbm."""
        self.model.save_model(str(folder / _FILE))


def _trained(
    settings: dict[str, Any],
    inputs: list[str],
    train: pl.DataFrame,
    valid: pl.DataFrame | None,
    schema: Schema,
    advance: Advance,
    model: Catboost,
) -> _Trees:
    """Fit once; a text column whose words CatBoost cannot use is passed over, and said so."""
    from catboost import CatBoostError

    written = [name for name in inputs if isinstance(schema.inputs[name], TextColumn)]
    notes: tuple[str, ...] = ()
    try:
        try:
            fitted = _fitted(settings, inputs, train, valid, schema, advance, model)
        except CatBoostError as error:
            if "Dictionary size is 0" not in str(error) or "text_processing" in model.params:
                raise
            settings = {**settings, "text_processing": _WORDS_ONLY}
            bare = [name for name in written if not _tells(name, settings, train, schema, model)]
            inputs = [name for name in inputs if name not in bare]
            notes = tuple(f"{name}: too few words to learn from, so it is passed over" for name in bare)
            fitted = _fitted(settings, inputs, train, valid, schema, advance, model)
    except CatBoostError as error:
        raise Mistake(told(error)) from error
    for name in _BY_CHANCE:
        fitted.get_metadata()[name] = ""
    return _Trees(schema, fitted, inputs, notes=notes)


def _fitted(
    settings: dict[str, Any],
    inputs: list[str],
    train: pl.DataFrame,
    valid: pl.DataFrame | None,
    schema: Schema,
    advance: Advance,
    model: Catboost,
) -> Any:
    from catboost import CatBoost

    from ._catboost_pool import weighted

    if not inputs:
        raise Mistake("no column is left to learn from.")
    directions = [_DIRECTIONS[model.monotone[name]] if name in model.monotone else 0 for name in inputs]
    if any(directions):
        settings = {**settings, "monotone_constraints": directions}
    watched = weighted(valid, schema, inputs, weights(model, valid, schema, train)) if valid is not None else None
    trees = CatBoost(settings)
    log = Log(advance, settings["iterations"])
    watch = watching(settings["loss_function"]) if watched is not None else None
    trees.fit(
        weighted(train, schema, inputs, weights(model, train, schema)),
        eval_set=watched,
        early_stopping_rounds=model.early_stopping_rounds if watched is not None else None,
        use_best_model=watched is not None,
        log_cout=log,
        log_cerr=log,
        **({"callbacks": [watch]} if watch is not None else {}),
    )
    if watch is not None and watch.hopeless:
        raise Pruned
    return trees


def _tells(name: str, settings: dict[str, Any], train: pl.DataFrame, schema: Schema, model: Catboost) -> bool:
    """Can CatBoost make anything of this text column alone?"""
    from catboost import CatBoostError

    try:
        _fitted({**settings, "iterations": 1}, [name], train, None, schema, lambda done, most: None, model)
    except CatBoostError:
        return False
    return True
