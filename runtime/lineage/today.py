"""Whether what a run read is still there as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import Mistake
from ..files import sha256
from ..runs.inputs import name_of

if TYPE_CHECKING:
    from ..data.dataset import Dataset
    from ..runs.run import Run

State = Literal["unchanged", "changed", "gone", "new", "unknown", "not looked at"]


@dataclass(frozen=True)
class Input:
    """One file that a run read, or one fact that told its rows from those of another day."""

    name: str
    """A path, an address, or what it is of a source: query, rows, version, snapshot …"""
    recorded: str
    """The SHA-256 of a file; else the fact itself. "": the run did not read it."""
    today: State = "not looked at"
    why: str = ""
    """Why it is not known."""


@dataclass(frozen=True)
class Origin:
    """One source of a run."""

    name: str
    kind: str
    inputs: tuple[Input, ...]


def origins(run: Run, root: Path, dataset: Dataset | None, *, look: bool = True) -> list[Origin]:
    """The sources of a run with their inputs, compared with what they are today where that is asked for.

    dataset: as the run describes it; None: it cannot be read any more, so only files are looked at.
    """
    known: dict[str, str] = run.facts.get("inputs", {}).get("data", {})
    sources: dict[str, Any] = run.facts["data"].get("sources") or {"": {"kind": "", "files": list(known)}}
    found = []
    for name, it in sources.items():
        files = {key: known[key] for key in it.get("files", ()) if key in known}
        facts = {key: known[key] for key in it.get("versions", ()) if key in known}
        made = [*_files(files, root, look), *_facts(name, facts, root, dataset, look)]
        if look and files:
            made += _new(name, files, root, dataset)
        found.append(Origin(name, it.get("kind", ""), tuple(made)))
    return found


def _files(recorded: dict[str, str], root: Path, look: bool) -> Iterator[Input]:
    for name, hash_ in recorded.items():
        if not look:
            yield Input(name, hash_)
            continue
        try:
            yield Input(name, hash_, "unchanged" if sha256(root / name) == hash_ else "changed")
        except FileNotFoundError:
            yield Input(name, hash_, "gone")
        except OSError as error:
            yield Input(name, hash_, "unknown", f"it cannot be read: {error.strerror}")


def _facts(source: str, recorded: dict[str, str], root: Path, dataset: Dataset | None, look: bool) -> Iterator[Input]:
    short = {key: key.removeprefix(f"{source}.") for key in recorded}
    if not look or not recorded:
        yield from (Input(short[key], fact) for key, fact in recorded.items())
        return
    why, now = "the configuration of the run cannot be read", dict[str, str]()
    if dataset is not None and source in dataset.sources:
        try:
            now, why = dataset.sources[source].snapshot(root), ""
        except Mistake as mistake:
            why = "; ".join(problem.what for problem in mistake.problems)
    for key, fact in recorded.items():
        state: State = "unknown" if why else "gone" if short[key] not in now else "unchanged"
        if state == "unchanged" and now[short[key]] != fact:
            state = "changed"
        yield Input(short[key], fact, state, why)


def _new(source: str, files: dict[str, str], root: Path, dataset: Dataset | None) -> Iterator[Input]:
    """Files that fit the pattern of a source today and that the run did not read."""
    if dataset is not None and source in dataset.sources:
        for file in dataset.sources[source].files(root):
            if file.is_file() and (name := name_of(file, root)) not in files:
                yield Input(name, "", "new")
