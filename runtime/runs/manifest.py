"""The manifest of a run: the SHA-256 of every file in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..errors import Mistake, Problem
from ..files import sha256

NAME = "manifest.json"
TOLD = ("report.html", "card.md", "explanations.json")
"""What tells of a run, which may be made later than the run."""
HELD = "held_out.parquet"
"""What they are made of later: rows of the data, which leave the run when they were used."""


def seal(folder: Path, run_id: str) -> None:
    """Write the manifest of a folder that is otherwise complete."""
    (folder / NAME).write_bytes(text({path: sha256(folder / path) for path in _files(folder)}, run_id))


def text(files: dict[str, str], run_id: str) -> bytes:
    """The manifest of files by their SHA-256."""
    content = {"format": 1, "run": run_id, "files": dict(sorted(files.items()))}
    return (json.dumps(content, indent=1) + "\n").encode()


def read(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file by its path in the folder.

    Raises Mistake when there is no manifest, or one that nobody can read.
    """
    try:
        content = json.loads((folder / NAME).read_bytes())
        files = content["files"]
        if content["run"] != folder.name or not all(isinstance(value, str) for value in files.values()):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Mistake(f"{_shown(folder)}/{NAME} is missing or damaged.", hint=_remedy(folder)) from error
    return dict(files)


def verify(folder: Path, manifest_sha256: str | None = None) -> None:
    """Compare every file with the manifest, and the manifest with its own hash where one is given.

    Raises Mistake with every file that was changed, is missing, or does not belong there.
    """
    if (folder / NAME).is_symlink() or folder.is_symlink():
        raise Mistake(f"{_shown(folder)} is or holds a link; a run holds files only.", hint=_remedy(folder))
    expected = read(folder)
    if manifest_sha256 is not None and sha256(folder / NAME) != manifest_sha256:
        what = f"{_shown(folder)}/{NAME} is not the one that was promoted (SHA-256 {manifest_sha256[:12]}…)."
        raise Mistake(what, hint=_remedy(folder))
    problems = [Problem(what, hint=_remedy(folder)) for what in _differences(folder, expected)]
    if problems:
        raise Mistake(problems)


def _differences(folder: Path, expected: dict[str, str]) -> Iterator[str]:
    passed = {HELD} if TOLD[0] in expected else {*TOLD, HELD}  # what is made later, as far as it was made
    found = _files(folder)
    for path in sorted({*expected, *(path for path in found if path in expected or path not in passed)}):
        shown = f"{_shown(folder)}/{path}"
        if path not in found:
            yield f"{shown} is missing."
        elif (folder / path).is_symlink():
            yield f"{shown} is a link; a run holds files only."
        elif path not in expected:
            yield f"{shown} does not belong to the run."
        elif not (folder / path).is_file() or sha256(folder / path) != expected[path]:
            yield f"{shown} was changed after the run was recorded."


def _files(folder: Path) -> list[str]:
    """Everything below a folder but real folders and the manifest, sorted, with forward slashes."""
    below = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(name for name in (path.relative_to(folder).as_posix() for path in below) if name != NAME)


def _shown(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _remedy(folder: Path) -> str:
    return f"Restore it from a copy, or delete {_shown(folder)} and train again."
