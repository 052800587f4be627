"""The leaderboard of a sweep: its jobs, best first, as lines for a terminal and as objects for a machine."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from ..errors import OvertureError
from ..figures import figure
from ..runs import store, table
from ..runs.run import Run
from .job import Job, as_json
from .sweep import Sweep

SHOWN = 10
"""How many of many trials are shown in the terminal."""


def score(sweep: Sweep, job: Job) -> float | None:
    """What a job is ranked by: a trial by its first metric on rows held out, a run by its objective on test rows."""
    if sweep.search:
        found = job.scores.get(next(iter(sweep.metrics)))
        return found if found is not None and math.isfinite(found) and job.state == "finished" else None
    run = opened(sweep, job)
    return None if run is None or math.isnan(run.objective) else run.objective


def scored(sweep: Sweep, jobs: Sequence[Job]) -> list[tuple[Job, float]]:
    """The jobs that have a score, best first; among equals the first. Runs come as `overture runs` ranks them."""
    found = [(job, value) for job in jobs if (value := score(sweep, job)) is not None]
    if not sweep.search:
        places = {run.id: place for place, run in enumerate(runs(sweep))}
        return sorted(found, key=lambda pair: (places.get(str(pair[0].run), len(places)), pair[0].number))
    sign = -1 if greater_is_better(sweep, jobs) else 1
    return sorted(found, key=lambda pair: (sign * pair[1], pair[0].number))


def parted(sweep: Sweep) -> bool:
    """Were its runs scored on different rows, so that they cannot all be compared?"""
    return not sweep.search and len({store.comparable(run) for run in runs(sweep)}) > 1


def greater_is_better(sweep: Sweep, jobs: Sequence[Job]) -> bool:
    """Is more of the score better?"""
    if sweep.search:
        return next(iter(sweep.metrics.values()))
    run = next((run for job in jobs if (run := opened(sweep, job)) is not None), None)
    return run is not None and bool(run.facts["greater_is_better"])


def opened(sweep: Sweep, job: Job) -> Run | None:
    """The run that a job left, if it is still there."""
    if job.run is None:
        return None
    try:
        return Run.open(sweep.root / "runs" / job.run)
    except OvertureError:
        return None


def front(sweep: Sweep, jobs: Sequence[Job]) -> list[Job]:
    """The trials that no other trial beats in every metric; with one metric, the best."""
    found = [job for job, _ in scored(sweep, jobs)]
    signs = {name: -1.0 if more else 1.0 for name, more in sweep.metrics.items()}
    if len(signs) == 1:
        return found[:1]
    points = {job.number: [sign * job.scores[name] for name, sign in signs.items()] for job in found}
    return [job for job in found if not any(_beats(other, points[job.number]) for other in points.values())]


def rows(sweep: Sweep) -> list[str]:
    """The leaderboard as lines for a terminal."""
    found = runs(sweep)
    return [*_trials(sweep), *(table.rows(sweep.root, found) if found else [])]


def objects(sweep: Sweep) -> dict[str, Any]:
    """The sweep for a machine to read: its jobs best first, then those without a score; of runs also what `overture runs` says."""
    jobs = sweep.jobs()
    ranked = [job for job, _ in scored(sweep, jobs)]
    rest = [job for job in jobs if job not in ranked]
    return {
        **{key: sweep.facts[key] for key in ("id", "kind", "created", "words", "metrics")},
        "planned": sweep.planned,
        "best": sweep.best(),
        "jobs": [{**as_json(job), "score": score(sweep, job)} for job in [*ranked, *rest]],
        "runs": table.objects(sweep.root, runs(sweep)),
    }


def varied(jobs: Sequence[Job]) -> dict[int, dict[str, str]]:
    """For each job the overrides in which the jobs differ, by key."""
    given = {job.number: dict(_pair(word) for word in job.overrides) for job in jobs}
    keys = list(dict.fromkeys(key for words in given.values() for key in words))
    differing = [key for key in keys if len({words.get(key) for words in given.values()}) > 1]
    return {number: {key: words[key] for key in differing if key in words} for number, words in given.items()}


def named(keys: Sequence[str]) -> dict[str, str]:
    """Keys by a name that is as short as can be told apart.

    assert named(["model.params.depth", "model"]) == {"model.params.depth": "depth", "model": "model"}
    """
    last = [key.rpartition(".")[2] for key in keys]
    return {key: name if last.count(name) == 1 else key for key, name in zip(keys, last, strict=True)}


def _trials(sweep: Sweep) -> list[str]:
    if not sweep.search:
        return []
    jobs = sweep.jobs()
    ranked, changes = scored(sweep, jobs), varied(jobs)
    best = {job.number for job in front(sweep, jobs)}
    names = named([*dict.fromkeys(key for words in changes.values() for key in words)])
    lines = [["trial", *sweep.metrics, "time", "changed", ""]]
    for job, _ in [*ranked[:SHOWN], *((job, 0.0) for job, _ in ranked[SHOWN:] if job.number in best)]:
        values = [figure(job.scores[name]) for name in sweep.metrics]
        words = " ".join(f"{names[key]}={brief(value)}" for key, value in changes[job.number].items())
        mark = "best" if len(sweep.metrics) == 1 else "no other is better in all"
        lines.append([str(job.number), *values, f"{job.seconds:.1f} s", words, mark if job.number in best else ""])
    return [*table.aligned(lines), "", counted(jobs, len(ranked), sweep.judged), ""]


def counted(jobs: Sequence[Job], ranked: int, judged: str) -> str:
    """How many trials there were, in a sentence."""
    states = [(sum(job.state == state for job in jobs), state) for state in ("pruned", "failed")]
    said = [f"{number} {'stopped early' if state == 'pruned' else state}" for number, state in states if number]
    more = f"; the best {SHOWN} are shown" if ranked > SHOWN else ""
    return f"{len(jobs)} trials{', ' if said else ''}{', '.join(said)}{more}. Judged {judged}."


def runs(sweep: Sweep) -> list[Run]:
    """The runs it left, best first."""
    ids = {str(run) for run in (*(job.run for job in sweep.jobs()), (sweep.best() or {}).get("run")) if run}
    return store.runs(sweep.root, ids)


def _pair(word: str) -> tuple[str, str]:
    key, _, value = word.partition("=")
    return key.lstrip("+"), value


def brief(value: str) -> str:
    """A value of an override, a number cut to four digits.

    assert [brief("0.0511533745"), brief("31"), brief("x")] == ["0.05115", "31", "x"]
    """
    if not re.fullmatch(r"-?\d*\.\d+(e-?\d+)?", value):
        return value
    return f"{float(value):.4g}"


def _beats(other: Sequence[float], point: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(other, point, strict=True)) and list(other) != list(point)
