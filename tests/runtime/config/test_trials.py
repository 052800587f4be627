"""What a search proposes follows from its seed and the trials before it alone, whatever became of its process."""

import pytest

from overture.runtime.config.spaces import space
from overture.runtime.config.trials import Trials
from overture.runtime.sweeps.job import Job
from overture.runtime.sweeps.sweep import Sweep

MANY = 14
PARAMS = {
    "model.params.depth": "range(4, 11)",
    "model.params.rate": "tag(log, interval(0.01, 1))",
    "model.params.share": "interval(0, 1)",
}
FIRST = {"model.params.depth": 6, "model.params.rate": 0.05, "model.params.share": 0.8}


def going(root, sampler, first, many=MANY):
    """A search as a new process finds it, with what it is to propose."""
    choices = space(PARAMS, [])
    sweep = Sweep.begin(root, "a1b2c3d4", {"kind": "search", "words": [], "jobs": many, "metrics": {"loss": False}})
    return Trials(sweep, sampler, choices, 42, choices.known(first)), choices


def ended(number, words, choices):
    """A trial that came to its end: well, stopped on the way, or not at all."""
    values = choices.params(words)
    loss = (values["++model.params.depth"] - 7) ** 2 + values["++model.params.rate"] + values["++model.params.share"]
    job = Job(number, words, "finished", scores={"loss": loss}, reports={10: loss})
    if number % 5 == 3:
        job.state, job.scores = "pruned", {}
    return job


def search(root, sampler, first, width, kills=()):
    """Propose and end all trials; the process is killed when as many have ended as one of kills says."""
    trials, choices = going(root, sampler, first)
    number = 0
    while number < MANY:
        batch = trials.propose(number, width)
        for at, words in batch.items():
            if trials.sweep.job(at) is not None:
                continue
            if at in kills:
                return search(root, sampler, first, width, [it for it in kills if it > at])
            job = ended(at, words, choices)
            job.batch = number
            trials.sweep.keep(job)
        trials.learn(batch)
        number += len(batch)
    return [job.overrides for job in trials.sweep.jobs()]


@pytest.mark.parametrize("first", [FIRST, {"model.params.rate": 0.05}, {}], ids=["whole", "partial", "none"])
@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "random"])
def test_a_search_that_was_killed_proposes_what_it_would_have_proposed(tmp_path, sampler, width, first):
    whole = search(tmp_path / "whole", sampler, first, width)

    for kill in ([1], [2], [7], [1, 4, 11]):
        assert search(tmp_path / f"killed at {kill}", sampler, first, width, kill) == whole
    assert len({tuple(words) for words in whole}) == MANY
    assert all(f"++{key}={value}" in whole[0] for key, value in first.items())
