"""Kinds: those of overture, of a project's own files and of packages are found by name, and only when they are named."""

import importlib
import subprocess
import sys

import pytest
from pydantic import ValidationError

from overture.runtime import kinds
from overture.runtime.config.load import load
from overture.runtime.config.schemas import schemas
from overture.runtime.errors import Mistake
from overture.runtime.metric import METRICS
from overture.runtime.model import MODELS
from overture.runtime.runs.inputs import Inputs
from overture.runtime.spec import Spec
from overture.runtime.splitting import SPLITS
from overture.runtime.terminal import problem_lines

SPLIT = '''"""Everything but a few rows is for training."""

from overture.runtime.splitting import Split


class Few(Split):
    """The first rows are for testing."""

    rows: int
    """How many."""
'''


@pytest.fixture
def project(make_project):
    """A project with a split of its own, splits/few.py, whose file holds this text; conf/ asks for it."""

    def make(text=SPLIT, keys="kind: few\nrows: 3\n", name="few"):
        root = make_project()
        config = root / "conf" / "config.yaml"
        config.write_text(config.read_text().replace("override split: random", "override split: mine"))
        (root / "conf" / "split").mkdir()
        (root / "conf" / "split" / "mine.yaml").write_text(keys)
        (root / "splits").mkdir()
        (root / "splits" / f"{name}.py").write_text(text)
        return root

    return make


def faults(root):
    with pytest.raises(Mistake) as raised:
        load(root)
    return [" ".join(line.split()) for line in problem_lines(raised.value.problems)]


def test_a_file_of_the_project_is_a_kind(project):
    root = project()
    split = load(root).spec.split

    assert (type(split).__name__, split.kind, split.rows, split.test) == ("Few", "few", 3, 0.2)
    assert "few" in SPLITS.of(root).names()
    assert "few" not in SPLITS.names()
    assert SPLITS.of(root)["few"] is type(split)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("kind: few\nrow: 3\n", 'conf/split/mine.yaml:2 row: there is no such key. Did you mean "rows"?'),
        ("kind: few\n", "rows: is missing. How many."),
        ("kind: few\nrows: ten\n", 'conf/split/mine.yaml:2 rows: must be a whole number, not "ten".'),
        ("kind: fwe\nrows: 3\n", 'conf/split/mine.yaml:1 kind: no split kind is called "fwe". Did you mean "few"?'),
        ("rows: 3\n", "kind: is missing. It can be few, group, predefined, random, stratified or time."),
        ("kind: 3\n", 'conf/split/mine.yaml:1 kind: no split kind is called "3". It can be'),
    ],
)
def test_faults_of_a_section_of_ones_own_are_told_as_those_of_any(project, keys, expected):
    found = faults(project(keys=keys))

    assert any(expected in line for line in found), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{SPLIT}\nx = 1 / 0\n", "splits/few.py:12 cannot be imported: ZeroDivisionError: division by zero"),
        (
            "class Few:\n    pass\n",
            "splits/few.py must define one class made from overture.runtime.splitting.Split; it defines 0.",
        ),
        (
            f"{SPLIT}\n\nclass More(Split):\n    pass\n",
            "splits/few.py must define one class made from overture.runtime.splitting.Split; it defines 2.",
        ),
    ],
)
def test_a_file_that_is_no_kind_is_told_with_all_other_problems(project, text, expected):
    root = project(text)
    config = root / "conf" / "config.yaml"
    config.write_text(config.read_text().replace("seed: 42", "seed: ten"))

    found = faults(root)

    assert len(found) == 2
    assert any(line.startswith(expected) for line in found)
    assert any("seed: must be a whole number" in line for line in found)


def test_a_kind_that_is_there_already_cannot_be_defined_again(project):
    assert faults(project(keys="kind: random\n", name="random")) == [
        'splits/random.py there is a split called "random" already. Give the file another name.'
    ]


def test_a_file_that_is_not_asked_for_is_not_imported(project):
    root = project(keys="kind: random\n", text="x = 1 / 0\n")
    (root / "splits" / "_shared.py").write_text("x = 1 / 0\n")

    assert load(root).spec.split.kind == "random"
    assert "_shared" not in SPLITS.of(root).names()


def test_two_projects_each_have_their_own(project, tmp_path):
    first = project()
    second = first.rename(tmp_path / "second")
    first = project(SPLIT.replace("rows: int", "rows: str"), "kind: few\nrows: three\n")

    assert (load(first).spec.split.rows, load(second).spec.split.rows) == ("three", 3)
    assert (load(first).spec.split.rows, load(second).spec.split.rows) == ("three", 3)


def test_the_text_of_every_file_is_an_input_of_a_run(project):
    root = project()
    (root / "models").mkdir()
    (root / "models" / "_shared.py").write_text("A = 1\n")
    spec = load(root).spec
    before = Inputs.of(root, spec, [])
    (root / "models" / "_shared.py").write_text("A = 2\n")
    after = Inputs.of(root, spec, [])

    assert {"models/_shared.py", "splits/few.py"} <= set(before.code)
    assert before.run_id != after.run_id


def test_a_section_keeps_every_key_when_it_is_written(project):
    written = load(project()).spec.model_dump(mode="json")

    assert written["split"] == {"kind": "few", "test": 0.2, "valid": 0.1, "folds": None, "seed": None, "rows": 3}
    assert written["data"]["sources"]["people"]["path"] == "data/people.csv"


def test_only_the_kinds_that_are_asked_for_are_imported(make_project):
    code = (
        "import sys; from pathlib import Path; from overture.runtime.config.load import load; load(Path('.'))\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('overture.runtime.models.', "
        "'overture.runtime.splits.', 'overture.runtime.metrics.', 'overture.runtime.data.sources.'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=make_project(), capture_output=True, text=True, check=True)
    imported = {name for name in done.stdout.split() if not name.rpartition(".")[2].startswith("_")}

    assert imported == {
        "overture.runtime.data.sources.csv",
        "overture.runtime.models.sklearn",
        "overture.runtime.splits.random",
    }


def test_a_section_may_be_given_as_an_object(make_project):
    spec = load(make_project()).spec

    assert Spec.model_validate({**dict(spec), "split": SPLITS["time"](kind="time", column="age")}).split.kind == "time"


def test_a_section_that_is_no_mapping_is_refused(make_project):
    with pytest.raises(ValidationError, match="kind"):
        Spec.model_validate({**dict(load(make_project()).spec), "model": "catboost"})


def test_the_schemas_for_editors_know_every_kind():
    schema = schemas()["config"]

    for some in (MODELS, SPLITS):
        assert {found.__name__ for found in some.classes()} <= set(schema["$defs"])


# packages


@pytest.fixture
def install(tmp_path):
    """A function that installs a package of one module, with entry points, in a folder on the path."""
    site = tmp_path / "site-packages"

    def installed(text, entry_points):
        information = site / "acme_kinds-2.5.dist-info"
        information.mkdir(parents=True)
        (site / "acme_kinds.py").write_text(text)
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-kinds\nVersion: 2.5\n")
        (information / "entry_points.txt").write_text(entry_points)
        importlib.invalidate_caches()
        kinds.plugins.cache_clear()

    sys.path.insert(0, str(site))
    yield installed
    sys.path.remove(str(site))
    sys.modules.pop("acme_kinds", None)
    kinds.plugins.cache_clear()


def test_a_package_adds_a_kind_and_its_version_is_an_input(install, make_project):
    install(SPLIT, "[overture.runtime.splits]\nfew = acme_kinds:Few\n")
    root = make_project()
    (root / "conf" / "split").mkdir()
    (root / "conf" / "split" / "few.yaml").write_text("kind: few\nrows: 5\n")
    spec = load(root, ["split=few"]).spec

    assert spec.split.rows == 5
    assert "few" in SPLITS.names()
    assert Inputs.of(root, spec, []).environment["acme-kinds"] == "2.5"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import nowhere_at_all\n", "of the package acme-kinds cannot be imported: ModuleNotFoundError"),
        ("", "of the package acme-kinds cannot be imported: AttributeError"),
        ("Few = 3\n", "of the package acme-kinds is not made from overture.runtime.metric.Metric."),
    ],
)
def test_a_package_that_cannot_be_used_is_told_by_its_name(install, text, expected):
    install(text, "[overture.runtime.metrics]\nfew = acme_kinds:Few\n")

    with pytest.raises(Mistake) as raised:
        METRICS["few"]
    assert f'the metric "few" {expected}' in str(raised.value)


def test_a_kind_that_nobody_has_is_a_mistake():
    with pytest.raises(Mistake) as raised:
        MODELS["catbost"]
    assert str(raised.value) == 'no model is called "catbost". Did you mean "catboost"?'
