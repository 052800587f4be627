"""One trial of a search: a configuration that is judged on validation rows or folds, never on test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sweeps import job
from .validation import validate

if TYPE_CHECKING:
    from .parts import Parts
    from .project import Project


def try_out(project: Project, parts: Parts) -> float:
    """The first metric that the search makes better; the job under way keeps them all. Nothing is recorded as a run.

    Raises Mistake when the rows cannot teach this model or a metric is not defined; Pruned when the trial is hopeless.
    """
    now, folds = job.under_way(), project.split.folds or 0
    names = project.spec.objectives
    asked = {"objective": names[0], "metrics": names, "gates": []}

    def heard(fold: int, mean: float) -> None:
        if 0 < fold < folds and job.hopeless(fold, mean):
            raise job.Pruned

    if now is not None:
        now.rounds = not folds
    found = validate(project.model, parts, project.evaluation.model_copy(update=asked), heard)
    if now is not None:
        now.job.scores = {name: found.metrics[name].mean for name in names}
    return found.value
