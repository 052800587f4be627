"""Gradient boosted trees by XGBoost, which takes categories and missing values as they are."""

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

_FILE = "model.json"
_ROUNDS = 100
_OBJECTIVES: dict[Task, tuple[str, ...]] = {
    "binary": ("binary:logistic",),
    "multiclass": ("multi:softprob",),
    "regression": ("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror"),
}
_LOSSES = {
    "log_loss": ("logloss", "mlogloss"),
    "root_mean_squared_error": ("rmse",),
    "mean_absolute_error": ("mae",),
}
"""What XGBoost calls a metric."""
_ELSEWHERE = {
    **dict.fromkeys(("random_state", "seed"), _keys.SEED),
    **dict.fromkeys(("n_jobs", "nthread"), _keys.THREADS),
    "early_stopping_rounds": _keys.STOPPING,
    **dict.fromkeys(("enable_categorical", "feature_types", "missing"), _keys.TYPES),
    **dict.fromkeys(("verbosity", "callbacks"), _keys.PROGRESS),
    "monotone_constraints": _keys.OPTION.format("monotone"),
    "num_class": "overture numbers the classes itself.",
    "booster": "Trees are what is explained and kept.",
    "feature_weights": "It needs an array, which cannot be written in YAML.",
}
_ALIASES = {
    "num_boost_round": "n_estimators",
    "eta": "learning_rate",
    "lambda": "reg_lambda",
    "alpha": "reg_alpha",
    "min_split_loss": "gamma",
}


class Xgboost(Model):
    """Gradient boosted trees by XGBoost. `params` are those of xgboost.XGBModel.

    Early stopping watches the validation rows; then the model is fitted again on train and valid with the number of trees found.
    """

    rounds_param = "n_estimators"

    kind: Literal["xgboost"] = "xgboost"
    early_stopping_rounds: Annotated[int, Field(ge=1)] | None = 50
    """Stop when so many trees in a row made the validation rows no better; null: all iterations."""
    refit: bool = True
    """After early stopping, learn again from train and valid with the number of trees found."""
    preprocessing: Preprocessing = Preprocessing()
    """How columns become numbers."""

    def problems(self, task: Task) -> list[Problem]:
        """XGBoost is not installed, or does not know a parameter, or it is set elsewhere."""

        from . import _boosted

        if missing := lacking("xgboost", "xgboost"):
            return missing
        import inspect

        from xgboost import XGBModel

        names = [name for name in inspect.signature(XGBModel.__init__).parameters if name not in ("self", "kwargs")]
        known = {**{name: name for name in [*names, "quantile_alpha", "huber_slope"]}, **_ALIASES}
        return [*_boosted.problems(self.params, "XGBoost", known, _ELSEWHERE, _OBJECTIVES[task], task)]

    def abilities(self, task: Task) -> frozenset[Ability]:
        """Weights; directions where there is one score; quantiles of numbers."""
        found: set[Ability] = {"weights"} if task == "multiclass" else {"weights", "monotone"}
        return frozenset(found | {"quantiles"} if task == "regression" else found)

    def quantile(self, level: float) -> Model:
        """The same trees with the loss of a quantile."""
        changed = {"objective": "reg:quantileerror", "quantile_alpha": level}
        return self.model_copy(update={"params": {**self.params, **changed}})

    def encodes(self, task: Task) -> tuple[Need, bool] | None:
        """Codes and missing values as they are."""
        return "native", True

    def uses_validation(self) -> bool:
        """Early stopping does."""
        return self.early_stopping_rounds is not None

    def packages(self) -> tuple[str, ...]:
        """xgboost."""
        return ("xgboost",)

    def label(self, task: Task) -> str:
        """xgboost."""
        return "xgboost"

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance) -> Fitted:
        """Trees until the validation rows get no better.

        Raises Mistake in XGBoost's own words when it cannot learn from these rows.
        """
        most = int(self.params.get("n_estimators") or _ROUNDS)
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
        """The trees of model.json.

        Raises Mistake when XGBoost is not installed, or a file is damaged or belongs to other columns.
        """

        from . import _boosted

        encoding = _boosted.load_encoding(folder, schema)
        try:
            engine = _Trees.of((folder / _FILE).read_bytes(), encoding)
        except package("xgboost", "xgboost").core.XGBoostError as error:
            raise Mistake(f"{_FILE} cannot be opened: it is damaged, or no XGBoost model.") from error
        return _boosted.Boosted(schema, encoding, engine)

    def _trained(
        self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, rounds: int, advance: Advance
    ) -> _boosted.Boosted:

        from . import _boosted

        xgboost = package("xgboost", "xgboost")
        encoding, rows, watched = _boosted.encoded(self, self.preprocessing, train, valid, schema)

        watch = watching(_LOSSES)

        def after_iteration(self: Any, model: Any, epoch: int, evals_log: Any) -> bool:
            advance(epoch + 1, rounds)
            if watch is not None:
                watch(epoch, {name: values[-1] for name, values in evals_log.get("valid", {}).items()})
            return False

        heard = type("Heard", (xgboost.callback.TrainingCallback,), {"after_iteration": after_iteration})

        def data(some: _boosted.Rows) -> Any:
            return _data(some.matrix, encoding, label=some.target, weight=some.weights)

        stops = self.early_stopping_rounds if watched is not None else None
        try:
            found = xgboost.train(
                self._settings(schema, encoding),
                data(rows),
                rounds,
                evals=[] if watched is None else [(data(watched), "valid")],
                early_stopping_rounds=stops,
                verbose_eval=False,
                callbacks=[heard()],
            )
        except xgboost.core.XGBoostError as error:
            sentence = str(error).splitlines()[0].partition("] ")[2] or str(error).splitlines()[0]
            raise Mistake(Problem(f"XGBoost says: {sentence}", ("model", "params"))) from error
        if stops is not None:
            found = found[: found.best_iteration + 1]
        return _boosted.Boosted(schema, encoding, _Trees.of(bytes(found.save_raw("json")), encoding))

    def _settings(self, schema: Schema, encoding: Any) -> dict[str, Any]:

        from . import _boosted

        many = {"num_class": len(schema.classes or [])} if schema.task == "multiclass" else {}
        directions = encoding.directions(self.monotone)
        return {
            "tree_method": "hist",
            **many,
            **{name: value for name, value in self.params.items() if name != "n_estimators" and value is not None},
            **({"monotone_constraints": tuple(directions)} if any(directions) else {}),
            "objective": _boosted.objective(self.params, _OBJECTIVES, schema.task),
            "seed": self.seed or 0,
            "nthread": self.threads or 0,
            "verbosity": 0,
        }


def _data(matrix: Array, encoding: Any, **more: Any) -> Any:
    types = ["c" if column in set(encoding.categories) else "q" for column in range(matrix.shape[1])]
    return package("xgboost", "xgboost").DMatrix(matrix, feature_types=types, enable_categorical=True, **more)


@dataclass
class _Trees:
    """Trees of XGBoost, as their own JSON tells them."""

    booster: Any
    text: bytes
    encoding: Any

    @classmethod
    def of(cls, text: bytes, encoding: Any) -> _Trees:
        """Read them. Raises XGBoostError when it is no model."""
        booster = package("xgboost", "xgboost").Booster()
        booster.load_model(bytearray(text))
        return cls(booster, text, encoding)

    @property
    def trees(self) -> int:
        """How many rounds."""
        return int(self.booster.num_boosted_rounds())

    def margins(self, matrix: Array) -> Array:
        """(rows, outputs)"""
        found = self.booster.predict(_data(matrix, self.encoding), output_margin=True, strict_shape=True)
        return found.reshape(len(matrix), -1).astype(float)  # type: ignore[no-any-return]

    def contributions(self, matrix: Array) -> Array:
        """(rows, outputs, width + 1)"""
        found = self.booster.predict(_data(matrix, self.encoding), pred_contribs=True, strict_shape=True)
        return found.reshape(len(matrix), -1, matrix.shape[1] + 1).astype(float)  # type: ignore[no-any-return]

    def gains(self) -> Array:
        """(width,)"""
        import numpy as np

        found = self.booster.get_score(importance_type="total_gain")
        return np.array([found.get(f"f{i}", 0.0) for i in range(len(self.encoding.groups))])

    def save(self, folder: Path) -> None:
        """Write model.json."""
        (folder / _FILE).write_bytes(self.text)
