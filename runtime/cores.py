"""How many processors there are to work with."""

from __future__ import annotations

import os


def cores() -> int:
    """Those that this process may use, which libraries go by; fewer than there are where it is held to some of them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
