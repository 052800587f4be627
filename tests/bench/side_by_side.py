"""Processes measured beside each other, in turns, so that a noisy machine disturbs both alike."""

import os
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path


def cpu_seconds(words: Sequence[object], folder: Path) -> float:
    """User and system time of a process and all it started, in seconds."""
    before = os.times()
    subprocess.run(list(map(str, words)), cwd=folder, check=True, capture_output=True)
    after = os.times()
    return (after.children_user + after.children_system) - (before.children_user + before.children_system)


def compare(title: str, ours: Sequence[object], theirs: Sequence[object], folder: Path, rounds: int = 5) -> float:
    """Run both in turns, print the median of the ratios ours / theirs and their spread, and give the median."""
    ratios = sorted(cpu_seconds(ours, folder) / cpu_seconds(theirs, folder) for _ in range(rounds))
    middle = statistics.median(ratios)
    print(f"\n{title}: {middle:.2f} x the CPU  (of {rounds} rounds: {ratios[0]:.2f} to {ratios[-1]:.2f})")
    return middle
