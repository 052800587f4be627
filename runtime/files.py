"""Writing so that a kill at any moment leaves either the old file or the new one, and hashing what was written."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY = ".overture-tmp-"  # a name that listings pass over and that the next run may sweep away
STALE = 24 * 60 * 60
"""Seconds after which a temporary folder belongs to something that was killed."""


def write(path: Path, content: str | bytes) -> None:
    """Replace a file as one step: temporary name, fsync, rename."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill under a temporary name beside `path`; renamed to `path` when the block ends well.

    Raises FileExistsError when `path` came to exist meanwhile; then, and when the block fails, nothing is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=path.parent))
    try:
        os.chmod(temporary, 0o777 & ~_umask())
        yield temporary
        sync_tree(temporary)
        try:
            os.rename(temporary, path)
        except OSError as error:
            if path.exists():
                raise FileExistsError(f"{path} exists") from error
            raise
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Take away temporary folders that a kill left behind long ago."""
    for path in folder.glob(f"{TEMPORARY}*"):
        try:
            stale = path.is_dir() and time.time() - path.stat().st_mtime > STALE
        except OSError:  # somebody else swept it
            continue
        if stale:
            shutil.rmtree(path, ignore_errors=True)


def sync_tree(folder: Path) -> None:
    """Have every file below a folder, and the folder's own list of names, reach the disk."""
    for found in sorted(folder.rglob("*")):
        if found.is_file() and not found.is_symlink():
            with found.open("rb") as file:
                os.fsync(file.fileno())
        elif found.is_dir():
            sync_folder(found)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Have a folder's list of names reach the disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
