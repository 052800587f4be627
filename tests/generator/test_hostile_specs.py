"""Whatever a configuration says, only what the templates say runs."""

from __future__ import annotations

import ast
import builtins
import contextlib
import json
import os
import random
import runpy
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, event, given, settings

from overture.generator.cli import run
from overture.generator.harmless import harmless
from overture.generator.render import render, templates
from overture.generator.row_type import attributes
from overture.generator.verify import compare, misplaced
from overture.runtime.spec import Spec

from ..conftest import SOAK
from ..in_process import forget_metrics, forget_modules, script
from .hostile import NAMES, PAYLOADS, spec, specs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what others deprecate
    from starlette.testclient import TestClient

    import overture.runtime.serving.bento  # noqa: F401

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of BentoML's own code
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
TABLES = 50 if SOAK else 2
EXAMPLES = 10_000 if SOAK else 150
IMPORTED = 5  # every so many-th service is also imported and asked: that takes ten times as long as rendering


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    yield
    assert not hasattr(builtins, "CANARY"), "text from the configuration ran as code"


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hooks", ModuleType("hooks"))


class Count:
    """Counts up."""

    def __init__(self) -> None:
        self.value = 0

    def __call__(self) -> int:
        self.value += 1
        return self.value


def test_any_configuration_becomes_code_of_the_templates_alone(hooks: None) -> None:
    count = Count()

    @given(specs())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not SOAK,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def every(made: Spec) -> None:
        files = {path: file.text for path, file in render(made).items()}
        known = vocabulary() | {*attributes(made.contract).values()}

        assert unknown(files, known) == set()
        if count() % IMPORTED == 0:
            event("imported and asked")
            ask(files, made)

    every()
    assert not hasattr(builtins, "CANARY")


def test_every_name_and_every_payload_at_once(hooks: None) -> None:
    words = [word for word in dict.fromkeys(NAMES) if word != "_row"]
    described = {
        name: {"type": "category", "values": [f"{payload}", "other"], "description": payload, "nullable": i % 2 == 0}
        for i, (name, payload) in enumerate(zip(words, PAYLOADS * (len(words) // len(PAYLOADS) + 1), strict=False))
    }
    made = spec(
        {**described, "the target": {"type": "number"}}, "the target", "regression", description="".join(PAYLOADS)
    )

    files = {path: file.text for path, file in render(made).items()}

    assert unknown(files, vocabulary() | {*attributes(made.contract).values()}) == set()
    ask(files, made)


def test_words_that_templates_look_for_are_only_text_in_a_description(hooks: None) -> None:
    words = "dt.date Literal[1] Zone(x) Annotated["
    described = {words: {"type": "integer", "description": words}, "y": {"type": "number", "description": words}}
    made = spec(described, "y", "regression", description=words)

    files = {path: file.text for path, file in render(made).items()}

    imports = [path for path, text in files.items() if "import datetime" in text and path.endswith(".py")]
    assert imports == ["client.py"]  # which says when an outcome was known
    ask(files, made)


def test_two_thousand_columns_whose_names_are_alike(hooks: None) -> None:
    described = {f"a{' ' * (i % 50)}{'-' * (i // 50)}b": {"type": "integer"} for i in range(2000)}
    made = spec({**described, "y": {"type": "number"}}, "y", "regression")

    spelled = attributes(made.contract)

    assert len(set(spelled.values())) == 2000
    ask({path: file.text for path, file in render(made).items()}, made)


def test_the_lint_has_nothing_to_say_about_the_templates() -> None:
    environment = templates()
    assert environment.loader is not None
    names = [name for name in environment.loader.list_templates() if name.endswith(".jinja")]

    assert len(names) >= 4
    assert misplaced(environment, names) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ('x = "{{ name }}"', "inside a string"),
        ("# {{ name }}", "inside a string or a comment"),
        ('"""{% if name %}{% endif %}"""', "a block stands inside"),
        ("x = {{ name | safe }}", "passes text as it is"),
        ("{% autoescape false %}{% endautoescape %}", "passes text as it is"),
        ("x = r{{ name }}", "after the prefix of a string"),
    ],
)
def test_the_lint_catches_a_fault_in_a_template_of_ours(fault: str, said: str) -> None:
    from jinja2 import DictLoader, Environment

    from overture.generator.literals import environment

    ours = templates()
    assert ours.loader is not None
    text = ours.loader.get_source(ours, "service.py.jinja")[0]
    planted: Environment = environment(DictLoader({"service.py.jinja": f"{text}\n{fault}\n"}))
    planted.filters["safe"] = str  # as it would be without our environment

    assert any(said in line for line in misplaced(planted, ["service.py.jinja"]))


def test_the_comparison_of_shapes_catches_what_the_other_nets_let_through() -> None:
    made = spec({"a": {"type": "integer"}, "y": {"type": "number"}}, "y", "regression", description="d")
    good = {path: file.text for path, file in render(made).items()}
    bad = {**good, "service.py": good["service.py"].replace('"""d"""', '"""d"""\n    import os')}

    compare(good, {path: file.text for path, file in render(harmless(made)).items()})
    assert bad["service.py"] != good["service.py"]
    with pytest.raises(ValueError, match=r"service\.py: text from the configuration became code"):
        compare(bad, good)


@pytest.mark.parametrize("seed", range(TABLES))
def test_a_hostile_table_goes_all_the_way_to_an_answered_request(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, target = hostile_table(random.Random(seed))

    answer = all_the_way(table, target, tmp_path, monkeypatch, "model=logistic")

    assert answer["prediction"] in table[target].unique().to_list()
    assert not list(tmp_path.rglob("canary"))


@pytest.mark.parametrize("seed", range(1000, 1000 + (TABLES if SOAK else 1)))
def test_a_hostile_table_is_served_by_a_real_server(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, target = hostile_table(random.Random(seed))
    promoted(table, target, tmp_path, monkeypatch, "model=logistic")
    project = tmp_path / "hostile"

    with server(project) as address:
        request = urllib.request.Request(
            f"{address}/predict",
            data=(project / "tests" / "request.json").read_bytes(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answered:
            answer = json.load(answered)["predictions"][0]

    assert answer["prediction"] in table[target].unique().to_list()
    assert not list(tmp_path.rglob("canary"))


@pytest.mark.skipif(not SOAK, reason="takes half a minute")
def test_two_thousand_columns_go_all_the_way_to_an_answered_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {f"a{' ' * (i % 50)}{'-' * (i // 50)}b": [(i * j) % 97 for j in range(160)] for i in range(2000)}
    table = pl.DataFrame({**columns, "y": [["no", "yes"][j % 97 > 48] for j in range(160)]})

    answer = all_the_way(table, "y", tmp_path, monkeypatch, "model.params.iterations=5")

    assert answer["prediction"] in ("no", "yes")


def all_the_way(
    table: pl.DataFrame, target: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str
) -> dict[str, Any]:
    """What the service says of one row, of a project made from a table as a person makes it."""
    promoted(table, target, folder, monkeypatch, *words)
    answer = served(monkeypatch, folder / "hostile")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()["predictions"][0]
    return said


def promoted(table: pl.DataFrame, target: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Make a project from a table, train it and put the run into production."""
    table.write_parquet(folder / "table.parquet")
    monkeypatch.chdir(folder)
    assert run(["new", "hostile", "--data", "table.parquet", "--target", target]) == 0
    monkeypatch.chdir(folder / "hostile")
    assert run(["generate", "--check"]) == 0
    assert script(monkeypatch, "train.py", *words) == 0
    assert run(["promote", "best"]) == 0


@contextmanager
def server(project: Path) -> Iterator[str]:
    """The address at which `bentoml serve` answers for a project."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [str(Path(sys.executable).parent / "bentoml"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with (project.parent / "server.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=project, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            assert process.poll() is None, (project.parent / "server.log").read_text()
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def unknown(files: dict[str, str], known: set[str]) -> set[str]:
    """The names in Python files that neither a template nor our own spelling of a column knows."""
    return {name for path, text in files.items() if path.endswith(".py") for name in names(text)} - known


def names(text: str) -> Iterator[str]:
    """Every name that code uses, defines or imports, every attribute, and every keyword of a call."""
    for node in ast.walk(ast.parse(text)):
        for field in ("id", "attr", "arg", "name", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value


def vocabulary() -> set[str]:
    """The names in the golden trees, which people have read, and those of the project "hostile"."""
    if not _VOCABULARY:
        for file in GOLDEN.glob("*/expected/**/*.py"):
            _VOCABULARY.update(names(file.read_text(encoding="utf-8")))
        _VOCABULARY.update(f"Hostile{end}" for end in ("", "Row", "Rows", "Label"))
        _VOCABULARY.update(("timedelta", "timezone", "seconds"))  # moments of other zones than those of the trees
    return _VOCABULARY


_VOCABULARY: set[str] = set()


def ask(files: dict[str, str], made: Spec) -> None:
    """Import the service and read the request that was generated with it, as the server reads it."""
    module: dict[str, Any] = {"__name__": "service"}
    exec(compile(files["service.py"], "service.py", "exec", dont_inherit=True), module)
    body = module["HostileRows"].model_validate_json(files["tests/request.json"])

    sent = json.loads(files["tests/request.json"])["rows"][0]
    assert {*body.rows[0].model_dump(by_alias=True)} >= {*sent} == {*made.contract.features}


def hostile_table(rng: random.Random) -> tuple[pl.DataFrame, str]:
    """A small table that can be learnt from, whose names and labels are hostile, and the name of its target."""
    free = [name for name in NAMES if name != "_row" and len(name) < 10_000]
    target, number, *others = rng.sample(list(dict.fromkeys(free)), 10)
    others += ["x" * 10_000]
    labels = rng.sample(PAYLOADS[:-2], 2)
    rows = range(160)
    data: dict[str, list[Any]] = {number: [(i * 37) % 100 for i in rows]}
    for name in others:
        words = rng.sample(PAYLOADS[:-2], 3)
        data[name] = [words[rng.randrange(3)] for _ in rows]
    data[target] = [labels[value > 50] for value in data[number]]
    return pl.DataFrame(data), target


def served(monkeypatch: pytest.MonkeyPatch, root: Path) -> Any:
    """What the service of a project answers to the request that was generated with it."""
    monkeypatch.syspath_prepend(root)
    forget_modules()
    forget_metrics()  # both of a project that another test left
    try:
        with TestClient(runpy.run_path("service.py", run_name="service")["Hostile"].to_asgi()) as client:
            return client.post("/predict", json=json.loads((root / "tests/request.json").read_text(encoding="utf-8")))
    finally:
        forget_modules()
        forget_metrics()
