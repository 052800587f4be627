"""What was found out about a table of data: everything that `overture new` writes down and says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from overture.runtime.schema import Task

Label = str | int | bool


@dataclass(frozen=True)
class Note:
    """Something about a column that deserves a human eye, as a sentence without its subject."""

    column: str
    """The column; "" where it is about the whole file."""
    text: str


@dataclass(frozen=True)
class Guess:
    """What a column seems to hold; the keys of its line in conf/."""

    type: str
    nullable: bool = False
    min: float | None = None
    max: float | None = None
    values: tuple[str | int, ...] | None = None

    @property
    def keys(self) -> dict[str, Any]:
        """The mapping as conf/ has it, without what says nothing."""
        found: dict[str, Any] = {"type": self.type}
        found |= {"nullable": True} if self.nullable else {}
        found |= {name: value for name in ("min", "max") if (value := getattr(self, name)) is not None}
        return found | ({"values": list(self.values)} if self.values is not None else {})


@dataclass(frozen=True)
class Inferred:
    """One table: how it is read, what each column is, and what is to be predicted."""

    source: dict[str, Any]
    """The keys of the source but for `path`."""
    files: dict[str, str]
    """The files as they were given, by part: "" for a single one, else train and test."""
    rows: dict[str, int]
    """By part, as `files`."""
    width: int
    """Columns of the file, ignored ones too."""
    columns: dict[str, Guess]
    """What is declared, in the order of the file; target, key and time included."""
    ignore: tuple[str, ...]
    target: str
    task: Task
    positive: Label | None
    answer: str
    """What there is to predict, as a sentence."""
    key: str | None = None
    time: str | None = None
    timezone: str | None = None
    split: dict[str, str] = field(default_factory=dict)
    """The option of the split and the keys that it needs: {"option": "predefined", "column": "part"}."""
    notes: tuple[Note, ...] = ()
