"""Every example of docs/extending.md does what the page says, from training to an answered request."""

import importlib
import json
import os
import re
import runpy
import shutil
import sys
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from overture.runtime import kinds, scoring
from overture.runtime.config.load import load
from overture.runtime.project import Project
from overture.runtime.runs.promote import promote
from overture.runtime.runs.store import runs

from ..in_process import served as serve

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own
ROOT = Path(__file__).resolve().parents[2]
QUICK = ["evaluation.replicates=20"]
ROWS = 1500


def sections():
    """By title, the files that a section of the page shows, and the last command."""
    text = (ROOT / "docs" / "extending.md").read_text()
    for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.M | re.S):
        files = dict(re.findall(r"^```(?:python|yaml|toml) (\S+)\n(.*?)^```", body, re.M | re.S))
        command = re.findall(r"^\$ python train\.py (.+)$", body, re.M)
        yield title, files, (command or [""])[-1].split()


SECTIONS = {title: (files, command) for title, files, command in sections()}


@dataclass
class Made:
    """A project with what a section shows, trained as it says and promoted."""

    root: Path
    project: Project
    run: object

    @property
    def tested(self):
        """The held-out rows with their predictions, and the same rows as the source has them."""
        return pl.read_parquet(self.run.folder / "predictions.parquet")

    def features(self):
        """The held-out rows as a caller sends them."""
        from overture.runtime import load

        rows = load(self.project.data).frame
        held_out = self.tested.select("_row").join(rows, on="_row", how="left", maintain_order="left")
        return held_out.select(*self.project.schema.features)

    def answers(self, rows, path="/predict"):
        """What the service answers, in this process."""
        with served(self.root) as client:
            answer = client.post(path, json={"rows": rows})
        assert answer.status_code == 200, answer.text
        return answer.json()["predictions"]

    def batch(self, rows):
        """What score.py writes."""
        rows.write_parquet(self.root / "in.parquet")
        scoring.score(self.root, self.root / "in.parquet", self.root / "out.parquet")
        return pl.read_parquet(self.root / "out.parquet")


@pytest.fixture(scope="module")
def churn(tmp_path_factory):
    """The project that the page starts from."""
    from overture.generator.cli import run

    folder = tmp_path_factory.mktemp("extending")
    lines = (ROOT / "tests" / "data" / "telco.csv").read_text().splitlines(keepends=True)
    (folder / "telco.csv").write_text("".join(lines[: ROWS + 1]))
    with standing(folder):
        assert run(["new", "churn", "--data", "telco.csv", "--target", "Churn"]) == 0
    return folder / "churn"


@pytest.fixture
def make(churn, tmp_path):
    """A function that follows a section of the page."""

    def follow(title, *words, before=lambda root: None, files=None):
        root = tmp_path / "churn"
        shutil.copytree(churn, root)
        shutil.copy(churn.parent / "telco.csv", tmp_path)
        found, command = SECTIONS[title]
        for path, text in (found if files is None else files).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        before(root)
        overrides = [*command, *words, *QUICK]
        with standing(root):
            assert train(overrides) == 0
        (run,) = runs(root)
        promote(root, load(root, overrides).spec.evaluation.gates, run)
        return Made(root, Project.open(root, overrides), run)

    return follow


@contextmanager
def standing(folder):
    before, paths = Path.cwd(), sys.path[:]
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.modules.pop("hooks", None)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = paths


def train(overrides):
    argv, sys.argv = sys.argv, ["train.py", *overrides]
    try:
        runpy.run_path("train.py", run_name="__main__")
    except SystemExit as end:
        return end.code
    finally:
        sys.argv = argv


@contextmanager
def served(root):
    with standing(root), serve(root) as client:
        yield client


def probabilities(answers):
    return [answer["probabilities"]["Yes"] for answer in answers]


def test_every_example_of_the_page_is_run_here():
    followed = re.findall(r'(?:make|SECTIONS)[(\[]"([^"]+)"', Path(__file__).read_text())

    assert {title for title, (files, _) in SECTIONS.items() if files} == set(followed)


@pytest.mark.parametrize("model", ["logistic", "catboost"])
def test_a_column_of_ones_own_is_the_same_bits_in_training_batch_and_serving(make, model):
    quick = ["model.params.iterations=20"] if model == "catboost" else []
    made = make("Columns computed from a row", f"model={model}", *quick)
    rows = made.features()
    trained = made.tested["probability: Yes"].to_list()

    assert list(made.run.schema().derived) == ["charge_per_month", "new"]
    assert made.run.facts["importance"]["charge_per_month"] > 0
    assert made.batch(rows)["probability: Yes"].to_list() == trained
    assert probabilities(made.answers(rows.to_dicts())) == trained
    assert probabilities(made.answers(rows.to_dicts()[:1])) == trained[:1]
    assert made.answers(rows.to_dicts()[:1], "/explain")[0]["contributions"]["charge_per_month"] != 0


def test_an_estimator_of_ones_own(make):
    made = make("An estimator of your own")
    rows, trained = made.features(), made.tested["probability: Yes"]

    assert made.run.model == "voting"
    assert made.run.facts["model"]["params"] == {"C": 2, "trees": 50}
    assert np.allclose(made.batch(rows)["probability: Yes"], trained, rtol=0, atol=1e-12)
    assert np.allclose(probabilities(made.answers(rows.to_dicts()[:5])), trained[:5], rtol=0, atol=1e-12)


def test_a_model_file_opens_no_class_that_hooks_py_does_not_name(make):
    from overture.runtime.errors import Mistake

    made = make("An estimator of your own")
    (made.root / "hooks.py").write_text('"""Nothing of its own."""\n')
    sys.modules.pop("hooks")

    with pytest.raises(Mistake, match=r"model.skops is not opened: it holds hooks.Clip"):
        made.run.load_model()


def test_a_metric_of_ones_own(make):
    made = make("A metric of your own", "model=logistic")
    found, tested = made.run.facts["metrics"], made.tested
    called, left = tested["probability: Yes"] > 0.1, tested["target"] == "Yes"

    assert list(found) == ["cost", "roc_auc"]
    assert made.run.facts["greater_is_better"] is False
    assert found["cost"]["value"] == pytest.approx((50 * called.sum() + 500 * (left & ~called).sum()) / tested.height)
    assert found["cost"]["low"] < found["cost"]["value"] < found["cost"]["high"]
    ledger = json.loads((made.root / ".overture" / "ledger.jsonl").read_text().splitlines()[-1])
    assert "cost at most 49" in json.dumps(ledger)
    assert made.answers(made.features().to_dicts()[:1])


def test_rows_and_predictions_are_changed_in_batch_and_serving_alike(make):
    made = make("Before and after predicting", "model=logistic")
    row = made.features().filter(pl.col("tenure") > 20).head(1)
    paid = row.with_columns(TotalCharges=pl.col("tenure") * pl.col("MonthlyCharges"))
    unknown = row.with_columns(TotalCharges=pl.lit(None, pl.Float64))
    rows = pl.concat([paid, unknown, made.features()])
    served, scored = made.answers(rows.to_dicts()), made.batch(rows)

    assert probabilities(served) == scored["probability: Yes"].to_list()
    assert [answer["prediction"] for answer in served] == scored["prediction"].to_list()
    assert served[0] == served[1]
    said = [("Yes" if share >= 0.3 else "No") for share in probabilities(served)]
    assert scored["prediction"].to_list() == said
    assert any(share < 0.5 for share, word in zip(probabilities(served), said, strict=True) if word == "Yes")
    assert made.tested.filter(prediction="Yes")["probability: Yes"].min() > 0.5
    explained = made.answers(rows.to_dicts()[:2], "/explain")
    assert [answer["prediction"] for answer in explained] == said[:2]


def test_a_hook_that_fails_is_the_fault_of_the_service_and_told_in_its_log(make, caplog):
    def fragile(root):
        (root / "hooks.py").write_text(
            "def before_predict(rows):\n    assert rows['tenure'][0] != 7, 'seven'\n    return rows\n"
        )

    made = make("Before and after predicting", "model=logistic", before=fragile)
    row = made.features().with_columns(tenure=pl.lit(7, pl.Int64)).to_dicts()[0]
    with served(made.root) as client:
        answer = client.post("/predict", json={"rows": [row]}, headers={"x-request-id": "r7"})
        again = client.post("/predict", json={"rows": [{**row, "tenure": 8}]})

    assert (answer.status_code, again.status_code) == (500, 200)
    assert answer.json() == {"error": "something went wrong here; the log has it under r7"}
    assert "hooks.py:2   before_predict fails: AssertionError: seven" in caplog.text


def test_a_model_of_another_kind(make):
    made = make("A model of another kind")
    rows, trained = made.features(), made.tested["probability: Yes"].to_list()

    assert made.run.model == "rate by Contract"
    assert "models/rate_by.py" in made.run.facts["inputs"]["code"]
    assert made.batch(rows)["probability: Yes"].to_list() == trained
    assert probabilities(made.answers(rows.to_dicts())) == trained
    (explained,) = made.answers(rows.to_dicts()[:1], "/explain")
    assert explained["base"] + sum(explained["contributions"].values()) == pytest.approx(trained[0])
    assert 'include = ["service.py", "hooks.py", "models/**"' in (made.root / "pyproject.toml").read_text()


def test_a_source_of_another_kind(make):
    def write(root):
        from overture.generator.project import regenerate

        table = pl.read_csv(root.parent / "telco.csv").select("tenure", "Contract", "Churn")
        lines = [f"{i:6}{t:4}{c:14}{a:3}" for i, (t, c, a) in enumerate(table.iter_rows())]
        (root / "mainframe.txt").write_text("\n".join(lines) + "\n")
        config = root / "conf" / "config.yaml"
        config.write_text(config.read_text().replace("data: telco", "data: mainframe").replace("Churn", "churn"))
        regenerate(root)

    made = make("A source of another kind", "model=logistic", before=write)
    rows = made.features()

    assert made.run.facts["data"]["source"] == "mainframe.txt"
    assert set(made.run.facts["inputs"]["code"]) >= {"sources/fixed_width.py"}
    assert list(made.run.facts["inputs"]["data"]) == ["mainframe.txt"]
    assert made.run.facts["data"]["read"] == ROWS
    assert probabilities(made.answers(rows.to_dicts())) == made.tested["probability: Yes"].to_list()
    assert made.batch(rows)["probability: Yes"].to_list() == made.tested["probability: Yes"].to_list()


def test_a_split_and_a_metric_of_another_kind(make):
    made = make("A split or a metric of another kind", "model=logistic")
    tested = made.tested
    shares = tested.select(
        pl.when(target="Yes").then(pl.col("probability: Yes")).otherwise(pl.col("probability: No")).alias("share")
    )["share"]

    assert {ord(key[-1]) % 10 for key in tested["customerID"]} == {0, 1}
    assert made.run.facts["metrics"]["within_tenth"]["value"] == pytest.approx((shares > 0.9).mean())
    assert set(made.run.facts["inputs"]["code"]) >= {"metrics/within_tenth.py", "splits/last_digit.py"}


@pytest.fixture
def installed(tmp_path):
    """The package of the page, installed in a folder on the path."""
    site, (files, _) = tmp_path / "site-packages", SECTIONS["For many projects: a package"]
    written = tomllib.loads(files["pyproject.toml"])
    project = written["project"]
    (site / "acme_models").mkdir(parents=True)
    (site / "acme_models" / "__init__.py").write_text("")
    example = SECTIONS["A model of another kind"][0]["models/rate_by.py"]
    (site / "acme_models" / "rate_by.py").write_text(example)
    information = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (information / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(site))
    importlib.invalidate_caches()
    kinds.plugins.cache_clear()
    yield site
    sys.path.remove(str(site))
    kinds.plugins.cache_clear()
    for name in [name for name in sys.modules if name.startswith("acme_models")]:
        del sys.modules[name]


def test_a_kind_of_a_package(make, installed):
    option = {
        "conf/model/rate_by_contract.yaml": SECTIONS["A model of another kind"][0]["conf/model/rate_by_contract.yaml"]
    }
    made = make("For many projects: a package", "model=rate_by_contract", files=option)
    rows, trained = made.features(), made.tested["probability: Yes"].to_list()

    assert made.run.model == "rate by Contract"
    assert made.run.facts["inputs"]["environment"]["acme-models"] == "1.0"
    assert made.batch(rows)["probability: Yes"].to_list() == trained
    assert probabilities(made.answers(rows.to_dicts())) == trained
