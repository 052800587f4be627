"""Three texts become one, as git merges: what a person changed and what the generator changed."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

MINE, BASE, THEIRS = "your edit", "last generated", "newly generated"
_MARKER = re.compile(r"^(?:<{7}|\|{7}|>{7})(?: .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Merged:
    """A merged text; where both sides changed the same lines it holds git's conflict markers."""

    text: str
    conflicts: int


def merge(mine: str, base: str | None, theirs: str) -> Merged | None:
    """Merge canonical texts with `git merge-file`; without a base every difference is a conflict.

    Returns None where there is no git. Raises OSError when git fails otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="overture-") as folder:
        sides = {"mine": mine, "base": base or "", "theirs": theirs}
        for side, text in sides.items():
            Path(folder, side).write_bytes(text.encode())
        labels = [word for label in (MINE, BASE, THEIRS) for word in ("-L", label)]
        style = [] if base is None else ["--diff3"]
        try:
            done = subprocess.run(
                ["git", "merge-file", "-p", *style, *labels, *sides],  # noqa: S607 - git is where PATH says
                capture_output=True,
                cwd=folder,
                env=_environment(),
                check=False,
            )
        except FileNotFoundError:
            return None
    if not 0 <= done.returncode < 128:
        raise OSError(f"git merge-file failed: {done.stderr.decode(errors='replace').strip()}")
    return Merged(done.stdout.decode(), done.returncode)


def markers(text: str, *known: str | None) -> tuple[int, ...]:
    """The lines, counted from 1, that begin a conflict; none where no marker is left.

    A line that one of the `known` texts has as well is no marker. Where only other markers are left, theirs are the lines given.
    """
    own = {found for one in known if one for found in _MARKER.findall(one)}
    found = [(text.count("\n", 0, m.start()) + 1, m[0]) for m in _MARKER.finditer(text) if m[0] not in own]
    begin = tuple(line for line, word in found if word.startswith("<"))
    return begin or tuple(line for line, _ in found)


def _environment() -> dict[str, str]:
    """The environment without anything that would change how git merges."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
