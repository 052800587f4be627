"""Every example of docs/catalog.md, and what a shared contract does to the projects that use it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from overture.generator.catalog import listing, problems, users
from overture.runtime.config import catalogs
from overture.runtime.config.load import examine, load
from overture.runtime.errors import Mistake
from overture.runtime.runs.promote import promote
from overture.runtime.runs.store import runs

from ..conftest import people
from ..runtime.runs.conftest import train

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "catalog.md").read_text("utf-8")
CONFIG, CATALOG = re.findall(r"```yaml\n# \S+\n(.*?)```", PAGE, re.DOTALL)
SHOWN = re.findall(r"```console\n\$ overture (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def company(tmp_path: Path) -> Path:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "customers.csv").write_text(people())
    (tmp_path / "catalog" / "data").mkdir(parents=True)
    (tmp_path / "catalog" / "data" / "customers.yaml").write_text(CATALOG)
    upsell = (
        CONFIG.replace("churn", "upsell")
        .replace("binary", "regression")
        .replace("left", "income")
        .replace("logistic", "ridge")
    )
    for name, config in (("churn", CONFIG), ("upsell", upsell)):
        (tmp_path / name / "conf").mkdir(parents=True)
        (tmp_path / name / "conf" / "config.yaml").write_text(config)
        (tmp_path / name / "hooks.py").write_text("")
    return tmp_path


def change(company: Path, before: str, after: str) -> None:
    file = company / "catalog" / "data" / "customers.yaml"
    assert before in file.read_text()
    file.write_text(re.sub(f"{re.escape(before)}.*", lambda _: after, file.read_text()))


def told(company: Path) -> dict[str, list[str]]:
    catalog = company / "catalog"
    return {name: [str(it) for it in found] for name, found in problems(catalog, users(catalog, company))}


def test_the_page_shows_what_is_printed(company: Path, overture: Callable[..., object]) -> None:
    for words, output in SHOWN:
        if "broken" in output:
            change(company, "  income:", "")
        done = overture(*words.split(), cwd=company / "churn")
        assert done.stdout == output
        assert done.returncode == int("broken" in output)


def test_the_catalog_is_found_wherever_one_stands(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (company, company / "lake", Path("/")):
        monkeypatch.chdir(place)
        assert load(company / "churn").spec.data.owner == "crm-team"


def test_a_training_script_finds_the_catalog_from_elsewhere(company: Path, overture: Callable[..., object]) -> None:
    assert overture("generate", cwd=company / "churn").returncode == 0
    done = subprocess.run(
        [sys.executable, "churn/train.py", "model.params.C=0.5"], cwd=company, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert [run.facts["data"]["source"] for run in runs(company / "churn")] == ["customers.csv"]


def test_a_fault_in_the_catalog_names_its_file_and_line(company: Path) -> None:
    change(company, "  age:", "  age:    {type: integer, mn: 0}")
    _, found = examine(company / "churn")
    assert [(str(it.place), it.key) for it in found] == [("../catalog/data/customers.yaml:8", "columns.age.mn")]


def test_what_is_no_yaml_or_not_there_is_told(company: Path) -> None:
    (company / "catalog" / "data" / "other.yaml").write_text("owner: [a\n")
    with pytest.raises(Mistake, match=r"\.\./catalog/data/other\.yaml:2   this is not YAML"):
        load(company / "churn")
    shutil.rmtree(company / "catalog")
    with pytest.raises(Mistake, match=r"conf/config\.yaml:9   hydra\.searchpath: there is no folder \.\./catalog\."):
        load(company / "churn")


def test_a_project_goes_before_the_catalog_and_may_extend_it(company: Path) -> None:
    data = company / "churn" / "conf" / "data"
    data.mkdir()
    (data / "ours.yaml").write_text("defaults: [customers, _self_]\nowner: us\n")
    spec = load(company / "churn", ["data=ours"]).spec
    assert spec.data.owner == "us"
    assert list(spec.data.columns) == ["id", "age", "city", "income", "left"]


def test_every_project_that_breaks_is_told_with_all_that_is_wrong(company: Path) -> None:
    change(company, "  left:", "  lft:    {type: category}")
    assert told(company) == {
        "churn": [
            'churn/conf/config.yaml:12   target: data.columns has no "left". Did you mean "lft"?',
        ],
        "upsell": [],
    }
    change(company, "key:", "ky: id")
    assert all(
        "catalog/data/customers.yaml:5   ky: there is no such key." in found[0] for found in told(company).values()
    )
    assert [
        use.project for use in listing(company / "catalog", company, users(company / "catalog", company))[0].used_by
    ] == [
        "churn",
        "upsell",
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("  age:", "", "customers.yaml:6   columns: age is not there; the model in production"),
        (
            "  age:",
            "  age: {type: number}",
            "customers.yaml:8   columns.age.type: is number, but integer is expected by",
        ),
        (
            "  age:",
            "  age: {type: integer, nullable: true}",
            "customers.yaml:8   columns.age.nullable: values may be missing",
        ),
        (
            "  city:",
            "  city: {type: category, values: [Oslo, Rome, New York, Bonn]}",
            "columns.city.values: Bonn may come",
        ),
    ],
)
def test_a_model_in_production_is_held_to_the_contract_of_today(
    company: Path, before: str, after: str, said: str
) -> None:
    root = company / "churn"
    train(root, "model=catboost")
    promote(root, [], runs(root)[0], "")
    entry = listing(company / "catalog", company, users(company / "catalog", company))[0]
    assert [use.production for use in entry.used_by] == [runs(root)[0].id, None]
    assert told(company) == {"churn": [], "upsell": []}
    change(company, before, after)
    found = told(company)
    assert len(found["churn"]) == 1
    assert said in found["churn"][0]
    assert found["upsell"] == []


def test_the_rows_are_held_to_the_contract_when_asked(company: Path, overture: Callable[..., object]) -> None:
    change(company, "  age:", "  age:    {type: integer, min: 30}")
    done = overture("catalog", "--data", "--json", cwd=company / "catalog")
    assert [it["contract"] for it in json.loads(done.stdout)] == ["broken: 1 breach"]


def test_a_data_set_that_nobody_uses_is_checked_too(company: Path) -> None:
    (company / "catalog" / "data" / "shops.yaml").write_text("ownr: me\nsources: {}\n")
    found = told(company)["catalog (no project uses shops)"]
    assert any("catalog/data/shops.yaml:1   ownr: there is no such key." in it for it in found)


def test_a_path_of_a_catalog_is_that_of_the_project(tmp_path: Path) -> None:
    assert catalogs.folder(tmp_path / "churn", "file://../catalog") == tmp_path / "catalog"
    assert catalogs.folder(tmp_path / "churn", "file:///srv/catalog") == Path("/srv/catalog")
