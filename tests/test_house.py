"""The rules of the house that no linter knows."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted([*(ROOT / "runtime").rglob("*.py"), *(ROOT / "generator").rglob("*.py")])
HEAVY = (
    "bentoml",
    "catboost",
    "hydra",
    "jinja2",
    "matplotlib",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "rich",
    "scipy",
    "sklearn",
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()

    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 300


def test_functions_are_short() -> None:
    lengths = [
        node.end_lineno - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]

    assert statistics.median(lengths) <= 8
    assert statistics.quantiles(lengths, n=20)[-1] <= 40


def test_modules_are_short_in_the_middle() -> None:
    assert statistics.median(path.read_text().count("\n") for path in MODULES) <= 130


@pytest.mark.parametrize("word", ["manager", "handler", "helper", "util", "factory"])
def test_a_name_is_a_noun_the_user_knows(word: str) -> None:
    assert [name(path) for path in MODULES if word in path.stem] == []


def test_help_loads_no_heavy_library() -> None:
    code = "import sys; from overture.generator.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert [library for library in HEAVY if library in done.stderr.split()] == []


def test_generate_loads_no_library_of_data_or_models(make_project: Callable[..., Path]) -> None:
    root = make_project(model="catboost")
    code = "import sys; from overture.generator.cli import run; code = run(['generate']); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    heavy = ("bentoml", "catboost", "matplotlib", "numpy", "pandas", "polars", "pyarrow", "scipy", "sklearn")
    assert [library for library in heavy if library in done.stderr.split()] == []


def test_the_project_speaks_of_itself_alone() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    texts = {file: (ROOT / file).read_bytes() for file in files if file and (ROOT / file).is_file()}

    here = str(ROOT.parent).encode() + b"/"
    assert [file for file, text in texts.items() if here in text] == []


HOMES = {
    "hydra": ("runtime/config/", "runtime/hydra_plugin/"),
    "optuna": ("runtime/config/",),
    "ray": ("runtime/config/on_ray.py",),
    "bentoml": ("runtime/packaging/bento.py", "runtime/serving/bento.py", "runtime/serving/insides.py"),
    "_bentoml_sdk": ("runtime/serving/bento.py",),
    "_bentoml_impl": ("runtime/serving/bento.py",),
    "cookiecutter": ("generator/skeleton.py",),
    "ruff": ("generator/format.py",),
    "rich": ("runtime/live.py", "runtime/terminal.py"),
    "skops": ("runtime/safe_types.py",),
}
"""Libraries that only one part of the house knows."""


def imports(tree: ast.AST) -> set[str]:
    """The top-level names of everything imported, but for type checking."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_library_is_known_where_it_belongs_and_nowhere_else(path: Path) -> None:
    used = imports(ast.parse(path.read_text()))

    assert [library for library, homes in HOMES.items() if library in used and not name(path).startswith(homes)] == []


def test_nobody_loads_pickles() -> None:
    unsafe = {"pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"}

    assert [name(path) for path in MODULES if imports(ast.parse(path.read_text())) & unsafe] == []


def test_only_apply_writes_generated_files() -> None:
    importing = [
        name(path) for path in MODULES if "from .apply import" in path.read_text() or "import apply" in path.read_text()
    ]

    assert set(importing) <= {"generator/project.py", "generator/commands/generate.py"}
