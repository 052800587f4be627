"""Stop trials early that are worse on the way than the median of those before."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ..sweeps.job import FOLD, Job, Prune
from ..sweeps.sweep import Sweep

if TYPE_CHECKING:
    from optuna import Study

STARTUP = 5
"""How many trials end before any is stopped."""


def pruner(sweep: Sweep, more: bool, batch: int, warmup: int) -> Prune:
    """Says of the scores of a trial on its way whether it is hopeless, beside the trials known when it was proposed.

    Within the first fold the best score so far counts, after a fold the mean up to there.
    more: is more of the score better? batch: how many trials were known. warmup: steps at which nothing is stopped.
    """

    @cache
    def study() -> Study:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        stops = optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=warmup)
        made = optuna.create_study(direction="maximize" if more else "minimize", pruner=stops)
        known = [job for job in sweep.jobs() if job.number < batch and job.reports and job.state != "failed"]
        made.add_trials([_as_trial(job, next(iter(sweep.metrics))) for job in known])
        return made

    @cache
    def trial(
        fold: int,
    ) -> Any:  # one for each: Optuna looks at the best that a trial has told, and folds have other rows
        return study().ask()

    def hopeless(reports: dict[int, float]) -> bool:
        step, score = next(reversed(reports.items()))
        here = trial(step // FOLD)
        here.report(score, step)
        return bool(here.should_prune())

    return hopeless


def _as_trial(job: Job, metric: str) -> Any:
    from optuna.trial import TrialState, create_trial

    if job.state == "pruned":
        return create_trial(state=TrialState.PRUNED, intermediate_values=job.reports)
    return create_trial(state=TrialState.COMPLETE, value=job.scores[metric], intermediate_values=job.reports)
