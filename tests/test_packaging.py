"""The wheel holds everything, and in an empty environment, far from the checkout, it does the whole job."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("conf", "generator", "runtime", "templates")
ELSEWHERE = {"overture.runtime.hydra_plugin": "hydra_plugins.overture"}
"""Packages that are installed under another name than that of their folder."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tree, so that nothing is left in the checkout."""
    copy, out = tmp_path_factory.mktemp("tree") / "overture", tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    words = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        str(out),
    ]
    subprocess.run([*words, str(copy)], check=True, capture_output=True, env={**os.environ, "PIP_NO_CACHE_DIR": "1"})
    return next(out.glob("overture-*.whl"))


def test_every_package_of_the_tree_is_listed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])

    found = {
        ".".join(("overture", *path.parent.relative_to(ROOT).parts))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    }

    assert listed == {ELSEWHERE.get(name, name) for name in found}


def test_the_wheel_holds_every_file_of_the_tree(wheel: Path) -> None:
    inside = {name.removeprefix("overture/") for name in zipfile.ZipFile(wheel).namelist()}
    for name, other in ELSEWHERE.items():
        folder, moved = (it.removeprefix("overture.").replace(".", "/") for it in (name, other))
        inside |= {name.replace(f"{moved}/", f"{folder}/", 1) for name in inside if name.startswith(f"{moved}/")}

    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert wanted - inside == set()


def test_the_lock_file_names_no_index_and_hashes_everything() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()

    assert not [line for line in lines if "://" in line or "index" in line]
    pinned = [position for position, line in enumerate(lines) if "==" in line]
    assert len(pinned) > 50
    assert all("--hash=sha256:" in lines[position + 1] for position in pinned)


def test_the_wheel_does_the_whole_job_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    bin_folder = empty_environment(tmp_path / "environment", wheel)
    work = tmp_path / "somewhere else"
    work.mkdir()
    shutil.copy(ROOT / "tests" / "data" / "telco.csv", work / "telco.csv")

    run(work, bin_folder / "overture", "new", "churn", "--data", "telco.csv", "--target", "Churn")
    project = work / "churn"
    run(project, bin_folder / "overture", "check")
    run(project, bin_folder / "overture", "generate", "--check")
    run(project, bin_folder / "python", "train.py", "model.params.iterations=30")
    run(project, bin_folder / "overture", "promote", "best")
    runs = json.loads(run(project, bin_folder / "overture", "runs", "--json"))
    answer = json.loads(run(project, bin_folder / "python", "-c", REQUEST))

    assert runs[0]["production"] is True
    assert answer["predictions"][0]["prediction"] in ("No", "Yes")
    assert run(project, bin_folder / "python", "-c", "import overture.runtime as r; print(r.__path__[0])").startswith(
        str(tmp_path)
    )


REQUEST = """
from starlette.testclient import TestClient
from service import Churn
with TestClient(Churn.to_asgi()) as client:
    print(client.post("/predict", content=open("tests/request.json").read(), headers={"content-type": "application/json"}).text)
"""


def empty_environment(folder: Path, wheel: Path) -> Path:
    """An environment with the wheel and what it declares to need, and nothing else; links in place of downloads.

    The test client of starlette needs httpx, which overture itself does not, so that is linked too.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
    declared = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("Requires-Dist:")]
    for name in needed([*declared, "httpx"]):
        link(name, site)
    script = folder / "bin" / "overture"
    script.write_text(f"#!{folder / 'bin' / 'python'}\nfrom overture.generator.cli import main\nmain()\n")
    script.chmod(0o755)
    return folder / "bin"


def needed(requirements: list[str]) -> set[str]:
    """The names of all distributions that these requirements lead to."""
    found: set[str] = set()
    pending = [Requirement(text) for text in requirements]
    while pending:
        requirement = pending.pop()
        wanted = not requirement.marker or any(
            requirement.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)
        )
        name = requirement.name.lower()
        if wanted and name not in found:
            found.add(name)
            for text in distribution(name).requires or []:
                inner = Requirement(text)
                extras = ("", *requirement.extras)
                if not inner.marker or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                    pending.append(Requirement(str(inner).split(";")[0]))
    return found


def link(name: str, site: Path) -> None:
    """Make the files of an installed distribution appear in another environment; of its commands, the programs."""
    home, found = Path(sysconfig.get_paths()["purelib"]), distribution(name)
    old = (found.read_text("top_level.txt") or "").split() if found.read_text("RECORD") is None else []
    for file in [*(found.files or []), *old]:  # what setup.py installed is told by its packages alone
        top = Path(file).parts[0]
        program = (home / file).resolve()
        if top == ".." and program.parent.name == "bin" and not program.read_bytes().startswith(b"#!"):
            (site.parents[2] / "bin" / program.name).symlink_to(program)
        if top != ".." and not (site / top).exists() and (home / top).exists():
            (site / top).symlink_to(home / top)


def run(folder: Path, *words: object) -> str:
    """Run a command that must end well, with nothing of the checkout on its path."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "BENTOML_DO_NOT_TRACK": "1", "LANG": "C.UTF-8"}
    done = subprocess.run(list(map(str, words)), cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
