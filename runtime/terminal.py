"""What a person sees in the terminal: steps as they end, a bar while one is under way, problems in one form."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from .errors import OvertureError, Problem
from .progress import listening

if TYPE_CHECKING:
    from rich.progress import Progress

NAME_WIDTH, LINE_WIDTH = 10, 70
MOST_PROBLEMS = 20


class Terminal:
    """Prints each step as it ends to standard output; a bar to standard error where that is a terminal."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: Any = None

    def advance(self, step: str, text: str, done: int, total: int) -> None:
        """Draw the bar, or move it on."""
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            self._bar = _bar()
            self._bar.start()
            self._task = self._bar.add_task(f"{step:<{NAME_WIDTH}}{text}", total=total)
        self._bar.update(self._task, completed=done, total=total)

    def finish(self, step: str, text: str, seconds: float | None) -> None:
        """Take the bar away and print what was done."""
        self.clear()
        line = f"{step:<{NAME_WIDTH}}{text}"
        say(f"{line:<{LINE_WIDTH}} {seconds:5.1f} s" if seconds is not None else line)

    def clear(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


@contextmanager
def narrated() -> Iterator[None]:
    """Show the steps of the block to whoever sits at the terminal."""
    terminal = Terminal()
    try:
        with listening(terminal):
            yield
    finally:
        terminal.clear()


def say(*lines: str, file: TextIO | None = None) -> None:
    """Print lines; nothing in them is read as markup, and a closed pipe is no fault."""
    try:
        for line in lines:
            print(line, file=file or sys.stdout, flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - nobody reads on; the interpreter closes it
    except UnicodeEncodeError:
        for line in lines:
            print(line.encode("ascii", "backslashreplace").decode(), file=file or sys.stdout, flush=True)


def tell(error: OvertureError, *, closing: str = "Nothing was changed.") -> None:
    """Print what is wrong to standard error: the places in a column, then how many problems there are."""
    problems = error.problems
    say(*problem_lines(problems[:MOST_PROBLEMS]), file=sys.stderr)
    if len(problems) > MOST_PROBLEMS:
        say(f"… and {len(problems) - MOST_PROBLEMS:,} more.", file=sys.stderr)
    say(*error.notes, file=sys.stderr)
    if any(problem.place or problem.path for problem in problems):
        count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
        say(f"{count}. {closing}".rstrip(), file=sys.stderr)


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """Problems as lines, their places in a column of their own."""
    width = max((len(str(problem.place)) for problem in problems if problem.place), default=0)
    lines = []
    for problem in problems:
        text = _readable(str(problem))
        if problem.place:
            place = str(problem.place)
            text = f"{place:<{width}}{text[len(place) :]}"
        lines.append(text)
    return lines


def _readable(text: str) -> str:
    """Names and values come from files: no control character of theirs reaches the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
