"""A trial is stopped by what it scored at the very point where the trials before it are looked at."""

import pytest

from overture.runtime.config.pruning import STARTUP, pruner
from overture.runtime.sweeps.job import FOLD, Job
from overture.runtime.sweeps.sweep import Sweep


@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize(
    ("reports", "stopped"),
    [
        ({10: 0.6}, True),
        ({10: 0.4}, False),
        ({10: 0.4, 20: 0.6}, False),  # the best number of trees so far is kept
        ({10: 0.1, FOLD: 0.6}, True),  # a lucky number of trees says nothing about a whole fold
        ({10: 0.6, FOLD: 0.4}, False),
        ({FOLD: 0.1, 2 * FOLD: 0.6}, True),  # the mean of two folds is compared with means of two
        ({FOLD: 0.6, 2 * FOLD: 0.4}, False),
    ],
)
def test_scores_are_compared_with_those_at_the_same_point(tmp_path, more, reports, stopped):
    sign = -1 if more else 1
    sweep = Sweep.begin(tmp_path, "a1b2c3d4", {"kind": "search", "words": [], "jobs": 9, "metrics": {"score": more}})
    for number in range(STARTUP):
        known = dict.fromkeys((10, 20, FOLD, 2 * FOLD), sign * (0.48 + number / 100))
        sweep.keep(Job(number, [], "finished", scores={"score": sign * 0.5}, reports=known))
    hopeless = pruner(sweep, more, STARTUP, warmup=0)

    told, said = {}, None
    for step, score in reports.items():
        told[step] = sign * score
        said = hopeless(told)

    assert said is stopped
