"""The `sweep` section: how a search looks for good values of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from .data.span import Time, seconds
from .errors import Mistake, Problem, did_you_mean
from .section import Section

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .schema import Task

FIXED = ("data", "split", "task", "target", "positive", "seed", "evaluation", "sweep", "hydra", "name")
"""What a search cannot vary: scores on other rows, or by other metrics, say nothing about which configuration is better."""


class Search(Section):
    """Trials of configurations, each judged by folds or on validation rows; the best is then trained and judged on the test rows."""

    sampler: Literal["tpe", "random", "grid", "cmaes"] = "tpe"
    """What proposes the next trial: tpe learns from the trials before, cmaes too, for numbers only; random and grid do not."""
    trials: Annotated[int, Field(ge=1, le=100_000)] = 30
    """How many trials there are in all, those before an interruption included."""
    timeout: Time | None = None
    """How long new trials are begun, as 2h or 30m; null: until there are enough."""
    objectives: Annotated[list[str], Field(min_length=1)] | None = None
    """The metrics to make better; null: the project's objective. With several, the best compromises are kept."""
    folds: Annotated[int, Field(ge=2, le=50)] | None = 3
    """By how many folds a trial is judged where the split has none; null: on the validation rows, which are fewer."""
    pruner: Literal["median"] | None = "median"
    """What stops a trial early: scores on the way worse than the median of the trials before; null: nothing does."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """For so many trees a trial is not stopped."""
    model: str | None = None
    """The option of conf/model that the values belong to; null: the project's own."""
    first: dict[str, Any] = {}
    """By key of `params` a value of the first trial, so that what is known to be good is among those tried; others are proposed. A grid begins with its combinations that have them."""
    params: dict[str, Any] = {}
    """By dotted key the values to choose from, as range(4, 11), interval(0.1, 1), choice(a, b) or tag(log, interval(1e-3, 1))."""

    @property
    def patience(self) -> float:
        """For how many seconds new trials are begun."""
        found = seconds(self.timeout)
        return float("inf") if found is None else float(found)

    def chosen(self, evaluation: Evaluation, task: Task) -> list[str]:
        """The metrics to make better."""
        return list(dict.fromkeys(self.objectives or evaluation.chosen(task)[:1]))

    def problems(self, evaluation: Evaluation, task: Task) -> Iterator[Problem]:
        """Metrics that are not there, and values that no search may vary."""
        for place, name in enumerate(self.objectives or ()):
            try:
                evaluation.metric(name, task)
            except Mistake as mistake:
                yield from (Problem(it.what, ("sweep", "objectives", place), hint=it.hint) for it in mistake.problems)
        if self.sampler == "cmaes" and len(self.objectives or ()) > 1:
            yield Problem("cmaes makes one objective better; tpe takes several.", ("sweep", "sampler"))
        for key in self.params:
            if problem := varies_too_much(key):
                yield Problem(problem, ("sweep", "params", key))
        for key in self.first.keys() - self.params.keys():
            hint = did_you_mean(key, self.params, otherwise="Name a key of sweep.params.")
            yield Problem(f'there is no "{key}" to choose.', ("sweep", "first", key), hint=hint)


def varies_too_much(key: str) -> str:
    """Why a search cannot vary a key; empty when it can.

    assert varies_too_much("model.params.depth") == ""
    """
    section = key.lstrip("+~").partition("@")[0].partition(".")[0]
    if section not in FIXED:
        return ""
    return f"a search cannot vary {section}: its trials would be judged on other rows or by another measure."
