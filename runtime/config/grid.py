"""A sweep over every combination of the values on the command line."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, Place, Problem
from .launching import Launch, asked, identity
from .places import COMMAND_LINE

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher
    from hydra.types import HydraContext
    from omegaconf import DictConfig

    from .jobs import Jobs


def grid(
    task: Jobs, launcher: Launcher, context: HydraContext, config: DictConfig, words: Sequence[str], most: int | None
) -> list[Any]:
    """Run a job for each combination; one that fails ends none of the others.

    most: how many jobs the launcher is given at once; None: all.
    Raises what Hydra raises when a configuration cannot be put together, before any job runs.
    """
    combinations = expanded(words)
    launch = Launch(task, launcher, context, config)
    launch.composed(combinations)
    launch.prepared()
    facts = {"kind": "grid", "words": list(words), "jobs": len(combinations), "metrics": {}}
    with asked(task, identity(task.folder, "grid", combinations), facts) as sweep:
        numbers = [*range(len(combinations))]
        for batch in _batches(numbers, most):
            launch.run(sweep, batch, [combinations[number] for number in batch])
    return []


def expanded(words: Iterable[str]) -> list[list[str]]:
    """The overrides of every job, in the order in which they are run; the last key varies fastest.

    assert expanded(["a=1,2", "b=3"]) == [["a=1", "b=3"], ["a=2", "b=3"]]
    Raises Mistake for an interval, which only a search can choose from.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    choices: dict[str, list[str]] = {}
    problems = []
    for override in OverridesParser.create().parse_overrides(list(words)):
        key = override.get_key_element()
        if override.key_or_group == "sweep" and override.is_sweep_override():
            problems.append(Problem("searches are made one at a time.", key=key, place=Place(COMMAND_LINE)))
        elif not override.is_sweep_override():
            choices[key] = [override.input_line or ""]
        elif override.is_discrete_sweep():
            choices[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
        else:
            where = Place(COMMAND_LINE)
            hint = "Name the values, as 0.1,0.2, or let a search choose: sweep=optuna."
            problems.append(Problem("an interval has too many values for a grid.", key=key, place=where, hint=hint))
    if problems:
        raise Mistake(problems)
    return [list(combination) for combination in itertools.product(*choices.values())]


def _batches(numbers: list[int], most: int | None) -> Iterator[list[int]]:
    size = most or max(1, len(numbers))
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
