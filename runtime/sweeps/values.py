"""The values that the jobs of a sweep gave to the keys in which they differ, beside their scores."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .job import Job
from .leaderboard import scored, varied
from .sweep import Sweep

NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
FEWEST = 8
"""How many scored jobs it takes to say which keys matter."""


@dataclass(frozen=True)
class Values:
    """Jobs with a score, best first: their scores, and by key what each gave to it; empty where it gave nothing."""

    jobs: Sequence[Job]
    scores: Sequence[float]
    keys: dict[str, list[str]]

    @classmethod
    def of(cls, sweep: Sweep) -> Values:
        """The values of a sweep as far as it is."""
        ranked = scored(sweep, sweep.jobs())
        jobs = [job for job, _ in ranked]
        given = varied(jobs)
        keys = dict.fromkeys(key for words in given.values() for key in words)
        columns = {key: [given[job.number].get(key, "") for job in jobs] for key in keys}
        return cls(jobs, [value for _, value in ranked], columns)

    def numbers(self, key: str) -> list[float] | None:
        """The values of a key as numbers; None: some are none."""
        values = self.keys[key]
        return [float(value) for value in values] if all(map(NUMBER.fullmatch, values)) else None

    @cached_property
    def importance(self) -> dict[str, float]:
        """How much the score changes with each key, as shares of 1, most first; empty where too few jobs can tell.

        A random forest learns the score from the values; the shares are those of the variance that its splits by a key
        take away, those of a key's labels added up.
        """
        if len(self.scores) < FEWEST or not self.keys or max(self.scores) == min(self.scores):
            return {}
        import numpy as np
        from sklearn.ensemble import RandomForestRegressor

        columns, owners = [], []
        for key, values in self.keys.items():
            numbers = self.numbers(key)
            made = [numbers] if numbers else [[float(value == it) for value in values] for it in sorted(set(values))]
            columns += made
            owners += [key] * len(made)
        # ranks, so that one hopeless job does not decide alone
        ranks = np.argsort(np.argsort(self.scores, kind="stable"), kind="stable")
        forest = RandomForestRegressor(100, min_samples_leaf=2, random_state=0, n_jobs=1)
        forest.fit(np.array(columns).T, ranks)
        shares = dict.fromkeys(self.keys, 0.0)
        for key, share in zip(owners, forest.feature_importances_.tolist(), strict=True):
            shares[key] += share
        return dict(sorted(shares.items(), key=lambda item: -item[1])) if math.fsum(shares.values()) > 0 else {}
