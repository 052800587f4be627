"""What was generated last: .overture/manifest.json, and the texts themselves in .overture/base/, each named by its content.

Both are committed with the project and meet in git merges. So the manifest has one entry a line, which git may unite, and a reader that
takes whatever lines it finds; the bases of two branches have other names, and no line in common, or git would take one for the other
renamed and merge them. Two bases of one file, one from each branch, are both used.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from overture.runtime.errors import Mistake, Problem

from .file import canonical

FOLDER = ".overture"
NAME = f"{FOLDER}/manifest.json"
BASES = f"{FOLDER}/base"
_ONCE = "once"
_ENTRY = re.compile(r'^[ \t]*("(?:[^"\\]|\\.)*"): "(once|sha256:[0-9a-f]{64})",?[ \t\r]*$', re.MULTILINE)
_VERSION = re.compile(r'^[ \t]*"version": (\d+),?[ \t\r]*$', re.MULTILINE)
_OVERTURE = re.compile(r'^[ \t]*"overture": "([^"\\]*)",?[ \t\r]*$', re.MULTILINE)
_BLOB = re.compile(r"(?P<path>.+)\.(?P<sha>[0-9a-f]{12})\Z")
_FORMAT = 1
_SHOWN = 12  # hex digits of a hash in the name of a base


@dataclass(frozen=True)
class Manifest:
    """What was generated last, by path."""

    bases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The last generated text of each managed file; several after git merged branches that both regenerated."""
    once: frozenset[str] = frozenset()
    """Files that were created once, and are the person's own."""
    overture: str = ""
    """The version of overture that generated them; empty when it is not known."""

    @property
    def paths(self) -> frozenset[str]:
        """Every path that was generated."""
        return frozenset(self.bases) | self.once

    @property
    def blobs(self) -> dict[str, str]:
        """The content of each base, by its path in the project."""
        return dict(blob(path, text) for path, texts in self.bases.items() for text in texts)

    def write(self, ruff: str) -> str:
        """The text of manifest.json."""
        entries = [(path, f"sha256:{digest(text)}") for path, texts in self.bases.items() for text in texts]
        entries += [(path, _ONCE) for path in self.once]
        listed = ",\n".join(f"    {json.dumps(path)}: {json.dumps(value)}" for path, value in sorted(entries))
        by = f'"version": {_FORMAT},\n  "overture": {json.dumps(self.overture)},\n  "ruff": {json.dumps(ruff)}'
        return f'{{\n  {by},\n  "files": {{\n{listed}\n  }}\n}}\n'


def read(root: Path) -> Manifest:
    """What was generated last in a project; nothing, when nothing ever was.

    Where the manifest is missing or is none, the bases tell, for the files that are there.
    Raises Mistake for a manifest of a newer overture, and for bases that were edited.
    """
    text = _text(root)
    versions = _VERSION.findall(text)
    if any(int(number) > _FORMAT for number in versions):
        raise Mistake(f"{NAME} was written by a newer overture.", hint="Upgrade: pip install --upgrade overture")
    blobs = _blobs(root)
    if not versions:
        return Manifest(_texts(root, {path: shas for path, shas in blobs.items() if (root / path).exists()}))
    entries = [(str(json.loads(path)), value) for path, value in _ENTRY.findall(text)]
    bases: dict[str, list[str]] = {path: [] for path, value in entries if value != _ONCE}
    for path, value in entries:
        bases.get(path, []).extend(sha for sha in blobs.get(path, ()) if value.startswith(f"sha256:{sha}"))
    used = {path: list(dict.fromkeys(shas)) or blobs.get(path, []) for path, shas in bases.items()}
    by = _OVERTURE.search(text)
    return Manifest(_texts(root, used), frozenset(path for path, _ in entries) - bases.keys(), by[1] if by else "")


def is_new(root: Path) -> bool:
    """Was nothing ever generated here? Then a manifest must be there before the first base: bases without one tell of a lost manifest."""
    return not _text(root) and not _blobs(root)


def blob(path: str, text: str) -> tuple[str, str]:
    """The path and the content of the base that keeps a generated text."""
    sha = digest(text)[:_SHOWN]
    lines = text.removesuffix("\n").split("\n") if text else []
    return f"{BASES}/{path}.{sha}", "".join(f"{sha}|{line}\n" for line in lines)


def read_base(root: Path, path: str, sha: str) -> str | None:
    """The text of a base by the beginning of its hash; None when it is missing or was edited."""
    sha = sha[:_SHOWN]
    try:
        written = canonical((root / f"{BASES}/{path}.{sha}").read_bytes().decode(errors="replace"))
    except FileNotFoundError:
        return None
    lines = written.removesuffix("\n").split("\n") if written else []
    text = "".join(f"{line.removeprefix(f'{sha}|')}\n" for line in lines)
    return text if digest(text).startswith(sha) else None


def digest(text: str) -> str:
    """The SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _text(root: Path) -> str:
    try:
        return (root / NAME).read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _blobs(root: Path) -> dict[str, list[str]]:
    """The beginnings of the hashes of the bases, by path."""
    found: dict[str, list[str]] = {}
    folder = root / BASES
    for file in sorted(folder.rglob("*")):
        if (match := _BLOB.match(file.relative_to(folder).as_posix())) and file.is_file():
            found.setdefault(match["path"], []).append(match["sha"])
    return found


def _texts(root: Path, bases: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """The texts of bases that are there, each compared with its name."""
    texts = {path: [(sha, read_base(root, path, sha)) for sha in shas] for path, shas in bases.items()}
    edited = [(path, sha) for path, found in texts.items() for sha, text in found if text is None]
    if edited:
        raise Mistake(
            Problem(
                f"{BASES}/{path}.{sha} was edited; it is the text that overture compares {path} with.", hint=_EDITED
            )
            for path, sha in edited
        )
    return {path: tuple(text for _, text in found if text is not None) for path, found in texts.items()}


_EDITED = "Bring it back from git, or delete it: then every difference will be shown as a conflict."
