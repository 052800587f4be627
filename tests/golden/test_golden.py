"""Five projects, from their conf/ to every file that is generated: the same bytes, clean, and at work.

After a wanted change of the templates: make golden, and read what git shows.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from mypy import api

from overture.generator.cli import run
from overture.generator.format import ruff
from overture.generator.project import regenerate, wanted
from overture.generator.skeleton import skeleton
from overture.runtime.config.load import load
from overture.runtime.data.rows import Data
from overture.runtime.data.rows import load as read

from ..in_process import forget_metrics, forget_modules, script

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a newer httpx
    from starlette.testclient import TestClient

GOLDEN = Path(__file__).resolve().parent
ROOT = GOLDEN.parents[1]
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/conf"))
NOT_SHOWN = (".overture/schemas/",)  # the same for every project, and held by tests of their own
TRAINING = {"binary": ["model.params.iterations=20"], "joins": ["model.params.max_iter=20"]}
RULES = "ALL"
EXCEPT = {
    "COM812": "the formatter places commas",
    "CPY001": "a project's own licence is its own matter",
    "D107": "an __init__ says what it takes in the docstring of its class",
    "ERA001": "hooks.py begins with examples in comments",
    "D203,D213": "one of each pair of rules that exclude each other",
    "D400,D401,D415": "a first line may show a command, or say what is given back",
    "D103,S101,PLR2004,PLC0415,INP001,ANN401": "how tests speak",
}
PROBE = """
import hashlib, sys
from pathlib import Path
from overture.generator.project import wanted
texts = {f"{case}/{path}": file.text for case in sys.argv[2:] for path, file in wanted(Path(sys.argv[1], case)).items()}
print(hashlib.sha256(repr(list(texts.items())).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each case as a project folder: its conf/ and data/, and everything that is generated from them."""
    made = {}
    for case in CASES:
        root = made[case] = tmp_path_factory.mktemp("golden") / case
        for folder in ("conf", "data"):
            shutil.copytree(GOLDEN / case / folder, root / folder)
        skeleton(root, load(root).spec.name)
        regenerate(root)
    return made


@pytest.fixture
def inside(trees: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Steps into the folder of a case, as a person does, and forgets the modules of the project afterwards."""

    def step(case: str) -> Path:
        monkeypatch.chdir(trees[case])
        monkeypatch.syspath_prepend(trees[case])
        forget_modules()  # of a project that another test left
        forget_metrics()
        return trees[case]

    yield step
    forget_modules()
    forget_metrics()


@pytest.mark.parametrize("case", CASES)
def test_what_is_generated_is_what_is_kept_here(
    case: str, trees: dict[str, Path], request: pytest.FixtureRequest
) -> None:
    expected = GOLDEN / case / "expected"
    made = generated(trees[case])
    if request.config.getoption("--update-golden", default=False):
        shutil.rmtree(expected, ignore_errors=True)
        for path, data in made.items():
            (expected / path).parent.mkdir(parents=True, exist_ok=True)
            (expected / path).write_bytes(data)

    kept = {file.relative_to(expected).as_posix(): file.read_bytes() for file in expected.rglob("*") if file.is_file()}
    assert list(made) == sorted(kept)
    for path, data in made.items():
        assert data.decode() == kept[path].decode(), f"{case}/{path} is another; if it should be: make golden"


def test_neither_seed_nor_folder_nor_zone_nor_language_changes_a_byte(tmp_path: Path) -> None:
    surroundings = [
        ({"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"}, GOLDEN),
        ({"PYTHONHASHSEED": "4242", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "COLUMNS": "40"}, tmp_path),
    ]
    said = {
        subprocess.run(
            [sys.executable, "-c", PROBE, str(GOLDEN), *CASES],
            cwd=folder,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
        ).stdout
        for environment, folder in surroundings
    }

    assert len(said) == 1
    assert len(said.pop().strip()) == 64


@pytest.mark.parametrize("case", CASES)
def test_ruff_has_nothing_to_say(case: str, trees: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trees[case])

    found = ruff("check", "--select", RULES, "--ignore", ",".join(EXCEPT), "--output-format", "concise", "--quiet", ".")
    formatted = ruff("format", "--check", ".")

    assert (found.stdout.decode(), formatted.returncode) == ("", 0)


def test_mypy_has_nothing_to_say(trees: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPYPATH", str(ROOT / "build" / "typed"))  # an editable install hides where the packages are
    words = ["--cache-dir", str(ROOT / ".mypy_cache" / "golden"), "--follow-imports", "silent"]  # as what is installed
    for case, root in trees.items():
        monkeypatch.chdir(root)
        names = [file.relative_to(root).as_posix() for file in root.rglob("*.py")]

        said, failed, code = api.run([*words, *names])

        assert (said.splitlines()[-1:], failed, code) == (
            [f"Success: no issues found in {len(names)} source files"],
            "",
            0,
        ), f"{case}: {said}"


@pytest.mark.parametrize("case", CASES)
def test_it_trains_promotes_serves_and_scores(
    case: str, inside: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = inside(case)

    assert script(monkeypatch, "train.py", *TRAINING.get(case, [])) == 0
    assert run(["promote", "best"]) == 0
    assert (
        pytest.main(["-q", "-p", "no:cacheprovider", "-W", "default", "--rootdir", str(root), str(root / "tests")]) == 0
    )
    ask_by_client(root)
    if (root / "score.py").exists():
        rows(root).write_parquet(root / "in.parquet")
        assert script(monkeypatch, "score.py", "in.parquet", "-o", "out.parquet") == 0
        assert pl.read_parquet(root / "out.parquet").height == rows(root).height
    assert run(["generate", "--check"]) == 0


def ask_by_client(root: Path) -> None:
    """Have client.py ask the service of a project, in this process."""
    client, service = (import_module(name) for name in ("client", "service"))
    forget_metrics()
    app: Any = next(found for found in vars(service).values() if hasattr(found, "to_asgi")).to_asgi()
    row_type = next(found for name, found in vars(client).items() if name.endswith("Row"))
    spelled = {column: attribute for attribute, column in client._COLUMNS.items()}
    row = row_type(**{spelled[name]: value for name, value in rows(root).row(0, named=True).items()})

    async def ask() -> None:
        async with client.AsyncClient("http://service", transport=httpx.ASGITransport(app)) as asked:
            answers, explained = await asked.predict([row, row]), await asked.explain([row])
            assert answers.predictions[0] == answers.predictions[1]
            assert answers.model == "{name}:{version}".format(**await asked.model())
            assert explained.predictions[0].prediction == answers.predictions[0].prediction
            assert explained.predictions[0].contributions
            with pytest.raises(client.Refused, match="rows"):
                await asked.predict([])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # BentoML's own
        with TestClient(app):  # starts the service
            asyncio.run(ask())


def generated(root: Path) -> dict[str, bytes]:
    """Every file that is generated for a project, by path: the skeleton and what is managed."""
    own = {"conf", "data"}
    files = [file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()]
    shown = {path for path in files if Path(path).parts[0] not in {*own, ".overture"}}
    return {
        path: (root / path).read_bytes() for path in sorted(shown | {*wanted(root)}) if not path.startswith(NOT_SHOWN)
    }


def rows(root: Path) -> pl.DataFrame:
    """The rows of a project as a caller has them: the columns of the contract."""
    spec = load(root).spec
    return read(Data(spec.data, spec.contract, root)).frame.select(list(spec.contract.features))
