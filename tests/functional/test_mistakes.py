"""What a person gets wrong is told in a sentence with its file and line, by every command alike, and nothing is lost."""

import pytest

QUICK = ("model.params.max_iter=200", "evaluation.replicates=20")


@pytest.fixture
def project(make_project, terminals):
    root = make_project(rows=800)
    project = terminals(root)
    project("overture", "generate")
    return project


def replace(project, name, old, new):
    path = project.folder / "conf" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "said"),
    [
        (
            "data/people.yaml",
            "data/people.csv",
            "data/poeple.csv",
            2,
            'conf/data/people.yaml:3   sources.people.path: there is no file data/poeple.csv. Did you mean "data/people.csv"?',
        ),
        ("data/people.yaml", "max: 120", "max: 60", 1, "conf/data/people.yaml:7   columns.age.max: "),
        ("data/people.yaml", "Rome", "rome", 1, 'say "Rome", which is not allowed. Did you mean "rome"?'),
        ("config.yaml", "target: left\n", "", 2, "conf/config.yaml   target: has no value yet"),
        ("config.yaml", "seed: 42", "sede: 42", 2, 'conf/config.yaml:14   sede: there is no such key. Did you mean "seed"?'),
    ],
)  # fmt: skip
def test_check_and_training_tell_a_fault_alike(project, name, old, new, code, said):
    replace(project, name, old, new)

    for words in (("overture", "check"), ("python", "train.py")):
        found = project(*words, code=code)
        assert said in found
        assert "1 problem. Nothing was changed." in found
    assert not list(project.folder.glob("runs/*"))


def test_a_sweep_may_be_asked_for_anywhere_among_the_overrides(project):
    said = project("python", "train.py", "seed=1", "-m", "model.params.C=0.1,1", *QUICK)

    assert "seed=1 model.params.C=0.1" in said
    assert len(project.runs()) == 2


def test_one_bad_job_of_a_sweep_is_told_and_the_others_go_on(project):
    said = project("python", "train.py", "-m", "split.test=0.2,2", *QUICK, code=2)

    assert "split.test: must be less than 1.0, not 2" in said
    assert "1 job failed" in said
    assert len(project.runs()) == 1


def test_a_model_that_was_changed_is_neither_promoted_nor_trained_anew_nor_served(project):
    project("python", "train.py", *QUICK)
    project("overture", "promote", "best")
    (run,) = project.runs()
    (model,) = (project.folder / "runs" / run["id"] / "model").iterdir()
    model.chmod(0o644)
    model.write_bytes(model.read_bytes()[:-1])

    said = f"runs/{run['id']}/model/{model.name} was changed after the run was recorded."
    people = project.folder / "data" / "people.csv"
    assert said in project("overture", "promote", run["id"], code=2)
    assert said in project("overture", "score", str(people), "-o", "out.csv", code=2)
    assert said in project("python", "train.py", *QUICK, code=2)
    assert said in project("bentoml", "serve", "--port", "1", code=1)


def test_a_run_that_is_gone_is_said_to_be_gone(project):
    project("python", "train.py", *QUICK)
    project("overture", "promote", "best")
    (run,) = project.runs()
    (project.folder / "runs" / run["id"]).rename(project.folder / "elsewhere")

    said = project("bentoml", "serve", "--port", "1", code=1)

    assert f"runs/{run['id']} is not here." in said
