"""Keys of the configuration that are called otherwise than they once were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Renamed:
    """What a key is called now, and since which version of overture."""

    name: str
    since: str

    def __str__(self) -> str:
        return f"is called {self.name} since overture {self.since}."


RENAMED: dict[str, Renamed] = {}
"""By the old path, with dots, and * for a name of the user's own: "data.columns.*.optional"."""


def renamed(path: Sequence[str | int]) -> Renamed | None:
    """What the key at a path is called now; None: it never had another name."""
    for old, new in RENAMED.items():
        parts = old.split(".")
        if len(parts) == len(path) and all(part in ("*", str(here)) for part, here in zip(parts, path, strict=True)):
            return new
    return None
