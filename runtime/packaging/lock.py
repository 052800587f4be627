"""Every package that a project needs, as it is installed here: exact versions with hashes, and no address of an index."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..errors import Mistake, Problem

NAME = "requirements.lock"
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


def pins(wanted: Iterable[str]) -> dict[str, str]:
    """The version of each package that these requirements bring, by its name; overture itself left out.

    Raises Mistake for what is no requirement, and for what is not installed.
    """
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    left, problems = [_requirement(text) for text in wanted], []
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            problems.append(Problem(f"{requirement} is needed, and not installed here.", hint="Install it first."))
            continue
        if name != "overture":
            found[name] = installed.version
        for text in installed.requires or []:
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": it}) for it in ("", *requirement.extras)):
                left.append(needed)
    if problems:
        raise Mistake(problems)
    return dict(sorted(found.items()))


def locked(versions: dict[str, str], locks: Sequence[Path]) -> str:
    """The pins as lines of a requirements file, each with its hashes.

    locks: lock files that may know the hashes; what none of them knows is asked of the package index by uv.
    Raises Mistake when hashes cannot be found.
    """
    known = {pin: hashes for path in locks if path.is_file() for pin, hashes in _read(path.read_text("utf-8")).items()}
    lacking = {name: version for name, version in versions.items() if (name, version) not in known}
    if lacking:
        known.update(_read(_asked(lacking)))
    unknown = [
        Problem(f"no hash of {name} {version} is known.")
        for name, version in versions.items()
        if (name, version) not in known
    ]
    if unknown:
        raise Mistake(unknown)
    return "".join(
        f"{name}=={version}" + "".join(f" \\\n    --hash={it}" for it in known[name, version]) + "\n"
        for name, version in versions.items()
    )


def _requirement(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise Mistake(f'pyproject.toml: "{text}" is no requirement: {str(error).splitlines()[0]}') from None


def _read(text: str) -> dict[tuple[str, str], list[str]]:
    """The hashes of each pin of a lock file."""
    starts = list(_PINNED.finditer(text))
    ends = [*(start.start() for start in starts[1:]), len(text)]
    found = {}
    for start, end in zip(starts, ends, strict=True):
        hashes = sorted(set(re.findall(r"--hash=(sha256:[0-9a-f]{64})", text[start.end() : end])))
        if hashes:
            found[str(canonicalize_name(start["name"])), start["version"]] = hashes
    return found


def _asked(versions: dict[str, str]) -> str:
    """A lock file of these versions, by uv."""
    uv = shutil.which("uv")
    hint = f"Install uv, or put a {NAME} with hashes into the project."
    if uv is None:
        raise Mistake(f"the hashes of {len(versions):,} packages are not known here.", hint=hint)
    words = ["pip", "compile", "-", "--quiet", "--no-deps", "--generate-hashes", "--no-header", "--no-annotate"]
    done = subprocess.run(
        [uv, *words, "--no-emit-index-url", "--no-emit-find-links"],
        input="".join(f"{name}=={version}\n" for name, version in versions.items()),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["uv failed"])[0]
        raise Mistake(f"the package index does not tell the hashes: {said}", hint=hint)
    return done.stdout
