"""overture's own wheel, whether it was installed from one or from a checkout."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from ..errors import Mistake

_TREE = ("conf", "generator", "runtime", "templates")
_FILES = ("pyproject.toml", "README.md", "LICENSE")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # no time of the clock is in a wheel
_OF_THE_INSTALLER = {"INSTALLER", "REQUESTED", "direct_url.json", "RECORD"}


def checkout() -> Path | None:
    """The folder that overture was installed from in editable form; None when it came as a wheel."""
    text = distribution("overture").read_text("direct_url.json")
    if text is None:
        return None
    found = json.loads(text)
    if not found.get("dir_info", {}).get("editable"):
        return None
    return Path(found["url"].removeprefix("file://"))


def wheel(folder: Path) -> Path:
    """Put overture's wheel into a folder and give its path.

    Raises Mistake when a checkout cannot be built.
    """
    tree = checkout()
    return _packed(distribution("overture"), folder) if tree is None else _built(tree, folder)


def content(path: Path) -> str:
    """The SHA-256 of what is in a wheel, whenever and however it was packed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}
    found = hashlib.sha256()
    for name in sorted(files):
        found.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return found.hexdigest()


def _packed(installed: Distribution, folder: Path) -> Path:
    """A wheel of the files that were installed."""
    name = f"overture-{installed.version}-py3-none-any.whl"
    lines = []
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        information = ""
        for file in sorted(installed.files or [], key=str):
            inside = file.as_posix()
            if inside.startswith("..") or inside.endswith(".pyc") or file.name in _OF_THE_INSTALLER:
                continue
            data = Path(str(file.locate())).read_bytes()
            archive.writestr(zipfile.ZipInfo(inside, _EPOCH), data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f'"{inside}",sha256={digest},{len(data)}')
            if file.name == "METADATA":
                information = file.parent.as_posix()
        record = f"{information}/RECORD"
        archive.writestr(zipfile.ZipInfo(record, _EPOCH), "\n".join([*lines, f"{record},,", ""]))
    return folder / name


def _built(tree: Path, folder: Path) -> Path:
    """A wheel built from a copy of the checkout, so that nothing is left in it."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "overture"
        for name in _TREE:
            shutil.copytree(tree / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in _FILES:
            shutil.copy(tree / name, copy / name)
        words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        done = subprocess.run(
            [*words, "--wheel-dir", str(folder), str(copy)],
            capture_output=True,
            text=True,
            env={**os.environ, "PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [""])[-1]
        hint = "It needs pip, setuptools 77 or newer, and wheel: pip install pip setuptools wheel"
        raise Mistake(f"overture's wheel cannot be built from {tree}: {said}", hint=hint)
    return next(folder.glob("overture-*.whl"))
