"""Which commit a project is at."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any


def state(root: Path) -> dict[str, Any] | None:
    """The commit of the project's repository and whether its files differ from it; None without git or a commit."""
    if "GIT_DIR" not in os.environ and not any(
        (folder / ".git").exists() for folder in (root, *root.resolve().parents)
    ):
        return None
    told = _asked(root, "status", "--porcelain=v2", "--branch", "--", ".").splitlines()
    if (
        not told
    ):  # no repository after all; or one whose files nobody can look through, so nobody knows that they are clean
        commit = _asked(root, "rev-parse", "--verify", "HEAD")
        return {"commit": commit, "dirty": True} if commit else None
    commit = next((line.split()[-1] for line in told if line.startswith("# branch.oid ")), "(initial)")
    if commit == "(initial)":
        return None
    return {"commit": commit, "dirty": any(not line.startswith("# ") for line in told)}


def changes(root: Path) -> str:
    """What differs in the files of the project that git knows from the commit it is at, as a patch for `git apply`."""
    patch = _asked(root, "diff", "HEAD", "--binary", "--relative", "--", ".", ":(exclude)runs", ":(exclude).overture")
    return f"{patch}\n" if patch else ""


def person(root: Path) -> str:
    """The name that git writes into commits, or nothing."""
    return _asked(root, "config", "user.name")


def _asked(root: Path, *words: str) -> str:
    # without optional locks, asking never stands in the way of a git command somebody else runs
    given = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        asked = subprocess.run(["git", *words], cwd=root, env=given, capture_output=True, text=True, timeout=10)  # noqa: S607
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return asked.stdout.rstrip() if asked.returncode == 0 else ""
