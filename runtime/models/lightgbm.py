"""Gradient boosted trees by LightGBM, which takes categories and missing values as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ..errors import Mistake, Problem
from ..model import Advance, Fitted, Model
from ..options import Ability
from ..preprocessing import Need, Preprocessing
from . import _keys
from ._package import lacking, package
from ._watched import watching

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..schema import Schema, Task
    from . import _boosted

    Array = NDArray[np.float64]

_FILE = "model.txt"
_ROUNDS = 100
_OBJECTIVES: dict[Task, tuple[str, ...]] = {
    "binary": ("binary", "cross_entropy"),
    "multiclass": ("multiclass",),
    "regression": ("regression", "regression_l1", "huber", "fair", "quantile", "mape"),
}
_LOSSES = {
    "log_loss": ("binary_logloss", "multi_logloss"),
    "root_mean_squared_error": ("rmse", "l2"),
    "mean_absolute_error": ("l1",),
}
"""What LightGBM calls a metric."""
_ELSEWHERE = {
    **dict.fromkeys(("seed", "data_random_seed", "feature_fraction_seed", "bagging_seed", "extra_seed"), _keys.SEED),
    "num_threads": _keys.THREADS,
    "early_stopping_round": _keys.STOPPING,
    "categorical_feature": _keys.TYPES,
    "verbosity": _keys.PROGRESS,
    "monotone_constraints": _keys.OPTION.format("monotone"),
    "is_unbalance": _keys.OPTION.format("class_weight: balanced"),
    "num_class": "overture numbers the classes itself.",
    "deterministic": "Every training is.",
    **dict.fromkeys(
        ("data", "valid", "task", "input_model", "output_model", "config"), "overture reads and writes itself."
    ),
}


class Lightgbm(Model):
    """Gradient boosted trees by LightGBM. `params` are those of lightgbm.train, by their main names.

    Early stopping watches the validation rows; then the model is fitted again on train and valid with the number of trees found.
    """

    rounds_param = "num_iterations"

    kind: Literal["lightgbm"] = "lightgbm"
    early_stopping_rounds: Annotated[int, Field(ge=1)] | None = 50
    """Stop when so many trees in a row made the validation rows no better; null: all iterations."""
    refit: bool = True
    """After early stopping, learn again from train and valid with the number of trees found."""
    preprocessing: Preprocessing = Preprocessing()
    """How columns become numbers."""

    def problems(self, task: Task) -> list[Problem]:
        """LightGBM is not installed, or does not know a parameter, or it is set elsewhere."""

        from . import _boosted

        if missing := lacking("lightgbm", "lightgbm"):
            return missing
        from lightgbm.basic import _ConfigAliases

        aliases = _ConfigAliases._get_all_param_aliases()
        known = {name: main for main, names in aliases.items() for name in [*names, main]}
        losses = _OBJECTIVES[task]
        return [*_boosted.problems(self.params, "LightGBM", known, _ELSEWHERE, losses, task)]

    def abilities(self, task: Task) -> frozenset[Ability]:
        """Weights; directions where there is one score; quantiles of numbers."""
        found: set[Ability] = {"weights"} if task == "multiclass" else {"weights", "monotone"}
        return frozenset(found | {"quantiles"} if task == "regression" else found)

    def quantile(self, level: float) -> Model:
        """The same trees with the loss of a quantile."""
        return self.model_copy(update={"params": {**self.params, "objective": "quantile", "alpha": level}})

    def encodes(self, task: Task) -> tuple[Need, bool] | None:
        """Codes and missing values as they are."""
        return "native", True

    def uses_validation(self) -> bool:
        """Early stopping does."""
        return self.early_stopping_rounds is not None

    def packages(self) -> tuple[str, ...]:
        """lightgbm."""
        return ("lightgbm",)

    def label(self, task: Task) -> str:
        """lightgbm."""
        return "lightgbm"

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance) -> Fitted:
        """Trees until the validation rows get no better.

        Raises Mistake in LightGBM's own words when it cannot learn from these rows.
        """
        most = int(self.params.get("num_iterations", _ROUNDS))
        found = self._trained(train, valid, schema, most, advance)
        found.summary = f"{found.rounds:,} of {most:,} trees" if valid is not None else f"{found.rounds:,} trees"
        return found

    def relearn(self, fitted: Fitted, frame: pl.DataFrame, advance: Advance) -> Fitted | None:
        """As many trees as were found."""
        if not self.refit or fitted.rounds is None:
            return None
        again = self._trained(frame, None, fitted.schema, fitted.rounds, advance)
        again.summary = f"{again.rounds:,} trees"
        return again

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The trees of model.txt.

        Raises Mistake when LightGBM is not installed, or a file is damaged or belongs to other columns.
        """

        from . import _boosted

        encoding = _boosted.load_encoding(folder, schema)
        try:
            text = (folder / _FILE).read_text("utf-8")
            if "end of trees" not in text or not text.startswith("tree\n"):
                raise ValueError
            engine = _Trees(_opened(text), text)
        except (ValueError, package("lightgbm", "lightgbm").basic.LightGBMError) as error:
            raise Mistake(f"{_FILE} cannot be opened: it is damaged, or no LightGBM model.") from error
        return _boosted.Boosted(schema, encoding, engine)

    def _trained(
        self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, rounds: int, advance: Advance
    ) -> _boosted.Boosted:

        from . import _boosted

        lightgbm = package("lightgbm", "lightgbm")
        encoding, rows, watched = _boosted.encoded(self, self.preprocessing, train, valid, schema)
        settings = self._settings(schema, encoding)

        def data(some: _boosted.Rows, like: Any = None) -> Any:
            named: Any = encoding.categories or []
            return lightgbm.Dataset(
                some.matrix,
                some.target,
                weight=some.weights,
                reference=like,
                params=settings,
                categorical_feature=named,
                free_raw_data=True,
            )

        watch = watching(_LOSSES)

        def heard(now: Any) -> None:
            advance(now.iteration + 1, rounds)
            if watch is not None:
                watch(now.iteration, {name: value for _, name, value, *_ in now.evaluation_result_list or ()})

        learned = data(rows)
        callbacks: list[Any] = [heard]
        if watched is not None and self.early_stopping_rounds is not None:
            callbacks.append(lightgbm.early_stopping(self.early_stopping_rounds, verbose=False))
        sets = [] if watched is None else [data(watched, learned)]
        try:
            found = lightgbm.train(settings, learned, rounds, valid_sets=sets, callbacks=callbacks)
        except lightgbm.basic.LightGBMError as error:
            raise Mistake(Problem(f"LightGBM says: {error}", ("model", "params"))) from error
        text = found.model_to_string(num_iteration=found.best_iteration if watched is not None else -1)
        return _boosted.Boosted(schema, encoding, _Trees(_opened(text), text))

    def _settings(self, schema: Schema, encoding: Any) -> dict[str, Any]:

        from . import _boosted

        many = {"num_class": len(schema.classes or [])} if schema.task == "multiclass" else {}
        directions = encoding.directions(self.monotone)
        return {
            **many,
            **{name: value for name, value in self.params.items() if name != "num_iterations"},
            **({"monotone_constraints": directions} if any(directions) else {}),
            "objective": _boosted.objective(self.params, _OBJECTIVES, schema.task),
            "seed": self.seed or 0,
            "num_threads": self.threads or 0,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }


def _opened(text: str) -> Any:
    return package("lightgbm", "lightgbm").Booster(model_str=text)


@dataclass
class _Trees:
    """Trees of LightGBM, as their own text tells them."""

    booster: Any
    text: str

    @property
    def trees(self) -> int:
        """How many rounds."""
        return int(self.booster.current_iteration())

    def margins(self, matrix: Array) -> Array:
        """(rows, outputs)"""

        from . import _boosted

        found: Array = self.booster.predict(matrix, raw_score=True, num_threads=1 if len(matrix) < _boosted.FEW else 0)
        return found.reshape(len(matrix), -1)

    def contributions(self, matrix: Array) -> Array:
        """(rows, outputs, width + 1)"""
        found: Array = self.booster.predict(matrix, pred_contrib=True)
        return found.reshape(len(matrix), -1, matrix.shape[1] + 1)

    def gains(self) -> Array:
        """(width,)"""
        found: Array = self.booster.feature_importance("gain")
        return found

    def save(self, folder: Path) -> None:
        """Write model.txt."""
        (folder / _FILE).write_text(self.text, "utf-8")
