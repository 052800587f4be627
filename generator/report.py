"""What generate did or would do, for people and for machines."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from overture.runtime.errors import listed

from .plan import Change, Step

_SHOWN = 6  # paths in one sentence
_SETTLED = frozenset({Change.SAME, Change.KEEP, Change.DROPPED})


def pending(steps: Iterable[Step]) -> list[Step]:
    """The steps that make generated files stale; a person's edit does not."""
    return [step for step in steps if step.change not in _SETTLED]


def conflicts(steps: Iterable[Step]) -> list[Step]:
    """The steps that a person has to settle."""
    return [step for step in steps if step.change is Change.CONFLICT]


def lines(steps: Sequence[Step]) -> list[str]:
    """One aligned line for each file about which there is something to say.

    For example "  merge     service.py   your 3 lines kept".
    """
    said = [step for step in steps if step.change is not Change.SAME]
    width = max((len(step.path) for step in said), default=0)
    return [f"  {step.change:<9} {step.path:<{width}}   {_about(step)}".rstrip() for step in said]


def closing(steps: Sequence[Step]) -> str:
    """The last sentence: what there is to do, or that there is nothing."""
    open_ = conflicts(steps)
    if open_:
        places = [f"{step.path}:{line}" for step in open_ for line in step.lines] + [
            step.path for step in open_ if not step.lines
        ]
        what = "1 file has" if len(open_) == 1 else f"{len(open_)} files have"
        todo = (
            "Keep what you want, remove the markers"
            if any(step.lines for step in open_)
            else "Bring them together by hand"
        )
        return f'{what} conflicts: {listed(places, "and")}. {todo}, run "overture generate" again.'
    count = len(pending(steps))
    if not count:
        return "Everything is up to date."
    return f"{count} {'file' if count == 1 else 'files'} brought up to date."


def stale(steps: Sequence[Step]) -> str:
    """The sentence of a check that found something: which files, and what mends them."""
    waiting = [step for step in conflicts(steps) if not step.writes and not step.incoming]
    paths = [step.path for step in pending(steps) if step not in waiting]
    shown = [*paths[:_SHOWN], f"{len(paths) - _SHOWN} more"] if len(paths) > _SHOWN else paths
    verb = "is" if len(paths) == 1 else "are"
    said = [f"{listed(shown, 'and')} {verb} not up to date with conf/. Run: overture generate"] if paths else []
    return "\n".join([*([closing(waiting)] if waiting else []), *said])


def as_dict(step: Step) -> dict[str, Any]:
    """A step for a machine to read."""
    return {
        "path": step.path,
        "change": str(step.change),
        "conflicts": list(step.lines),
        "own_lines": step.own,
        "why": step.why or None,
    }


def diff(steps: Iterable[Step]) -> str:
    """A unified diff of what the steps change in the project; for a file left in conflict, of what is waiting to be merged."""
    return "".join(_diff(step) for step in steps if step.change not in _SETTLED)


def _diff(step: Step) -> str:
    before = step.found.data if step.found else None
    after = step.data
    if step.change is Change.CONFLICT and step.theirs is not None and not step.writes:
        after = step.theirs.encode()
    old, new = (
        f"{side}/{step.path}" if data is not None else "/dev/null" for side, data in (("a", before), ("b", after))
    )
    changed = difflib.unified_diff(_lines(before), _lines(after), old, new)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in changed)


def _lines(data: bytes | None) -> list[str]:
    text = (data or b"").decode(errors="replace").replace("\r\n", "\n")
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.split("\n")[-1]) else [])


def _about(step: Step) -> str:
    match step.change:
        case Change.CONFLICT:
            places = (
                f"at {'line' if len(step.lines) == 1 else 'lines'} {listed(step.lines, 'and')}" if step.lines else ""
            )
            return ", ".join(part for part in (places, step.why) if part)
        case Change.MERGE | Change.KEEP:
            own = {0: "changes", 1: "line"}.get(step.own, f"{step.own} lines")
            return f"your {own} kept"
        case Change.DELETE:
            return "no longer generated"
        case Change.ORPHAN:
            return "no longer generated; kept, because you edited it"
        case Change.DROPPED:
            return f"you deleted it; to have it back: overture generate --restore {step.path}"
        case Change.ADOPT:
            return "was there already, as generated"
    return ""
