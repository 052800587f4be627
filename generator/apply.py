"""Generated files reach the project here and nowhere else, so that a kill at any moment loses nothing.

Everything new is first written into .overture/stage-*, then what is replaced is kept in .overture/backup/, then files are renamed into
place, and the manifest comes last. Until it is there, the journal tells the next run what this one has written already.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from overture.runtime import files
from overture.runtime.errors import Mistake, did_you_mean

from . import journal
from .file import File, Found
from .format import ruff_version
from .manifest import BASES, FOLDER, NAME, Manifest, is_new, read
from .paths import check_paths
from .plan import Change, Step, plan

LOCK = f"{FOLDER}/generate.lock"
_BACKUP, _INCOMING, _STAGE = f"{FOLDER}/backup", f"{FOLDER}/incoming", "stage-"
_PATIENCE = 60  # seconds to wait for another run in the same project
_OWN = {
    f"{FOLDER}/.gitignore": f"/backup/\n/incoming/\n/{_STAGE}*/\n/journal.json\n/generate.lock\n/lock\n",
    f"{FOLDER}/.gitattributes": "base/** -text -diff linguist-generated\nmanifest.json -text merge=union linguist-generated\n",
}


@dataclass(frozen=True)
class Restored:
    """A file that is as generated again, and where its edited text is now."""

    step: Step
    saved: str | None
    """The path of the edited text; None when nothing was edited."""


def survey(root: Path, wanted: Mapping[str, File]) -> list[Step]:
    """What generate would do now; nothing is written.

    Raises Mistake for paths outside the project, edited bases, and a manifest of a newer overture.
    """
    root = root.resolve()
    return _survey(root, wanted, _last(root))


def generate(root: Path, wanted: Mapping[str, File], *, overture_version: str) -> list[Step]:
    """Bring the files of a project to what is wanted, and return what was done.

    Raises Mistake as `survey` does, and when a file is changed by someone else at the same moment; then running it again is enough.
    """
    root = root.resolve()
    with _alone(root):
        steps = _survey(root, wanted, _last(root))
        once = frozenset(step.path for step in steps if step.once)
        bases = {step.path: step.bases for step in steps if step.bases}
        _carry_out(root, steps, Manifest(bases, once, overture_version))
    return steps


def restore(root: Path, wanted: Mapping[str, File], path: str) -> Restored:
    """Bring one file back to what is wanted; a text that a person edited is saved beside it.

    Raises Mistake when the file is not among those that are generated.
    """
    if path not in wanted:
        raise Mistake(f"{path} is not generated.", hint=did_you_mean(path, wanted))
    root, file = root.resolve(), wanted[path]
    check_paths(root, [path])
    with _alone(root):
        last, found = _last(root), Found.read(root / path)
        data = found.encode(file.canonical) if found else file.canonical.encode()
        change = Change.CREATE if found is None else Change.SAME if data == found.data else Change.UPDATE
        edited = found is not None and found.text not in (file.canonical, *last.bases.get(path, ()))
        saved = _free(root, f"{path}.orig") if edited else None
        bases = {known: texts for known, texts in last.bases.items() if known != path}
        step = Step(
            path,
            change,
            found,
            data,
            () if file.once else (file.canonical,),
            file.once,
            file.executable,
            file.canonical,
        )
        manifest = replace(
            last,
            bases=bases if file.once else {**bases, path: step.bases},
            once=last.once | {path} if file.once else last.once - {path},
        )
        _carry_out(root, [step], manifest, {saved: found.data} if saved and found else {})
        (root / _INCOMING / path).unlink(missing_ok=True)
    return Restored(step, saved)


def _last(root: Path) -> Manifest:
    return journal.settle(root, read(root))


def _survey(root: Path, wanted: Mapping[str, File], last: Manifest) -> list[Step]:
    paths = {*wanted, *last.paths}
    check_paths(root, paths)
    disk = {path: Found.read(root / path, waiting=(root / _INCOMING / path).exists()) for path in paths}
    return plan(wanted, last, disk)


def _carry_out(root: Path, steps: list[Step], manifest: Manifest, beside: Mapping[str, bytes] | None = None) -> None:
    """Write what the steps say; `beside` is further files, written before any other is touched."""
    text = manifest.write(ruff_version())
    fresh = {path: own.encode() for path, own in _OWN.items() if not (root / path).exists()}
    if is_new(root):
        fresh[NAME] = Manifest().write(ruff_version()).encode()
    fresh |= {path: blob.encode() for path, blob in manifest.blobs.items() if not (root / path).exists()}
    fresh |= {f"{_INCOMING}/{step.path}": (step.theirs or "").encode() for step in steps if step.incoming}
    fresh |= beside or {}
    changed = [step for step in steps if step.writes]
    if fresh or changed or not _holds(root / NAME, text):
        stage = _Stage(Path(tempfile.mkdtemp(prefix=_STAGE, dir=root / FOLDER)))
        _prepare(root, stage, fresh, changed)
        texts = {step.path: stage.file(step.data, step.executable) for step in changed if step.data is not None}
        _place(stage.file(journal.write(steps).encode()), root / journal.NAME)
        files.sync_folder(root / FOLDER)
        for step in changed:
            _change(root, step, texts.get(step.path))
        _sync(root, [step.path for step in changed])
        _place(stage.file(text.encode()), root / NAME)
        files.sync_folder(root / FOLDER)
    _sweep(root, manifest)


def _prepare(root: Path, stage: _Stage, fresh: Mapping[str, bytes], changed: list[Step]) -> None:
    """Place what replaces nothing of the project's own: bases, and backups of what will be replaced."""
    staged = {path: stage.file(data) for path, data in fresh.items()}
    staged |= {f"{_BACKUP}/{step.path}": stage.file(step.found.data) for step in changed if step.found}
    for path, file in staged.items():
        _place(file, root / path)
    _sync(root, [*staged])


class _Stage:
    """A folder of files that are complete before they get their places."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def file(self, data: bytes, executable: bool = False) -> Path:
        """A new file that has reached the disk."""
        self.count += 1
        path = self.folder / str(self.count)
        handle = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o777 if executable else 0o666
        )
        try:
            while data:
                data = data[os.write(handle, data) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        return path


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Run while no other generate runs in the same project; what the system refuses is a Mistake."""
    from filelock import FileLock, Timeout

    try:
        (root / FOLDER).mkdir(exist_ok=True)
        with FileLock(root / LOCK, timeout=_PATIENCE):
            yield
    except Timeout:
        raise Mistake(
            "another overture generate is at work in this project.", hint="Wait for it to end, then run it again."
        ) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Mistake(
            f"{where}{error.strerror or error}.", hint="Nothing was lost. Mend it, then run it again."
        ) from error


def _change(root: Path, step: Step, staged: Path | None) -> None:
    """Replace, create or delete one file, if it is still what the step was decided on."""
    found = Found.read(root / step.path)
    if (found.data if found else None) != (step.found.data if step.found else None):
        raise Mistake(f"{step.path} was changed while overture generate ran.", hint="Run it again.")
    if staged is None:
        (root / step.path).unlink()
    else:
        _place(staged, root / step.path)


def _place(file: Path, target: Path) -> None:
    """Give a staged file its place, with the permissions of the file it replaces; a link keeps leading to it."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        os.chmod(file, target.stat().st_mode & 0o7777)
    os.replace(file, target)


def _sweep(root: Path, manifest: Manifest) -> None:
    """Remove what is no longer needed now that the manifest is there: the journal, stages, and bases that it does not name."""
    (root / journal.NAME).unlink(missing_ok=True)
    for stage in (root / FOLDER).glob(f"{_STAGE}*"):
        shutil.rmtree(stage)
    for file in sorted((root / BASES).rglob("*")):
        if file.is_file() and file.relative_to(root).as_posix() not in manifest.blobs:
            file.unlink()


def _sync(root: Path, paths: list[str]) -> None:
    for folder in sorted({(root / path).parent for path in paths}):
        files.sync_folder(folder)


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_bytes() == text.encode()


def _free(root: Path, path: str) -> str:
    """The path, or the path with the first number that is free."""
    number = 1
    while (root / (free := path if number == 1 else f"{path}.{number}")).exists():
        number += 1
    return free
