"""Where generated files may lie: inside the project folder, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from overture.runtime.errors import Mistake, Problem

_SCHEMAS = ".overture/schemas/"  # the only generated files among what overture keeps for itself
_LONGEST = 200  # bytes of one part; a base adds a piece of its hash, and systems allow 255


def check_paths(root: Path, paths: Iterable[str]) -> None:
    """Raise Mistake, with every problem, when a path is not relative, leaves the project folder, or cannot be a file.

    Paths have forward slashes. Links are followed: one that leads out of the project folder is refused.
    """
    problems = []
    seen: dict[str, str] = {}
    for path in sorted(set(paths)):
        other = seen.setdefault(path.casefold(), path)
        what = (
            _ill_formed(path)
            or _elsewhere(root, path)
            or ("" if other == path else f"differs from {other} in case only")
        )
        if what:
            problems.append(Problem(f"{path!a} cannot be generated: it {what}."))
    if problems:
        raise Mistake(problems)


def _ill_formed(path: str) -> str:
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or PurePosixPath(path).is_absolute():
        return "is no path inside the project folder"
    if (
        not path.isprintable()
        or any(c in '\\:*?"<>|' for c in path)
        or any(part.endswith((" ", ".")) for part in parts)
    ):
        return "has characters that not every system allows"
    if any(len(part.encode()) > _LONGEST for part in parts):
        return "is too long"
    reserved = parts[0].lower() in (".overture", ".git") and not path.startswith(_SCHEMAS)
    return f"lies in {parts[0]}" if reserved else ""


def _elsewhere(root: Path, path: str) -> str:
    target = root / path
    if not target.resolve().is_relative_to(root.resolve()):
        return "leads out of the project folder by a link"
    if target.is_dir():
        return "is a folder"
    blocked = next((folder for folder in target.parents if folder.exists() and not folder.is_dir()), None)
    return f"lies below {blocked.name}, which is a file" if blocked else ""
