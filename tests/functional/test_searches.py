"""Searches: judged on validation rows, never on test rows; they go on where they ended, and the best becomes a run."""

import builtins
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from overture.generator.project import regenerate
from overture.runtime.config.spaces import space
from overture.runtime.runs.store import runs
from overture.runtime.sweeps.job import FOLD
from overture.runtime.sweeps.sweep import find

from ..conftest import CONFIG, DATA, people

ROOT = Path(__file__).resolve().parents[2]
OWN = """# @package _global_
defaults: [optuna, _self_]
sweep:
  trials: 2
  model: logistic
  first: {model.params.C: 0.25}
  params: {model.params.C: "interval(0.1, 1)", model.params.tol: "interval(0.00001, 0.001)"}
"""
SEARCH = ("train.py", "sweep=logistic", "evaluation.replicates=20", "explanations=null")


@pytest.fixture
def root(make_project):
    found = make_project()
    regenerate(found)
    return found


def trials(root):
    """What is known of each trial, but for its time and process."""
    return [(job.number, job.overrides, job.state, job.scores) for job in find(root, "last").jobs()]


def test_the_best_trial_becomes_a_run_that_is_judged_on_test_rows(root, here):
    code, said = here(root, *SEARCH, "sweep.trials=5")

    sweep = find(root, "last")
    assert code == 0
    assert said.count("\nvalidate  logistic") == 5 or said.count("\nvalidate  ") == 5
    (run,) = runs(root)
    best = min(sweep.jobs(), key=lambda job: job.scores["log_loss"])
    assert sweep.best()["trial"] == best.number
    assert sweep.best()["run"] == run.id
    assert f"Trial {best.number} is the best. The same run again:  python train.py evaluation" in said
    command = said.split("The same run again:  python ")[1].splitlines()[0].split()
    assert (
        here(root, *command)
        == (0, f"find      runs/{run.id}: nothing has changed since this run, so it is kept   0.0 s\n")
        or len(runs(root)) == 1
    )
    assert run.told
    assert (root / "sweeps" / sweep.id / "leaderboard.html").is_file()
    found = json.loads(here(root, "runs", "--sweep", sweep.id, "--json")[1])
    assert [item["id"] for item in found["runs"]] == [run.id]


def test_a_search_goes_on_where_it_ended_as_if_it_had_never_ended(root, here, tmp_path):
    shutil.copytree(root, tmp_path / "other" / "churn")
    here(root, *SEARCH, "sweep.trials=3")
    first = trials(root)

    code, said = here(root, *SEARCH, "sweep.trials=12")
    here(tmp_path / "other" / "churn", *SEARCH, "sweep.trials=12")

    assert code == 0
    stopped = sum(it[2] == "pruned" for it in trials(root)[3:])
    assert said.count("\nvalidate  ") == 9 - stopped
    assert [it[2:] for it in trials(root)[:3]] == [it[2:] for it in first]
    without = [[(n, [w for w in words if not w.startswith("sweep.trials")], *rest) for n, words, *rest in found]
               for found in (trials(root), trials(tmp_path / "other" / "churn"))]  # fmt: skip
    assert without[0] == without[1]


def test_no_test_row_has_a_say_in_the_choice(make_project, here):
    config = CONFIG.format(model="logistic").replace("split: random", "split: predefined")
    data = DATA.replace("columns:\n", "columns:\n  part:   {type: category}\n")
    root = make_project(config + "split: {column: part}\n", data)
    lines = people().splitlines()
    parts = ["part", *("test" if i % 4 == 0 else "valid" if i % 4 == 1 else "train" for i in range(len(lines) - 1))]

    def flipped(line, part, flip):
        if part != "test" or not flip:
            return f"{line},{part}"
        before, _, label = line.rpartition(",")
        return f"{before},{'no' if label == 'yes' else 'yes'},{part}"

    found = []
    for flip in (False, True):
        text = "\n".join(flipped(line, part, flip) for line, part in zip(lines, parts, strict=True))
        (root / "data" / "people.csv").write_text(text + "\n")
        regenerate(root)
        assert here(root, *SEARCH, "sweep.trials=4")[0] == 0
        found.append(trials(root))

    scores = [[it[3] for it in each] for each in found]
    assert scores[0] == scores[1]
    assert len({run.objective for run in runs(root)}) == 2


def test_a_trial_that_fails_ends_nothing_and_is_listed(root, here):
    code, said = here(root, *SEARCH, "model.params.C=1,2,wrong", "sweep.sampler=grid")

    assert code == 0
    assert "3 trials, 1 failed. Judged by 3 folds." in said
    assert "1 job failed; the reasons stand above." in said
    assert [job.state for job in find(root, "last").jobs()] == ["finished", "finished", "failed"]
    again = here(root, *SEARCH, "model.params.C=1,2,wrong", "sweep.sampler=grid")[1]
    assert again.count("\nvalidate  ") == 0
    assert "3 trials, 1 failed." in again


def test_several_objectives_keep_the_best_compromises(root, here):
    code, said = here(root, *SEARCH, "sweep.trials=4", "sweep.objectives=[log_loss,roc_auc]", "sweep.sampler=random")

    assert code == 0
    assert find(root, "last").metrics == {"log_loss": False, "roc_auc": True}
    assert all(job.scores.keys() == {"log_loss", "roc_auc"} for job in find(root, "last").jobs())
    assert "no other is better in all" in said


def test_folds_judge_where_the_split_has_them_and_numbers_only_suit_cmaes(root, here):
    code, said = here(root, *SEARCH, "sweep.trials=4", "+split.folds=3", "sweep.sampler=cmaes")

    assert code == 0
    assert said.count("\nvalidate  log_loss") == 4
    assert " ± " in said


def test_the_first_trial_takes_the_values_that_are_known_to_be_good(root, here):
    (root / "conf" / "sweep").mkdir(exist_ok=True)
    (root / "conf" / "sweep" / "own.yaml").write_text(OWN)
    code, said = here(root, "train.py", "sweep=own", "evaluation.replicates=20", "explanations=null")

    assert code == 0, said
    chosen = [dict(word.lstrip("+").split("=", 1) for word in job.overrides) for job in find(root, "last").jobs()]
    assert chosen[0]["model.params.C"] == "0.25"
    assert chosen[1]["model.params.C"] != "0.25"
    assert all(1e-5 <= float(words["model.params.tol"]) <= 1e-3 for words in chosen)


def test_a_first_value_that_cannot_be_chosen_is_told_where_it_stands(root, here):
    (root / "conf" / "sweep").mkdir(exist_ok=True)
    own = OWN.replace("C: 0.25}", "C: 0.25, model.params.tol: 9, model.params.max_iter: 7}")
    (root / "conf" / "sweep" / "own.yaml").write_text(
        own.replace("params: {", "params: {model.params.max_iter: 1000, ")
    )
    code, said = here(root, "train.py", "sweep=own")

    assert code == 2
    assert 'conf/sweep/own.yaml:6   sweep.first."model.params.tol": must be 1e-05 to 0.001, not 9. Change it' in said
    assert 'conf/sweep/own.yaml:6   sweep.first."model.params.max_iter": must be 1000, not 7. Change it' in said
    assert "2 problems." in said
    assert not (root / "sweeps").exists()

    code, said = here(root, "train.py", "sweep=logistic", "sweep.first={model.params.C: 5000}")
    assert code == 2
    assert "command line   sweep.first" in said
    assert "must be 0.0001 to 1000.0, logarithmic, not 5000." in said


def test_values_of_a_search_that_cannot_be_read_are_told_where_they_stand(root, here):
    (root / "conf" / "sweep").mkdir(exist_ok=True)
    (root / "conf" / "sweep" / "own.yaml").write_text(OWN.replace("interval(0.1, 1)", "interval(0.1, 1"))
    code, said = here(root, "train.py", "sweep=own")

    assert code == 2
    assert (
        'conf/sweep/own.yaml:7   sweep.params."model.params.C": interval(0.1, 1 cannot be read. Write it as range('
        in said
    )


def test_a_grid_begins_with_the_values_that_are_known_to_be_good(root, here):
    words = ("model.params.C=2,0.5,1,3", "sweep.sampler=grid", "sweep.trials=2")
    assert here(root, *SEARCH, *words)[0] == 0

    assert [job.overrides[-1] for job in find(root, "last").jobs()] == ["++model.params.C=1", "++model.params.C=2"]


def test_a_packaged_first_value_steps_back_where_others_are_typed(root, here):
    code, said = here(root, *SEARCH, "model.params.C=0.5,2", "sweep.sampler=grid")

    assert code == 0, said
    assert [job.overrides[-1] for job in find(root, "last").jobs()] == ["++model.params.C=0.5", "++model.params.C=2"]


@pytest.mark.parametrize("folds", ["3", "null"])
@pytest.mark.parametrize("model", ["catboost", "lightgbm", "xgboost"])
def test_trees_that_are_worse_on_the_way_are_stopped(root, here, model, folds):
    rounds = {"catboost": "iterations", "lightgbm": "num_iterations", "xgboost": "n_estimators"}[model]
    words = ("model.params.learning_rate=0.3,0.2,0.25,0.28,0.22,0.0001", "sweep.sampler=grid", "sweep.params={}")
    code, said = here(root, "train.py", "sweep=optuna", f"model={model}", f"model.params.{rounds}=300",
                      *words, f"sweep.folds={folds}", "evaluation.replicates=20", "explanations=null")  # fmt: skip

    assert code == 0, said
    jobs = find(root, "last").jobs()
    assert [job.state for job in jobs] == [*["finished"] * 5, "pruned"]
    assert max(jobs[-1].reports) < 300  # within the first fold
    assert "6 trials, 1 stopped early." in said
    best = min(jobs[:5], key=lambda job: job.scores["log_loss"])
    learned = re.findall(rf"^fit +{model} (.+ trees) ", said, re.MULTILINE)
    if folds == "null":
        assert best.settled == []
        assert "\nrefit " in said
    else:  # which found how many trees are best
        count = int(best.settled[0].removeprefix(f"++model.params.{rounds}="))
        assert best.settled[1:] == ["++model.early_stopping_rounds=null"]
        assert 1 <= count < 300
        assert learned == [f"{count} trees"]
        assert "\nrefit " not in said
    (run,) = runs(root)
    command = said.split("The same run again:  python ")[1].splitlines()[0].split()
    assert f"runs/{run.id}: nothing has changed" in here(root, *command)[1]


def test_a_trial_that_is_worse_after_a_fold_is_stopped(root, here):
    words = ("model.params.C=0.5,1,2,3,4,1e-7", "sweep.sampler=grid")
    code, said = here(root, *SEARCH, *words)

    assert code == 0, said
    jobs = find(root, "last").jobs()
    assert [job.state for job in jobs] == [*["finished"] * 5, "pruned"]
    assert [*jobs[-1].reports] == [FOLD]
    assert "<td>1 fold</td>" in (root / "sweeps" / find(root, "last").id / "leaderboard.html").read_text()


def test_members_of_a_stack_say_nothing_of_the_trial(root, here):
    few = (
        "catboost.params.iterations=60",
        "hist_gradient_boosting.params.max_iter=5",
        "extra_trees.params.n_estimators=5",
    )
    code, said = here(root, "train.py", "sweep=stack", "model=stack", "sweep.trials=1", "model.folds=2",
                      *(f"model.members.{word}" for word in few), *SEARCH[2:])  # fmt: skip

    assert code == 0, said
    assert [[*job.reports] for job in find(root, "last").jobs()] == [[FOLD, 2 * FOLD]]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sweep.sampler=tpo"], 'sweep.sampler: must be tpe, random, grid or cmaes, not "tpo". Did you mean "tpe"?'),
        (["sweep.trials=0"], "sweep.trials: must be 1 or more, not 0."),
        (["sweep.objectives=[rocauc]"], 'no metric is called "rocauc". Did you mean "roc_auc"?'),
        (["split.test=0.1,0.2"], "a search cannot vary split"),
        (["model.params.C=range(1,"], "cannot be read"),
        (["model=logistc"], "there is no conf/model/logistc.yaml."),
        (["sweep=grid"], "Choose a search that it belongs to, as sweep=optuna."),
    ],
)
def test_a_search_that_cannot_be_is_told_before_any_trial(root, here, words, told):
    code, said = here(root, *SEARCH, "sweep.trials=4", *words)

    assert code == 2
    assert told in said
    assert not (root / "sweeps").exists()
    assert not runs(root)


def test_searches_are_made_one_at_a_time(root, here):
    code, said = here(root, "train.py", "-m", "sweep=logistic,ridge")

    assert code == 2
    assert "sweep: searches are made one at a time." in said


def test_a_missing_package_is_told_with_the_command_that_brings_it(root, here, monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name.partition(".")[0] == "optuna":
            raise ModuleNotFoundError(f"No module named {name!r}", name="optuna")
        return real(name, *rest)

    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    monkeypatch.setattr(builtins, "__import__", missing)
    code, said = here(root, *SEARCH)

    assert code == 2
    assert 'needs the package optuna, which is not installed. Run: pip install "overture[optuna]"' in said


PACKAGED = sorted(file.stem for file in (ROOT / "conf" / "sweep").glob("*.yaml") if file.stem not in ("grid", "optuna"))
FEW = {
    "blend": ["model=blend", "model.members.catboost.params.iterations=10"],
    "catboost": ["model.params.iterations=10"],
    "ebm": ["model.params.max_rounds=10"],
    "lightgbm": ["model.params.num_iterations=10"],
    "stack": ["model=stack", "model.members.catboost.params.iterations=10", "model.folds=2"],
    "xgboost": ["model.params.n_estimators=10"],
}


UNSAID = {  # what the libraries take where a packaged model says nothing
    "catboost": {"l2_leaf_reg": 3, "random_strength": 1, "subsample": 0.8, "rsm": 1, "one_hot_max_size": 2},
    "ebm": {"learning_rate": 0.015, "max_leaves": 2, "min_samples_leaf": 4},
    "lightgbm": {"min_data_in_leaf": 20, "lambda_l2": 0, "feature_fraction": 1, "bagging_fraction": 1},
    "xgboost": {"min_child_weight": 1, "reg_lambda": 1, "subsample": 1, "colsample_bytree": 1},
    "extra_trees": ExtraTreesClassifier().get_params(),
    "hist_gradient_boosting": HistGradientBoostingClassifier().get_params(),
    "k_neighbors": KNeighborsClassifier().get_params(),
    "random_forest": RandomForestClassifier().get_params(),
}
OTHERWISE = {  # the least there is to choose, where nothing is packaged
    "hist_gradient_boosting": {"model.params.l2_regularization": 0.001},
    "lightgbm": {"model.params.lambda_l2": 0.001},
}


@pytest.mark.parametrize("name", PACKAGED)
def test_the_first_trial_of_a_packaged_search_is_the_packaged_model(name):
    asks = yaml.safe_load((ROOT / "conf" / "sweep" / f"{name}.yaml").read_text())["sweep"]
    model = yaml.safe_load((ROOT / "conf" / "model" / f"{asks['model']}.yaml").read_text())
    choices = space(asks["params"], [])

    def packaged(key):
        found = model
        *above, last = key.split(".")[1:]
        for part in above:
            found = found.get(part, {})
        return found[last] if last in found else UNSAID[name][last]

    assert {key: value for key, value in asks["first"].items() if packaged(key) != value} == OTHERWISE.get(name, {})
    assert not choices.unknown(asks["first"])
    open_ = {key.lstrip("+") for key in choices.keys} - asks["first"].keys()
    assert open_ == ({"model.params.max_features"} if name in ("extra_trees", "random_forest") else set())


@pytest.mark.parametrize("name", PACKAGED)
def test_every_packaged_search_is_valid(make_project, here, name):
    regression = CONFIG.format(model="ridge").replace("task: binary", "task: regression")
    regression = regression.replace('positive: "yes"\n', "").replace("target: left", "target: age")
    root = make_project(regression if name in ("ridge", "elastic_net") else "")
    regenerate(root)
    code, said = here(
        root,
        "train.py",
        f"sweep={name}",
        "sweep.trials=2",
        *FEW.get(name, []),
        "evaluation.replicates=20",
        "explanations=null",
    )

    assert code == 0, said
    assert "failed" not in said
    assert find(root, "last").best()["run"] == runs(root)[0].id
