"""A search by Optuna: trials judged by folds or on validation rows, then a run with the best configuration."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, Problem
from ..search import Search
from ..sweeps import leaderboard
from ..sweeps.job import UnderWay
from ..sweeps.sweep import LOCK, Sweep
from .explain import shown
from .launching import Launch, asked, identity
from .spaces import Space, described, space
from .trials import Trials, installed

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher
    from hydra.types import HydraContext
    from omegaconf import DictConfig

    from .jobs import Jobs
    from .places import Places

LAST = -1
"""The number of the job that trains the best configuration; it is no trial."""


def search(
    task: Jobs, launcher: Launcher, context: HydraContext, config: DictConfig, words: Sequence[str]
) -> list[Any]:
    """Try configurations until there are enough or the time is up; then train the best one as any run.

    What this search tried before, in a process that ended or was killed, is known and not tried again.
    Raises Mistake with every problem of the search itself, before any trial.
    """
    from .load import load

    asks = _asks(task, words, config)
    installed(asks.sampler)
    choices = _choices(task, asks, words)
    first = choices.overrides(choices.first())
    loaded = load(task.folder, first)
    _choosable(asks, choices, words, loaded.places)
    spec = loaded.spec
    metrics = {name: spec.evaluation.metric(name, spec.task).greater_is_better for name in spec.objectives}
    limit = min(asks.trials, len(choices.combinations())) if asks.sampler == "grid" else asks.trials
    params = {key.lstrip("+"): described(distribution) for key, distribution in choices.keys.items()}
    known = choices.known(asks.first)
    drawn = [asks.sampler, asks.pruner, asks.warmup, asks.folds, known, spec.seed, metrics, params]
    judged = f"by {many} folds" if (many := spec.split.folds or asks.folds) else "on validation rows"
    facts = {
        "kind": "search",
        "words": list(words),
        "jobs": limit,
        "metrics": metrics,
        "params": params,
        "judged": judged,
    }
    launch = Launch(task, launcher, context, config)
    launch.prepared()
    with asked(task, identity(task.folder, "search", [without_sweep(first)], drawn), facts) as sweep, _alone(sweep):
        _try(Trials(sweep, asks.sampler, choices, spec.seed, known), asks, launch)
    _train(sweep, launch)
    return []


def _try(trials: Trials, asks: Search, launch: Launch) -> None:
    sweep, begun, number = trials.sweep, time.monotonic(), 0
    stops = asks.pruner is not None and len(sweep.metrics) == 1
    while number < sweep.planned:
        batch = trials.propose(number, launch.width)
        new = {at: words for at, words in batch.items() if (job := sweep.job(at)) is None or not job.over}
        if new and time.monotonic() - begun >= asks.patience:
            return
        launch.task.begin = functools.partial(_begin, sweep=sweep, batch=number, warmup=asks.warmup if stops else None)
        launch.run(sweep, [*new], [*new.values()])
        trials.learn(batch)
        number += len(batch)


def _begin(job: Any, sweep: Sweep, batch: int, warmup: int | None) -> UnderWay:
    """What a trial is to know, in the process that runs it; warmup None: nothing stops it."""
    from .pruning import pruner

    metric, more = next(iter(sweep.metrics.items()))
    job.batch = batch
    prune = None if warmup is None else pruner(sweep, more, batch, warmup)
    return UnderWay(job, trial=True, metric=metric, prune=prune)


def _train(sweep: Sweep, launch: Launch) -> None:
    """Train the best configuration as any run, and judge it on the test rows."""
    front = leaderboard.front(sweep, sweep.jobs())
    if not front:
        return
    words = [*without_sweep(front[0].overrides), *front[0].settled]
    launch.task.begin, launch.task.watched, launch.task.alone = UnderWay, False, True
    launch.run(sweep, [LAST], [words])
    job = sweep.job(LAST)
    run, errors = (job.run, job.errors) if job is not None else (None, [])
    sweep.facts["best"] = {"trial": front[0].number, "overrides": words, "run": run, "errors": errors}
    sweep.write()


def without_sweep(words: Sequence[str]) -> list[str]:
    """The overrides of a trial that shape its run.

    assert without_sweep(["sweep=catboost", "sweep.trials=3", "model=catboost"]) == ["model=catboost"]
    """
    own = _of_sweep(words)
    return [word for word in words if word not in own]


def _of_sweep(words: Sequence[str]) -> list[str]:
    """The overrides that are the search's own."""
    return [word for word in words if word.lstrip("+~").partition("=")[0].partition(".")[0] == "sweep"]


def _asks(task: Jobs, words: Sequence[str], config: DictConfig) -> Search:
    """What the configuration asks for.

    Raises Mistake with every problem of it.
    """
    from omegaconf import OmegaConf
    from pydantic import ValidationError

    from .load import load

    section = config.get("sweep")
    try:
        plain = OmegaConf.to_container(section, resolve=True) if section is not None else {}
        return Search.model_validate(plain)
    except ValidationError as error:
        load(task.folder, _of_sweep(words))
        raise Mistake(f"the section sweep is not valid: {error}") from error


def _choices(task: Jobs, asks: Search, words: Sequence[str]) -> Space:
    """What there is to choose from.

    Raises Mistake with every value that cannot be read, and where it stands.
    """
    from .load import examine

    try:
        return space(asks.params, _with_model(asks, words))
    except Mistake as mistake:
        loaded, _ = examine(task.folder, _of_sweep(words))
        if loaded is not None:
            mistake.problems = tuple(loaded.places.locate(problem) for problem in mistake.problems)
        raise


def _choosable(asks: Search, choices: Space, words: Sequence[str], places: Places) -> None:
    """See that the values of the first trial are among those to choose from.

    What is packaged steps back where a person chose other values, and what a file says where they typed them.
    Raises Mistake with every value that is not.
    """
    typed = {word.lstrip("+~").partition("=")[0] for word in words}
    unknown = {key: there for key, there in choices.unknown(asks.first).items() if key.lstrip("+~") not in typed}
    hint = "Change it, take it out, or let sweep.params have it."
    found = [
        Problem(f"must be {there}, not {shown(asks.first[key])}.", path, hint=hint)
        for key, there in unknown.items()
        if not places.packaged(path := ("sweep", "first", key))
    ]
    if found:
        raise Mistake(places.locate(problem) for problem in found)


def _with_model(asks: Search, words: Sequence[str]) -> list[str]:
    chosen = any(word.partition("=")[0] == "model" for word in words)
    return [*words] if asks.model is None or chosen else [*words, f"model={asks.model}"]


@contextmanager
def _alone(sweep: Sweep) -> Iterator[None]:
    """One process at a time proposes the trials of a search.

    Raises Mistake when another one does.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(sweep.folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Mistake(f"another process is at work on the sweep {sweep.id}.", hint="Wait for it, or stop it.") from None
    try:
        yield
    finally:
        lock.release()
