"""The `evaluation` section: what is measured, and what a model must reach to be promoted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from .errors import Mistake, Problem, did_you_mean, listed
from .hooks import HOOKS, Hooks
from .metric import METRICS, FunctionMetric, Metric
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
    slices: list[str] = []
    """Columns by whose labels or ranges the test rows are judged apart too."""
    gates: list[Gate] = []
    """What a run must reach to be promoted, besides beating the baseline."""
    _root: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _of_project(self, info: ValidationInfo) -> Evaluation:
        self._root = info.context
        return self

    def chosen(self, task: Task) -> list[str]:
        """The names of the metrics for a task, the objective first."""
        names = list(self.metrics if self.metrics is not None else DEFAULTS[task])
        objective = self.objective or (names[0] if names else DEFAULTS[task][0])
        asked = [objective, *names, *(gate.metric for gate in self.gates)]
        return list(dict.fromkeys(asked))

    def problems(self, task: Task) -> Iterator[Problem]:
        """Metrics that are not there, or not for this task; paths start with "evaluation"."""
        asked: list[tuple[tuple[str | int, ...], str]] = [
            (("metrics", i), it) for i, it in enumerate(self.metrics or [])
        ]
        if self.objective is not None:
            asked.append((("objective",), self.objective))
        asked += [(("gates", i, "metric"), gate.metric) for i, gate in enumerate(self.gates)]
        for path, name in asked:
            try:
                self.metric(name, task)
            except Mistake as mistake:
                yield from (it if it.place else replace(it, path=("evaluation", *path)) for it in mistake.problems)

    def metric(self, name: str, task: Task) -> Metric:
        """A metric by its name: one of overture, of a package, of the project's folder metrics/ or of its hooks.py.

        Raises Mistake when there is none for this task, or when the code of the project cannot be imported.
        """
        kinds = METRICS.of(self._root)
        found = kinds[name]() if name in kinds.names() else self._functions(task).get(name)
        if found is None:
            raise Mistake(f'no metric is called "{name}".', hint=did_you_mean(name, self._known(task)))
        if task not in found.tasks:
            raise Mistake(f"{name} is not for {task}.", hint=f"It can be {listed(self._known(task))}.")
        return found

    def for_task(self, task: Task) -> dict[str, Metric]:
        """What is measured for a task by name, the objective first.

        Raises Mistake as `metric` does.
        """
        return {name: self.metric(name, task) for name in self.chosen(task)}

    def _known(self, task: Task) -> list[str]:
        kinds = METRICS.of(self._root)
        every = {name: kinds[name] for name in kinds.names()} | self._functions(task)
        return sorted(name for name, metric in every.items() if task in metric.tasks)

    def _functions(self, task: Task) -> dict[str, Metric]:
        """The metrics of the project's hooks.py, if it has one."""
        if self._root is None or not (self._root / HOOKS).is_file():
            return {}
        return {name: FunctionMetric(function, task) for name, function in Hooks.open(self._root).metrics.items()}
