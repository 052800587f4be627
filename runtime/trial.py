"""One trial of a search: a configuration that is judged by folds or on validation rows, never on test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import adjusting
from .sweeps import job
from .validation import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Model
    from .parts import Parts
    from .project import Project


def try_out(project: Project, parts: Parts) -> float:
    """The first metric that the search makes better; the job under way keeps them all. Nothing is recorded as a run.

    Raises Mistake when the rows cannot teach this model or a metric is not defined; Pruned when the trial is hopeless.
    """
    now = job.under_way()
    folds, own = project.split.folds or 0, project.spec.split.folds is None
    names = project.spec.objectives
    asked = {"objective": names[0], "metrics": names, "gates": []}

    def heard(fold: int, mean: float) -> None:
        if now is not None:
            now.rounds = False  # the first fold's tell of a trial on its way; after that the means over folds do
        if fold < folds and job.hopeless(fold * job.FOLD, mean):
            raise job.Pruned

    if now is not None:
        now.rounds = True
    found = validate(project.model, parts, project.evaluation.model_copy(update=asked), heard, once=own)
    if now is not None:
        now.job.scores = {name: found.metrics[name].mean for name in names}
        now.job.settled = _settled(project.model, found.rounds) if own and len(found.rounds) > 1 else []
    return found.value


def _settled(model: Model, rounds: Sequence[int | None]) -> list[str]:
    """Overrides of as many rounds as the folds found best on average, which is what the trial was judged with."""
    counts = [it for it in rounds if it is not None]
    if len(counts) < len(rounds) or adjusting.learns(model):
        return []
    found = model.settled(round(sum(counts) / len(counts)))
    return [f"++model.{key}={'null' if value is None else value}" for key, value in found.items()]
