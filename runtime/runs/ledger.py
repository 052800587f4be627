"""The ledger: what was promoted, when, by whom and why; and production.json, which says what is in production.

.overture/ledger.jsonl is appended, a JSON object a line, and is the truth. .overture/production.json follows from it
and is what a service reads. A change is written to the ledger first; when a kill comes between the two, the next
promote, rollback or history writes production.json anew. A last line that was cut short never happened.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import Mistake
from ..files import sync_folder, write

STATE = ".overture"
LEDGER, PRODUCTION, LOCK = f"{STATE}/ledger.jsonl", f"{STATE}/production.json", f"{STATE}/lock"
PROMOTED, ROLLED_BACK = "promoted", "rolled-back"
CHALLENGING, WITHDRAWN = "challenger", "withdrawn"
"""A run that is tried beside the one in production, from now on and no more."""
PATIENCE = 10.0
"""Seconds to wait for another promote or rollback to end."""


@dataclass(frozen=True)
class Challenger:
    """What is tried beside production."""

    run_id: str
    manifest_sha256: str


@dataclass(frozen=True)
class Production:
    """What is in production."""

    run_id: str
    manifest_sha256: str
    promoted_at: str
    name: str
    challenger: Challenger | None = None


@dataclass(frozen=True)
class Entry:
    """One line of the ledger."""

    at: str
    """UTC, as 2026-11-23T20:29:29Z."""
    by: str
    action: str
    """promoted or rolled-back; challenger or withdrawn."""
    name: str
    """The project's name."""
    run: str
    """The run that is in production from now on; or the challenger."""
    manifest_sha256: str
    why: str = ""
    gates: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        texts = (self.at, self.by, self.action, self.name, self.run, self.manifest_sha256, self.why)
        if self.action not in (PROMOTED, ROLLED_BACK, CHALLENGING, WITHDRAWN) or not all(
            isinstance(text, str) for text in texts
        ):
            raise ValueError("this is no entry of a ledger")


def production(root: Path) -> Production | None:
    """What is in production, as production.json says; None when nothing was ever promoted.

    Raises Mistake when the file is damaged.
    """
    try:
        content = json.loads((root / PRODUCTION).read_bytes())
        beside = content.get("challenger")
        challenger = None if beside is None else Challenger(beside["run"], beside["manifest_sha256"])
        made = Production(content["run"], content["manifest_sha256"], content["promoted_at"], content["name"])
        texts = [*asdict(made).values(), *(asdict(challenger).values() if challenger else ())]
        if not all(isinstance(value, str) for value in texts if value is not None):
            raise TypeError
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Mistake(
            f"{PRODUCTION} cannot be read.", hint="Write it anew from the ledger: overture history"
        ) from error
    return replace(made, challenger=challenger)


def history(root: Path) -> list[Entry]:
    """Every entry of the ledger, oldest first; production.json is brought in line with it.

    Raises Mistake when a line is damaged.
    """
    found = entries(root)
    if not _in_line(root, found):
        with locked(root):
            found = settle(root)
    return found


def entries(root: Path) -> list[Entry]:
    """The entries of the ledger as they stand.

    Raises Mistake when a line is damaged; a last line that was cut short is passed over.
    """
    return [entry for _, entry in _lines(_content(root))]


def in_force(found: Sequence[Entry]) -> list[Entry]:
    """The promotions that no rollback took back; the last one is what is in production."""
    stack: list[Entry] = []
    for entry in found:
        if entry.action == PROMOTED:
            stack.append(entry)
        elif entry.action == ROLLED_BACK and stack:
            stack.pop()
    return stack


def challenging(found: Sequence[Entry]) -> Entry | None:
    """What is tried beside production: the last run that was named for it, unless it was withdrawn or promoted."""
    current: Entry | None = None
    for entry in found:
        if entry.action == CHALLENGING:
            current = entry
        elif entry.action == WITHDRAWN or (current is not None and entry.run == current.run):
            current = None
    return current


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Nobody else changes what is in production during the block.

    Raises Mistake when somebody else is at it for too long.
    """
    from filelock import FileLock, Timeout

    (root / STATE).mkdir(exist_ok=True)
    lock = FileLock(root / LOCK)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout as error:
        raise Mistake("another promote or rollback is under way here.", hint="Try again when it is done.") from error
    try:
        yield
    finally:
        lock.release()


def settle(root: Path) -> list[Entry]:
    """Bring production.json in line with the ledger, and give the ledger's entries. The lock must be held."""
    found = entries(root)
    if not _in_line(root, found):
        _write_production(root, found)
    return found


def append(root: Path, entry: Entry) -> None:
    """Add an entry to the ledger, then write production.json. The lock must be held."""
    line = json.dumps(asdict(entry), ensure_ascii=False)
    content = _content(root)
    whole = sum(length for length, _ in _lines(content))
    gap = b"\n" if content[:whole] and not content[:whole].endswith(b"\n") else b""
    handle = os.open(root / LEDGER, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    with os.fdopen(handle, "r+b") as file:
        file.truncate(whole)  # what a kill cut short
        file.seek(whole)
        file.write(gap + line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(root / STATE)
    _write_production(root, entries(root))


def _write_production(root: Path, found: Sequence[Entry]) -> None:
    write(root / PRODUCTION, json.dumps(_as_production(found), indent=1, ensure_ascii=False) + "\n")


def _as_production(found: Sequence[Entry]) -> dict[str, Any]:
    """production.json as the ledger has it, whose first entry is always a promotion."""
    entry = next(entry for entry in reversed(found) if entry.action in (PROMOTED, ROLLED_BACK))
    beside = challenging(found)
    challenger = {} if beside is None else {"run": beside.run, "manifest_sha256": beside.manifest_sha256}
    return {
        "name": entry.name,
        "run": entry.run,
        "manifest_sha256": entry.manifest_sha256,
        "promoted_at": entry.at,
        **({"challenger": challenger} if challenger else {}),
    }


def _in_line(root: Path, found: Sequence[Entry]) -> bool:
    if not found:
        return True
    try:
        return bool(json.loads((root / PRODUCTION).read_bytes()) == _as_production(found))
    except (OSError, ValueError):
        return False


def _content(root: Path) -> bytes:
    try:
        return (root / LEDGER).read_bytes()
    except FileNotFoundError:
        return b""


def _lines(content: bytes) -> Iterator[tuple[int, Entry]]:
    """Each entry, and how many bytes its line takes."""
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        try:
            yield len(line), Entry(**json.loads(line))
        except (ValueError, TypeError) as error:
            if not line.endswith(b"\n"):
                return
            what = f"{LEDGER} is damaged in line {number}."
            raise Mistake(what, hint="Restore it from git, where it is kept with the project.") from error
