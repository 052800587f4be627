"""A Bento that serves the model in production where nothing of the project is: `bentoml serve TAG`."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import Mistake
from ..files import sha256
from ..runs.run import CARD, RUNS, Run
from ..serving.predictor import challenger, promoted
from . import lock
from .wheel import checkout, content, wheel

_ALWAYS = ("service.py", "hooks.py", ".overture/production.json")
_NEVER = (".overture/base", ".overture/backup", ".overture/stage", ".overture/incoming", "__pycache__", ".git/")
_SYSTEM = "apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*"
_UV = "pip install --no-cache-dir 'uv>=0.5,<1'"


@dataclass(frozen=True)
class Built:
    """A Bento in BentoML's store."""

    tag: str
    path: Path
    packages: int
    """How many are pinned."""
    new: bool
    """Was it built now? The same project gives the Bento that is there."""


def build(root: Path) -> Built:
    """Build the Bento of what is in production in a project, unless it is there already.

    Raises Mistake when nothing is in production, the service cannot start, or a package is not installed.
    """
    run, manifest_sha256 = promoted(root)
    run.verify(manifest_sha256)
    beside = challenger(root)
    if beside is not None:
        beside[0].verify(beside[1])
    with tempfile.TemporaryDirectory(prefix="overture-") as temporary:
        stage = Path(temporary) / "project"
        for each in [run, *([beside[0]] if beside else [])]:
            shutil.copytree(each.folder, stage / RUNS / each.id)
        for path in _chosen(root):
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / path, stage / path)
        (stage / "wheels").mkdir()
        packed = wheel(stage / "wheels")
        versions = lock.pins([*_dependencies(root), *_trained_with(run)])
        pinned = lock.locked(versions, _locks(root))
        text = f"--require-hashes\n./wheels/{packed.name} --hash=sha256:{sha256(packed)}\n{pinned}"
        (stage / lock.NAME).write_text(text, "utf-8")
        version = f"{run.id}-{_digest(stage, packed, pinned)[:8]}"
        return _stored(stage, run, version, text, len(versions))


def carrying(run: Run) -> list[str]:
    """The Bentos in BentoML's store on this machine that were built of a run, oldest version name first."""
    found = []
    for file in sorted((_home() / "bentos" / run.name).glob("*/bento.yaml")):
        try:
            labels = yaml.safe_load(file.read_text("utf-8"))["labels"]
        except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):  # half a Bento is none
            continue
        if isinstance(labels, dict) and labels.get("run") == run.id:
            found.append(f"{run.name}:{file.parent.name}")
    return found


def _home() -> Path:
    return Path(os.environ.get("BENTOML_HOME") or Path.home() / "bentoml")


def _stored(stage: Path, run: Run, version: str, requirements: str, packages: int) -> Built:
    """The Bento of a folder in BentoML's store, which is neither safe against kills nor against two writers."""
    import bentoml
    from bentoml.exceptions import NotFound
    from filelock import FileLock

    home = _home()
    home.mkdir(parents=True, exist_ok=True)
    tag = f"{run.name}:{version}"
    with FileLock(home / ".overture-build.lock"):
        try:
            found, new = bentoml.bentos.get(tag), False
        except NotFound:
            found, new = _made(stage, run, version, requirements), True
    return Built(str(found.tag), Path(str(found.path)), packages, new)


def _made(stage: Path, run: Run, version: str, requirements: str) -> Any:
    import bentoml

    with _standing_in(stage):
        name, service = _service()
        service.inner()  # a Bento that would not start is not built
        object.__setattr__(service, "image", _image(requirements))
        try:
            return bentoml.bentos.build(
                f"service:{name}",
                name=run.name,
                version=version,
                labels={"project": run.name, "run": run.id},
                description=(run.folder / CARD).read_text("utf-8"),
                include=["**"],
                build_ctx=str(stage),
            )
        except BaseException:
            _forget(f"{run.name}:{version}")
            raise


def _forget(tag: str) -> None:
    """Take away what a build that failed left in the store, where it would hide every other Bento."""
    import bentoml
    from bentoml.exceptions import BentoMLException

    with suppress(BentoMLException):
        bentoml.bentos.delete(tag)


def _image(requirements: str) -> Any:
    """How a container is made: the Python that trained, every package by its hash, and nothing else."""
    from bentoml.images import Image

    class Locked(Image):  # type: ignore[misc]
        """An image whose packages are pinned already."""

        def _freeze_python_requirements(self, bento_fs: Path, platform_: str | None = None) -> str:
            return requirements

    return Locked(
        base_image=f"python:{platform.python_version()}-slim",
        distro="",
        python_version=".".join(map(str, sys.version_info[:2])),
        commands=[_SYSTEM, _UV],
        lock_python_packages=False,
        build_include_paths=["wheels"],
    )


def _service() -> tuple[str, Any]:
    """The service of service.py, in the folder we stand in, and the name it has there.

    Raises Mistake when there is none.
    """
    from importlib import import_module

    from ..serving.bento import HttpService

    module = import_module("service")
    for name, found in vars(module).items():
        if isinstance(found, HttpService):
            return name, found
    raise Mistake("service.py holds no service.", hint="Run: overture generate --restore service.py")


@contextmanager
def _standing_in(stage: Path) -> Iterator[None]:
    """Import and build as a server does that starts in a folder; afterwards nothing of it is left in this process."""
    before, paths, modules = Path.cwd(), sys.path[:], dict(sys.modules)
    log = logging.getLogger("bentoml")
    level = log.level
    for name in ("service", "hooks"):
        sys.modules.pop(name, None)
    sys.path.insert(0, str(stage))
    os.chdir(stage)
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
        os.chdir(before)
        sys.path[:] = paths
        for name in ("service", "hooks"):
            sys.modules.pop(name, None)
            if name in modules:
                sys.modules[name] = modules[name]


def _chosen(root: Path) -> list[str]:
    """The files that go along: what a service always needs, and what pyproject.toml includes.

    Raises Mistake when one that is always needed is not there.
    """
    lacking = [name for name in _ALWAYS if not (root / name).is_file()]
    if lacking:
        hint = "Choose the target http in conf/config.yaml: override serving: [http, batch]"
        raise Mistake(f"{lacking[0]} is not here.", hint=hint)
    patterns = _project(root).get("tool", {}).get("bentoml", {}).get("build", {}).get("include", [])
    whole = (f"{pattern}/*" if pattern.endswith("**") else pattern for pattern in patterns)  # as BentoML reads them
    found = {file.relative_to(root).as_posix() for pattern in whole for file in root.glob(pattern)}
    kept = (path for path in found if (root / path).is_file() and not any(part in f"{path}/" for part in _NEVER))
    return sorted({*_ALWAYS, *(path for path in kept if not path.startswith(f"{RUNS}/"))})


def _dependencies(root: Path) -> list[str]:
    return ["overture", *_project(root).get("project", {}).get("dependencies", [])]


def _trained_with(run: Run) -> list[str]:
    """The packages that the run remembers, which shaped the model."""
    packages = run.facts.get("inputs", {}).get("environment", {})
    return sorted(name for name in packages if name not in ("python", "threads", "overture"))


def _locks(root: Path) -> list[Path]:
    tree = checkout()
    return [*([] if tree is None else [tree / lock.NAME]), root / lock.NAME]


def _project(root: Path) -> dict[str, Any]:
    path = root / "pyproject.toml"
    try:
        return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Mistake(f"pyproject.toml cannot be read: {error}.") from None


def _digest(stage: Path, packed: Path, pinned: str) -> str:
    """What the Bento is made of, whenever it is made."""
    found = hashlib.sha256(f"{platform.python_version()}\n{content(packed)}\n{pinned}".encode())
    for path in sorted(path for path in stage.rglob("*") if path.is_file()):
        if path not in (packed, stage / lock.NAME):
            found.update(f"{path.relative_to(stage).as_posix()}\0{sha256(path)}\n".encode())
    return found.hexdigest()
