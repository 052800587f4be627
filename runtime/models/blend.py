"""The weighted mean of what other models say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ..classes import scoring_order
from ..errors import Mistake, Problem, did_you_mean
from ..model import Advance, Cost, Explanation, Fitted
from . import _members

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..schema import Schema, Task

    Array = NDArray[np.float64]

_USUAL = "usual.parquet"


class Blend(_members.Combined):
    """The weighted mean of the probabilities, or values, of other models."""

    kind: Literal["blend"] = "blend"
    weights: dict[str, Annotated[float, Field(gt=0)]] = {}
    """How much each member counts, by its name; 1 where none is given."""

    def problems(self, task: Task) -> list[Problem]:
        """What keeps a member from the task; parameters, and weights of no member."""
        found = super().problems(task)
        for name in self.weights:
            if name not in self.members:
                hint = did_you_mean(name, self.members)
                found.append(Problem(f'no member is called "{name}".', ("model", "weights", name), hint=hint))
        return found

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance) -> Fitted:
        """Each member by itself.

        Raises Mistake when the rows cannot teach a member.
        """
        members = _members.ready(self)
        found = _members.fitted(members, train, valid, schema, advance)
        return self._blended(found, train, schema)

    def relearn(self, fitted: Fitted, frame: pl.DataFrame, advance: Advance) -> Fitted | None:
        """The members from all rows."""
        if not isinstance(fitted, _Blended):
            return None
        return self._blended(_members.again(_members.ready(self), fitted.members, frame), frame, fitted.schema)

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Fitted:
        """The members, their weights, and usual rows.

        Raises Mistake when a file is damaged, or holds types that are not allowed.
        """
        import polars as pl

        kinds, members, state = _members.load(folder, schema)
        try:
            weights = {name: float(state["weights"][name]) for name in members}
            usual = pl.read_parquet(folder / _USUAL)
        except (KeyError, TypeError, ValueError, OSError, pl.exceptions.PolarsError) as error:
            raise Mistake(f"{_members.FILE} or {_USUAL} is damaged, or was not written by overture.") from error
        return _Blended(schema, kinds, members, weights, usual)

    def _blended(self, found: dict[str, Fitted], train: pl.DataFrame, schema: Schema) -> Fitted:
        import numpy as np

        from ..shapley import BACKGROUND

        chosen = np.random.default_rng(0).choice(train.height, min(BACKGROUND, train.height), replace=False)
        usual = train.select(*schema.inputs)[np.sort(chosen)]
        weights = {name: self.weights.get(name, 1.0) for name in found}
        kinds = {name: member.kind for name, member in self.members.items()}
        blend = _Blended(schema, kinds, found, weights, usual)
        blend.summary = f"{len(found)} members"
        return blend


@dataclass
class _Blended(Fitted):
    """Members and how much each counts."""

    schema: Schema
    kinds: dict[str, str]
    members: dict[str, Fitted]
    weights: dict[str, float]
    usual: pl.DataFrame
    """Training rows that stand for what is usual."""

    @property
    def cost(self) -> Cost:  # type: ignore[override]
        """That of the members."""
        return _members.cost(self.members)

    def predict(self, frame: pl.DataFrame) -> Array:
        """Probabilities or values."""
        parts = [member.predict(frame) * self.weights[name] for name, member in self.members.items()]
        found: Array = sum(parts[1:], parts[0]) / sum(self.weights.values())
        return found

    def raw(self, frame: pl.DataFrame) -> Array:
        """Log-odds of the positive class, logarithms of probabilities, or the value."""
        import numpy as np

        from ..calibration import SURE

        found = self.predict(frame)
        if not self.schema.classification:
            return found[:, None]
        logs = np.log(np.clip(found, SURE, 1 - SURE))
        if self.schema.task == "multiclass":
            return logs
        other, positive = scoring_order(self.schema)
        return logs[:, [positive]] - logs[:, [other]]

    def explain(self, frame: pl.DataFrame) -> Explanation:
        """SHAP values against usual training rows, estimated from sampled orders of the inputs."""
        import numpy as np
        import polars as pl

        from ..shapley import contributions, usual

        inputs, many = list(self.schema.inputs), self.usual.height
        both = pl.concat([self.usual, frame.select(inputs)])

        def score(cells: Array) -> Array:
            """Of rows whose cells say which row of `both` each value is from."""
            picked = cells.astype(np.int64)
            return self.raw(pl.DataFrame([both[name].gather(picked[:, i]) for i, name in enumerate(inputs)]))

        own = np.repeat(np.arange(many, both.height, dtype=np.float64)[:, None], len(inputs), axis=1)
        background = usual(np.repeat(np.arange(many, dtype=np.float64)[:, None], len(inputs), axis=1))
        found = contributions(score, own, background, np.arange(len(inputs)), len(inputs))
        return Explanation(score(background).mean(axis=0), found, "SHAP values, sampled", exact=False)

    def save(self, folder: Path) -> None:
        """Write members.json, usual.parquet, and each member into a folder of its name."""
        _members.save(folder, self.kinds, self.members, {"weights": self.weights})
        self.usual.write_parquet(folder / _USUAL)
