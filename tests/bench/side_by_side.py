"""Processes measured beside each other, in turns, so that a noisy machine disturbs both alike."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    seconds: float
    """User and system time of it and all it started."""
    wall: float
    """Seconds by the clock, from its start to its end."""
    gigabytes: float
    """The most memory that it held."""


MEASURE = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[2:], stdout=2)
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - start
os.write(int(sys.argv[1]), f"{os.waitstatus_to_exitcode(status)} {used.ru_utime + used.ru_stime} {wall} {used.ru_maxrss}".encode())
"""
"""Linux counts what the parent held as the child's; a small process between them keeps the benchmark's own data out."""


def compiled() -> dict[str, str]:
    """The environment of a process that keeps its modules compiled, as those of an installed package are."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cost(words: Sequence[object], folder: Path) -> Cost:
    """Run a process to its end."""
    told, tell = os.pipe()
    with os.fdopen(told) as report:
        try:
            measured = [sys.executable, "-S", "-c", MEASURE, str(tell), *map(str, words)]
            ran = subprocess.run(measured, cwd=folder, env=compiled(), stderr=subprocess.PIPE, pass_fds=[tell])
        finally:
            os.close(tell)
        code, seconds, wall, kilobytes = report.read().split()
    assert code == "0", ran.stderr.decode()
    return Cost(float(seconds), float(wall), int(kilobytes) / 1e6)


def cpu_seconds(words: Sequence[object], folder: Path) -> float:
    """User and system time of a process and all it started, in seconds."""
    return cost(words, folder).seconds


def compare(title: str, ours: Sequence[object], theirs: Sequence[object], folder: Path, rounds: int = 5) -> float:
    """Run both in turns, print the median of the ratios ours / theirs and their spread, and give the median."""
    ratios = sorted(cpu_seconds(ours, folder) / cpu_seconds(theirs, folder) for _ in range(rounds))
    middle = statistics.median(ratios)
    print(f"\n{title}: {middle:.2f} x the CPU  (of {rounds} rounds: {ratios[0]:.2f} to {ratios[-1]:.2f})")
    return middle


def costs(title: str, rivals: Mapping[str, Sequence[object]], folder: Path, rounds: int = 3) -> dict[str, Cost]:
    """Run all in turns, print what the first takes as a share of what each other takes, and give the medians."""
    found: dict[str, list[Cost]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, words in rivals.items():
            found[name].append(cost(words, folder))
    middle = {
        name: Cost(*(statistics.median(getattr(it, of) for it in all) for of in ("seconds", "wall", "gigabytes")))
        for name, all in found.items()
    }
    ours, *others = middle
    print(f"\n{title}: at most {middle[ours].gigabytes:.2f} GB")
    for name in others:
        mine, its = middle[ours], middle[name]
        cpu, wall, memory = mine.seconds / its.seconds, mine.wall / its.wall, mine.gigabytes / its.gigabytes
        print(f"  beside {name}: {wall:.2f} x the time, {cpu:.2f} x the CPU, {memory:.2f} x the memory")
    return middle
