"""The `evaluation` section: what is measured, and what a model must reach to be promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from .metric import METRICS
from .section import Section

if TYPE_CHECKING:
    from .schema import Task

DEFAULTS: dict[Task, tuple[str, ...]] = {
    "binary": ("log_loss", "roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1", "brier_score"),
    "multiclass": ("log_loss", "accuracy", "balanced_accuracy", "f1"),
    "regression": ("root_mean_squared_error", "mean_absolute_error", "r2"),
}
"""What is measured when nobody chose; the first is the objective."""


class Gate(Section):
    """A bound that a metric must keep on the test rows."""

    metric: str
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> Gate:
        if self.min is None and self.max is None:
            raise ValueError("a gate needs min or max")
        return self


class Evaluation(Section):
    """What is measured on rows the model has not seen."""

    objective: str | None = None
    """The metric that compares runs; null: log_loss, or root_mean_squared_error for regression."""
    metrics: list[str] | None = None
    """What is measured; null: what is usual for the task."""
    replicates: int = Field(default=200, ge=20, le=10_000)
    """Bootstrap replicates behind each 95 % interval."""
    gates: list[Gate] = []
    """What a run must reach to be promoted, besides beating the baseline."""

    def chosen(self, task: Task) -> list[str]:
        """The names of the metrics for a task, the objective first."""
        names = list(self.metrics if self.metrics is not None else DEFAULTS[task])
        objective = self.objective or (names[0] if names else DEFAULTS[task][0])
        asked = [objective, *names, *(gate.metric for gate in self.gates)]
        return list(dict.fromkeys(asked))

    def known(self) -> list[str]:
        """Every metric there is."""
        return METRICS.names()
