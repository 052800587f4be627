"""What can go wrong, and how it is told.

    OvertureError
    ├── Mistake      something a person wrote or gave is wrong: exit code 2
    └── Refusal      the work was done and the answer is no: exit code 1

Both carry problems, so that one run reports everything it found. Only the command line prints them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Place:
    """Where a person can mend it: a file relative to the project folder, and a line counted from 1 (0: the whole file)."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, which key, what, and what to do.

    assert str(Problem("must be 1 or more, not 0", ("seed",), place=Place("conf/config.yaml", 9))) == (
        "conf/config.yaml:9   seed: must be 1 or more, not 0")
    """

    what: str
    path: tuple[str | int, ...] = ()
    """Where in the whole configuration, for example ("data", "columns", "tenure", "max"); from it the place is found."""
    key: str = ""
    """The path as the person sees it in the file at `place`."""
    place: Place | None = None
    hint: str = ""
    """What to do."""

    def __str__(self) -> str:
        key = self.key or key_path(self.path)
        text = f"{key}: {self.what}" if key else self.what
        text = f"{text}{'' if text.endswith(('.', '?', '!')) else '.'} {self.hint}" if self.hint.strip() else text
        return f"{self.place}   {text}" if self.place else text

    def as_dict(self) -> dict[str, str | int | None]:
        """The problem for a machine to read."""
        file, line = (self.place.file, self.place.line or None) if self.place else (None, None)
        key = self.key or key_path(self.path) or None
        return {"file": file, "line": line, "key": key, "what": self.what, "hint": self.hint.strip() or None}


class OvertureError(Exception):
    """The root of every error overture raises on purpose."""

    exit_code = 2

    def __init__(
        self, problems: str | Problem | Iterable[Problem], *, hint: str = "", notes: Sequence[str] = ()
    ) -> None:
        if isinstance(problems, str):
            problems = Problem(problems, hint=hint)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.notes = tuple(notes)
        super().__init__("\n".join(map(str, self.problems)))


class Mistake(OvertureError):
    """Something a person wrote or gave is wrong: configuration, command line, file. Nothing was changed."""


class Refusal(OvertureError):
    """The work was done and the answer is no: contract broken, gate failed, generated files stale."""

    exit_code = 1


def key_path(parts: Iterable[str | int]) -> str:
    """A key path as a person writes it.

    assert key_path(["columns", "Contract", "values", 1]) == "columns.Contract.values[1]"
    assert key_path(["columns", "a.b", "type"]) == 'columns."a.b".type'
    """
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = part and all(c.isalnum() or c in "_-/" for c in part)
            text += ("." if text else "") + (part if plain else '"' + part.replace('"', '\\"') + '"')
    return text


def did_you_mean(word: object, known: Iterable[object], *, otherwise: str = "") -> str:
    """A suggestion for a word that is not known, or `otherwise`, or the known words when they are few.

    assert did_you_mean("tenur", ["tenure", "Contract"]) == 'Did you mean "tenure"?'
    """
    choices = [str(item) for item in known]
    found = nearest(str(word), choices)
    if found is not None:
        return f'Did you mean "{found}"?'
    if otherwise:
        return otherwise
    return f"It can be {listed(choices)}." if 0 < len(choices) <= 12 else ""


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word most like this one, or None when none is like it; case is forgiven first."""
    folded = {item.casefold(): item for item in reversed(known)}
    if word.casefold() in folded:
        return folded[word.casefold()]
    close = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def listed(words: Iterable[object], last: str = "or") -> str:
    """Words as a sentence lists them.

    assert listed(["a", "b", "c"]) == "a, b or c"
    """
    items = [str(word) for word in words]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""
