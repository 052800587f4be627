"""An estimator that the function `estimator` of a project's hooks.py makes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import PrivateAttr, ValidationInfo, model_validator

from .. import own
from ..errors import Mistake, Problem, did_you_mean
from ..hooks import HOOKS, Hooks
from ..model import Advance, Fitted, Model
from ..options import Ability
from ..preprocessing import Need, Preprocessing

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema, Task

_WHERE = ("model", "kind")


class OwnEstimator(Model):
    """An estimator made by the function `estimator` of hooks.py, which is called with `params`."""

    kind: Literal["hooks"] = "hooks"
    encoding: Literal["scaled", "ordered"] = "scaled"
    """scaled: numbers are filled and standardised, categories are a column a label. ordered: one column each, for trees."""
    preprocessing: Preprocessing = Preprocessing()
    """How columns become numbers."""
    _root: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _of_project(self, info: ValidationInfo) -> OwnEstimator:
        self._root = info.context
        return self

    def problems(self, task: Task) -> list[Problem]:
        """No function `estimator`, parameters that it does not take, or one that makes no estimator for the task."""
        try:
            made = self._made()
        except Mistake as mistake:
            return list(mistake.problems)
        lacking = [name for name in _needed(task) if not hasattr(made, name)]
        what = f"makes a {type(made).__name__}, which has no {lacking[0]}; {task} needs it." if lacking else ""
        return [own.fault(self._function(), what)] if lacking else []

    def abilities(self, task: Task) -> frozenset[Ability]:
        """Weights, where its `fit` takes sample_weight."""
        from ._sklearn_fit import abilities

        return abilities(self._made(), task) & {"weights"}

    def encodes(self, task: Task) -> tuple[Need, bool] | None:
        """As `encoding` says."""
        return self.encoding, False

    def label(self, task: Task) -> str:
        """The name of the estimator's class in small letters, of a pipeline that of its last step."""
        from ._sklearn_names import label

        made = self._made()
        last = made.steps[-1][1] if hasattr(made, "steps") else made
        return label(type(last).__name__)

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance) -> Fitted:
        """Encode the inputs, and fit the estimator; parts of it that have no random_state yet are given the seed.

        Raises Mistake when hooks.py cannot make it, or with scikit-learn's own sentence when it cannot learn from these rows.
        """
        from ._sklearn_fit import learned
        from ._sklearn_fitted import Learned

        made, seed = self._made(), self.seed or 0
        unset = [name for name, value in made.get_params().items() if name.endswith("random_state") and value is None]
        made.set_params(**dict.fromkeys(unset, seed))
        found = learned(made, self.encoding, False, train, schema, self)
        if isinstance(found, Learned):
            found.trusted = _trusted(self._root)
        return found

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The estimator of model.skops.

        folder: runs/<id>/model of a project, whose hooks.py says which types of its own the file may hold.
        Raises Mistake when the file is damaged or holds types that are not allowed.
        """
        from ._sklearn_fitted import load

        return load(folder, schema, _trusted(folder.resolve().parents[2]))

    def _function(self) -> Any:
        hooks = Hooks.open(self._root) if self._root is not None else None
        if hooks is None or hooks.estimator is None:
            raise Mistake(Problem(f"{HOOKS} has no function estimator, which kind: hooks needs.", _WHERE))
        return hooks.estimator

    def _made(self) -> Any:
        """The estimator, not fitted."""
        function = self._function()
        if problems := [*_params(function, self.params)]:
            raise Mistake(problems)
        try:
            made = function(**self.params)
        except Exception as error:
            raise Mistake(own.failure(function, error)) from error
        if not all(hasattr(made, name) for name in ("fit", "get_params", "set_params")):
            what = f"gave a {type(made).__name__}, which is no estimator of scikit-learn."
            raise Mistake(own.fault(function, what, "A class of your own is made from sklearn.base.BaseEstimator."))
        return made


def _params(function: Any, params: dict[str, Any]) -> Iterator[Problem]:
    """Parameters that the function does not take, and those it lacks."""
    known = inspect.signature(function).parameters.values()
    names = [it.name for it in known if it.kind in (it.POSITIONAL_OR_KEYWORD, it.KEYWORD_ONLY)]
    if not any(it.kind is it.VAR_KEYWORD for it in known):
        for name in params.keys() - set(names):
            what = f"the function estimator of {HOOKS} has no parameter of that name."
            yield Problem(what, ("model", "params", name), hint=did_you_mean(name, names))
    for it in known:
        if it.name in names and it.default is it.empty and it.name not in params:
            yield Problem(f"the function estimator of {HOOKS} needs {it.name}.", ("model", "params"))


def _needed(task: Task) -> tuple[str, ...]:
    return ("predict",) if task == "regression" else ("predict", "predict_proba")


def _trusted(root: Path | None) -> frozenset[str]:
    return Hooks.open(root).trusted if root is not None and (root / HOOKS).is_file() else frozenset()
