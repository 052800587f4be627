"""What will happen to each generated file: a decision from what is wanted, what was generated last and what is there.

    mine    what is there            base     what was generated last          theirs   what is wanted now

    mine      base      theirs       step
    absent    absent    text         create
    text      absent    same         adopt        it is there already
    text      absent    differs      conflict     a file that overture did not write is never overwritten
    = base    text      differs      update
    = theirs  text      text         same
    differs   text      = base       keep         a person's edit
    differs   text      differs      merge        or conflict, where both changed the same lines or the merged code is broken
    absent    text      text         dropped      a person deleted it; it stays deleted
    = base    text      absent       delete
    differs   text      absent       orphan       no longer generated, kept because a person edited it
    with markers                     conflict     left alone until they are gone

Files that are generated once are created where they never were, and left alone from then on.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .file import File, Found
from .manifest import Manifest
from .merge import markers, merge
from .verify import broken


class Change(enum.StrEnum):
    """What happens to a file."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    MERGE = "merge"
    CONFLICT = "conflict"
    DELETE = "delete"
    ORPHAN = "orphan"
    DROPPED = "dropped"
    KEEP = "keep"
    SAME = "same"


@dataclass(frozen=True)
class Step:
    """What will happen to one generated file."""

    path: str
    change: Change
    found: Found | None = None
    """What is there now."""
    data: bytes | None = None
    """What will be there; None: no file."""
    bases: tuple[str, ...] = ()
    """What is remembered as last generated: nothing, for a file that is forgotten or generated once."""
    once: bool = False
    executable: bool = False
    theirs: str | None = None
    """What is wanted now."""
    incoming: bool = False
    """Is `theirs` laid into .overture/incoming, because there is no git to merge it?"""
    lines: tuple[int, ...] = ()
    """Where the conflicts begin."""
    own: int = 0
    """How many lines a person wrote or changed."""
    why: str = ""
    """More about it, for people."""

    @property
    def writes(self) -> bool:
        """Does the file change?"""
        return self.data != (self.found.data if self.found else None)


def plan(wanted: Mapping[str, File], last: Manifest, disk: Mapping[str, Found | None]) -> list[Step]:
    """One step for every file that is wanted or was generated, in order of their paths; nothing is written.

    Raises Mistake when ruff is missing.
    """
    steps = []
    for path in sorted({*wanted, *last.paths}):
        file, found = wanted.get(path), disk.get(path)
        if file is None:
            steps += _unwanted(path, found, last)
        elif file.once:
            steps.append(_once(path, file, found, path in last.paths))
        else:
            steps.append(_managed(path, file, found, last.bases.get(path)))
    return _looked_over(steps)


def _unwanted(path: str, found: Found | None, last: Manifest) -> list[Step]:
    if found is None or path in last.once:
        return []
    if found.text in last.bases[path]:
        return [Step(path, Change.DELETE, found)]
    return [Step(path, Change.ORPHAN, found, found.data, own=_own(found, last.bases[path]))]


def _once(path: str, file: File, found: Found | None, known: bool) -> Step:
    data, theirs = found.data if found else None, file.canonical
    step = Step(path, Change.SAME, found, data, once=True, executable=file.executable, theirs=theirs)
    if found is None and known:
        return replace(step, change=Change.DROPPED)
    return step if found else replace(step, change=Change.CREATE, data=theirs.encode())


def _managed(path: str, file: File, found: Found | None, bases: tuple[str, ...] | None) -> Step:
    data, theirs = found.data if found else None, file.canonical
    step = Step(path, Change.SAME, found, data, (theirs,), executable=file.executable, theirs=theirs)
    if found is None:
        if bases is None:
            return replace(step, change=Change.CREATE, data=theirs.encode())
        return replace(step, change=Change.DROPPED)
    known = bases or ()
    if found.waiting:
        return _waits(step, known, "merge the text in .overture/incoming by hand, then delete it there")
    if found.text is None:
        return replace(step, change=Change.KEEP) if theirs in known else _waits(step, known, "it is no text in UTF-8")
    if lines := markers(found.text, theirs, *known):
        return replace(_waits(step, known, "it still has conflict markers"), lines=lines)
    if found.text == theirs:
        return step if known else replace(step, change=Change.ADOPT)
    return _merged(replace(step, own=_own(found, known)), found, known, theirs)


def _merged(step: Step, found: Found, bases: tuple[str, ...], theirs: str) -> Step:
    """The step for a file that differs from what is wanted; with several bases, the changes since each of them are merged."""
    assert found.text is not None
    text = found.text
    for base in bases:
        if text == base:
            text = theirs
        elif theirs not in (base, text):
            merged = merge(text, base, theirs)
            if merged is None or merged.conflicts:
                return _conflict(step, found, merged.text if merged else None, "")
            text = merged.text
    if not bases:
        both = merge(text, None, theirs)
        return _conflict(step, found, both.text if both else None, "overture did not write it")
    change = Change.UPDATE if text == theirs else Change.KEEP if text == found.text else Change.MERGE
    return replace(step, change=change, data=found.encode(text))


def _conflict(step: Step, found: Found, text: str | None, why: str) -> Step:
    """A conflict marked in the file, or without git laid beside it."""
    if text is None:
        why = "there is no git to merge with; the new text is in .overture/incoming"
        return replace(step, change=Change.CONFLICT, incoming=True, why=why)
    lines = markers(text, found.text, step.theirs)
    return replace(step, change=Change.CONFLICT, data=found.encode(text), lines=lines, why=why)


def _waits(step: Step, bases: tuple[str, ...], why: str) -> Step:
    """A file that is left alone, and compared with the same base the next time."""
    return replace(step, change=Change.CONFLICT, bases=bases, why=why)


def _looked_over(steps: list[Step]) -> list[Step]:
    """The steps, where a merge that broke the code has become a conflict."""
    merges = {}
    for step in steps:
        if step.change is Change.MERGE and step.found and step.data is not None:
            merges[step.path] = (step.found.text or "", step.theirs or "", Found(step.data).text or "")
    findings = broken(merges)
    made = []
    for step in steps:
        if (why := findings.get(step.path)) and step.found and step.theirs is not None:
            both = merge(merges[step.path][0], None, step.theirs)
            step = _conflict(step, step.found, both.text if both else None, f"merged, it would have: {'; '.join(why)}")
        made.append(step)
    return made


def _own(found: Found, bases: tuple[str, ...]) -> int:
    """How many lines of a file are in none of the bases."""
    known = {line for base in bases for line in base.split("\n")}
    return sum(line not in known for line in (found.text or "").split("\n"))
