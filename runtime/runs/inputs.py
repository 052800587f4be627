"""What went into a training, as fingerprints; equal inputs have an equal run id."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import kinds, own
from ..cores import cores
from ..errors import Mistake, Problem
from ..explanations.settings import Explanations
from ..files import sha256

if TYPE_CHECKING:
    from ..data.dataset import Dataset
    from ..spec import Spec

SHAPING = {"name", "task", "target", "positive", "seed", "data", "split", "model"}
"""The keys of a Spec that decide what a run holds. Not among them: serving and descriptions; threads are part of the
environment, where their number is known."""
UNSET = ("folds", "series")
"""Keys of a split that shape nothing while they are null."""
CODE = ("train.py", "hooks.py")
PACKAGES = ("overture", "catboost", "numpy", "polars", "scikit-learn", "scipy", "skops")


@dataclass(frozen=True)
class Inputs:
    """The fingerprints of data, configuration, code and environment, each a SHA-256 in hex or a version."""

    data: dict[str, str]
    """By the path as it is written in conf/: the SHA-256 of the file. By "source.what": the state of what is no file."""
    config: str
    code: dict[str, str]
    environment: dict[str, str]

    @classmethod
    def of(cls, root: Path, spec: Spec, files: Sequence[Path]) -> Inputs:
        """The inputs of a training of a project, whose rows come from `files`.

        Raises Mistake when files cannot be read or sources be opened, all of them at once.
        """
        found = environment(spec.model.threads or spec.threads, spec.model.packages())
        return cls(_data(root, spec, files), fingerprint(spec), _code(root), found)

    @property
    def run_id(self) -> str:
        """The first 12 hex digits of the hash of all inputs."""
        return _digest(asdict(self))[:12]


def fingerprint(spec: Spec) -> str:
    """The SHA-256 of what in a configuration shapes a run, written as canonical JSON.

    Gates ask something of a run that is there, so their bounds are left out and only the metrics they need count.
    Columns, and what is derived, are lists here, because a model sees them in their order.
    """
    shaping = spec.model_dump(mode="json", include=SHAPING)
    data = shaping["data"]
    data["columns"] = [[name, _without(column, "description")] for name, column in data["columns"].items()]
    data["derive"] = list(data["derive"].items())
    unused = [key for key in ("base", "joins", "derive") if not data[key]]
    shaping["data"] = _without(data, "description", "owner", "content", *unused)
    shaping["split"] = _without(shaping["split"], *(key for key in UNSET if shaping["split"].get(key) is None))
    shaping["model"] = _without(shaping["model"], "threads")
    shaping["metrics"] = spec.evaluation.chosen(spec.task)
    shaping["replicates"] = spec.evaluation.replicates
    if spec.evaluation.slices:
        shaping["slices"] = spec.evaluation.slices
    if spec.explanations != Explanations():
        shaping["explanations"] = spec.explanations and spec.explanations.model_dump(exclude_none=True)
    return _digest(shaping)


def environment(threads: int | None = None, more: Sequence[str] = ()) -> dict[str, str]:
    """The versions of Python and of the packages that shape a model, and the number of threads.

    more: packages that this model uses besides. threads: null means one for each core that this process may use. Numbers are added up by
    thread, so another number can make another model.
    """
    found = {"python": platform.python_version(), "threads": str(threads or cores())}
    for package in [*PACKAGES, *more, *kinds.packages()]:
        try:
            found[package] = _version(package)
        except PackageNotFoundError:
            continue
    return found


@cache
def _version(package: str) -> str:
    """What is installed cannot change beneath a process that uses it; to look it up anew for each job of a sweep takes its time."""
    return version(package)


def by_source(data: Dataset, root: Path, known: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Each source of a data set with its kind, and which of the known inputs are its files, and what else tells its state."""
    found: dict[str, dict[str, Any]] = {}
    for name in data.used:
        source = data.sources[name]
        files = [name_of(file, root) for file in source.files(root)]
        found[name] = {
            "kind": source.kind,
            "files": [key for key in known if key in files],
            "versions": [key for key in known if key.startswith(f"{name}.") and key not in files],
        }
    return found


def name_of(file: Path, root: Path) -> str:
    """A file as an input is called: from the project folder on, or its whole path outside of it."""
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()


def _data(root: Path, spec: Spec, files: Sequence[Path]) -> dict[str, str]:
    hashes, problems = {}, []
    for file in files:
        written = name_of(file, root)
        try:
            hashes[written] = sha256(file)
        except OSError as error:
            where = ("data", "sources", next(iter(spec.data.sources)), "path")
            problems.append(Problem(f"{written} cannot be read: {error.strerror}.", where))
    if problems:
        raise Mistake(problems)
    return hashes | spec.data.snapshots(root)


def _code(root: Path) -> dict[str, str]:
    files = [*(file for name in CODE if (file := root / name).is_file()), *own.files(root)]
    return {file.relative_to(root).as_posix(): sha256(file) for file in files}


def _without(section: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key not in keys}


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
