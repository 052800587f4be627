"""A run is trained once more from its folder, and every difference is told."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from overture.generator.cli import run as command
from overture.generator.project import regenerate
from overture.runtime.errors import Mistake
from overture.runtime.runs.manifest import seal
from overture.runtime.runs.reproduce import reproduce
from overture.runtime.runs.run import Run

from ...in_process import forget_modules, script

QUICK = ["model.params.iterations=20"]
FEW = {
    "catboost": QUICK,
    "hist_gradient_boosting": ["model.params.max_iter=20"],
    "random_forest": ["model.params.n_estimators=20"],
    "extra_trees": ["model.params.n_estimators=20"],
}


@pytest.fixture
def made(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Generates the project's files and trains with its own train.py."""
    regenerate(project)
    monkeypatch.chdir(project)

    def train(*words: str) -> Run:
        before = {path.name for path in (project / "runs").glob("*")}
        assert script(monkeypatch, "train.py", "evaluation.replicates=40", *(words or QUICK)) == 0
        (new,) = {path.name for path in (project / "runs").glob("*")} - before
        return Run.open(project / "runs" / new)

    return train


def test_the_same_training_makes_the_same_bytes(made: Callable[..., Run], project: Path) -> None:
    found = reproduce(project, made(*QUICK, "split=stratified", "seed=7"))

    assert (found.same, found.model, found.apart, found.inputs) == (True, True, 0.0, ())
    assert found.rows > 0
    assert len(list((project / "runs").iterdir())) == 1
    assert not list(project.glob(".again-*"))


@pytest.mark.parametrize("model", [*FEW, "logistic"])
def test_every_packaged_model_is_reproduced(model: str, made: Callable[..., Run], project: Path) -> None:
    assert reproduce(project, made(f"model={model}", *FEW.get(model, []))).same


def test_folds_are_reproduced_too(made: Callable[..., Run], project: Path) -> None:
    run = made(*QUICK, "split=stratified", "split.folds=3")

    found = reproduce(project, run)

    assert (found.same, found.apart) == (True, 0.0)
    file = run.folder / "out_of_fold.parquet"
    other = pl.read_parquet(file).with_columns(pl.col("probability: yes") + 0.25)
    other.write_parquet(file)
    seal(run.folder, run.id)
    assert (found := reproduce(project, run)).apart == pytest.approx(0.25)
    assert not found.same


def test_what_a_person_changed_in_train_py_is_run_again_too(made: Callable[..., Run], project: Path) -> None:
    file = project / "train.py"
    file.write_text(
        file.read_text().replace("model = fit(project.model, parts)", "model = fit(project.model, parts)\n    seen()")
        + "\n\ndef seen() -> None:\n    from pathlib import Path\n\n    Path('seen').write_text('yes')\n"
    )
    text = file.read_text()
    main, _, own = text.rpartition('if __name__ == "__main__":\n    main()\n')
    file.write_text(main + own + '\n\nif __name__ == "__main__":\n    main()\n')
    run = made()
    (project / "seen").unlink()

    assert reproduce(project, run).same
    assert (project / "seen").read_text() == "yes"


def test_other_data_is_told(made: Callable[..., Run], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made()
    file = project / "data" / "people.csv"
    file.write_text(file.read_text().replace("Oslo", "Rome"))

    assert command(["reproduce", run.id]) == 1
    said = capsys.readouterr().out
    assert "data: data/people.csv has changed" in said
    assert f"{run.id} is not reproduced" in said
    assert command(["reproduce", run.id, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["inputs"] == ["data: data/people.csv has changed"]


def test_other_code_is_told_and_its_patch_is_kept(made: Callable[..., Run], project: Path) -> None:
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "start"]):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *words], cwd=project, check=True)
    hooks = project / "hooks.py"
    hooks.write_text(f"{hooks.read_text()}\nLIMIT = 3\n")
    run = made()
    assert "+LIMIT = 3" in (run.folder / "changes.patch").read_text()
    assert run.facts["git"]["dirty"] is True

    subprocess.run(["git", "checkout", "-q", "hooks.py"], cwd=project, check=True)
    found = reproduce(project, run)
    assert found.inputs == ("code: hooks.py has changed",)

    subprocess.run(["git", "apply", str(run.folder / "changes.patch")], cwd=project, check=True)
    assert reproduce(project, run).inputs == ()


def test_a_run_that_was_changed_is_not_trained_again(made: Callable[..., Run], project: Path) -> None:
    run = made()
    (run.folder / "config.yaml").write_text("name: other\n")

    with pytest.raises(Mistake, match=r"config\.yaml"):
        reproduce(project, run)


def test_a_train_py_that_keeps_no_run_is_told(made: Callable[..., Run], project: Path) -> None:
    run = made()
    (project / "train.py").write_text("import hooks\n\n\ndef main() -> None:\n    print(hooks)\n")

    with pytest.raises(Mistake, match="no function main under @entry"):
        reproduce(project, run)
    forget_modules()


def test_the_packages_of_a_run_are_kept_with_it(made: Callable[..., Run]) -> None:
    lines = (made().folder / "packages.txt").read_text().splitlines()

    names = [line.split("==")[0] for line in lines]
    assert names == sorted(set(names))
    assert {"catboost", "overture", "polars"} <= set(names)
