"""What a piece of work costs, measured against other work done beside it, so that a slow or busy machine changes nothing."""

import os
import time
from collections.abc import Callable


def effort(work: Callable[[], object]) -> float:
    """CPU time of some work, its child processes included, in units of a yardstick: adding up a million numbers in Python."""
    before = _yardstick()
    start = _cpu()
    work()
    spent = _cpu() - start
    return spent / ((before + _yardstick()) / 2)


def _yardstick() -> float:
    start = _cpu()
    sum(number * number for number in range(1_000_000))
    return _cpu() - start


def _cpu() -> float:
    return time.process_time() + sum(os.times()[2:4])
