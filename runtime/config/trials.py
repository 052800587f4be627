"""What Optuna proposes for a search, and what it is told of the trials; it remembers nothing that is not in their files."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import Mistake
from ..sweeps.sweep import Sweep
from .spaces import Space

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.samplers import BaseSampler


def installed(sampler: str) -> None:
    """See that Optuna, and what the sampler needs besides, can be imported.

    Raises Mistake with the command that installs it.
    """
    for module in ("optuna", "cmaes") if sampler == "cmaes" else ("optuna",):
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            hint = 'Run: pip install "overture[optuna]"'
            raise Mistake(f"a search needs the package {error.name}, which is not installed.", hint=hint) from None


class Trials:
    """The trials of a sweep, one batch after the other.

    A proposal follows from the seed, its number and the trials known before it, so a search that was killed goes on as
    if nothing had happened.
    """

    def __init__(
        self, sweep: Sweep, sampler: str, choices: Space, seed: int, first: Mapping[str, Any] | None = None
    ) -> None:
        """first: the values of the first trial, by key; what it lacks is proposed."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.sweep, self._choices, self._sampler, self._seed = sweep, choices, sampler, seed
        self._study = optuna.create_study(directions=_directions(sweep))
        self._asked: dict[int, Trial] = {}
        self._first = dict(first or {})
        self._combinations = choices.combinations() if sampler == "grid" else []
        self._combinations.sort(key=lambda it: not self._first.items() <= it.items())

    def propose(self, first: int, many: int) -> dict[int, list[str]]:
        """The overrides of the next trials by their numbers: as many as wanted, or as were proposed at once before."""
        known = [job.number for job in self.sweep.jobs() if job.batch == first and job.over]
        end = min(max(first + many, *(number + 1 for number in known), first + 1), self.sweep.planned)
        return {number: self._choices.overrides(self._params(number)) for number in range(first, end)}

    def learn(self, batch: dict[int, list[str]]) -> None:
        """Tell Optuna how the trials of a batch ended."""
        from optuna.trial import TrialState

        for number in batch:
            trial, job = self._asked.pop(number), self.sweep.job(number)
            if job is not None and job.state == "finished":
                self._study.tell(trial, [job.scores[name] for name in self.sweep.metrics])
            elif job is not None and job.state == "pruned" and job.reports:
                for at, score in job.reports.items():
                    trial.report(score, at)
                self._study.tell(trial, state=TrialState.PRUNED)
            else:
                self._study.tell(trial, state=TrialState.FAIL)

    def _params(self, number: int) -> dict[str, Any]:
        job = self.sweep.job(number)
        before = self._choices.params(job.overrides) if job is not None and job.over else None
        if self._combinations:
            return self._ask(number, self._combinations[number])
        if number == 0 and self._first:  # given, not proposed: cmaes would count a proposal besides
            return self._ask(number, before or self._first)
        if before is None or self._sampler == "cmaes":  # which knows only what it proposed itself
            proposed = self._ask(number, None)
            if before is None or proposed == before:
                return proposed
            self._study.tell(self._asked[number], state=_failed())
        return self._ask(number, before)

    def _ask(self, number: int, params: dict[str, Any] | None) -> dict[str, Any]:
        """The parameters of a new trial, which are given or which the sampler proposes."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Optuna calls experimental
            self._study.sampler = _sampler(self._sampler, _chance(self._seed, number))
            if params is not None:
                self._study.enqueue_trial(params)
            trial = self._asked[number] = self._study.ask(self._choices.keys)
        return dict(trial.params)


def _directions(sweep: Sweep) -> list[str]:
    return ["maximize" if more else "minimize" for more in sweep.metrics.values()]


def _sampler(name: str, seed: int) -> BaseSampler:
    from optuna import samplers

    if name == "tpe":
        return samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
    if name == "cmaes":
        return samplers.CmaEsSampler(seed=seed)
    return samplers.RandomSampler(seed=seed)


def _chance(seed: int, number: int) -> int:
    """Another seed for each trial, always the same one."""
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4])


def _failed() -> Any:
    from optuna.trial import TrialState

    return TrialState.FAIL
