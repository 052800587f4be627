"""Generated Python in the one form that ruff gives it, whatever a project's own settings say."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from overture.runtime.errors import Mistake

from .literals import WIDTH

_OPTIONS = ["--isolated", "--no-cache", "--target-version", "py311", "--line-length", str(WIDTH)]


def format_python(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts by path, those of .py files formatted; one process formats them all.

    Raises Mistake when ruff is missing, ValueError when a text is no Python.
    """
    python = [path for path in texts if path.endswith(".py")]
    if not python:
        return dict(texts)
    with tempfile.TemporaryDirectory(prefix="overture-") as made:
        files = {path: Path(made, f"{number}.py") for number, path in enumerate(python)}
        for path, file in files.items():
            file.write_bytes(texts[path].encode())
        done = ruff("format", made)
        if done.returncode:
            said = done.stderr.decode(errors="replace")
            for path, file in files.items():
                said = said.replace(str(file), path)
            raise ValueError(f"what was generated is no Python: {said.strip()}")
        return {path: files[path].read_bytes().decode() if path in files else text for path, text in texts.items()}


def ruff(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a ruff command that reads no settings and keeps no cache.

    Raises Mistake when ruff is missing.
    """
    from ruff.__main__ import find_ruff_bin  # type: ignore[import-untyped]

    try:
        command, *rest = words
        return subprocess.run([find_ruff_bin(), command, *_OPTIONS, *rest], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Mistake(
            "the program ruff is missing, which formats generated code.", hint="Install it: pip install ruff"
        ) from error


@cache
def ruff_version() -> str:
    """The version of the ruff that formats."""
    from importlib.metadata import version

    return version("ruff")
