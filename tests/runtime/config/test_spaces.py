"""What a search may choose from is written in Hydra's words, in YAML and on the command line alike."""

import pytest

from overture.runtime.config.grid import expanded
from overture.runtime.config.searching import without_sweep
from overture.runtime.config.spaces import described, space
from overture.runtime.errors import Mistake

PARAMS = {
    "model.params.depth": "range(4, 11)",
    "model.params.rate": "tag(log, interval(0.01, 1))",
    "model.params.leaf": "tag(log, int(interval(5, 200)))",
    "model.params.kind": ["a b", None, 3, True],
}


def test_words_of_hydra_become_distributions():
    found = space(PARAMS, ["sweep=optuna", "name=x"])

    assert {key: described(value) for key, value in found.keys.items()} == {
        "++model.params.depth": "whole numbers from 4 to 10",  # as Hydra's range, without its end
        "++model.params.rate": "0.01 to 1.0, logarithmic",
        "++model.params.leaf": "whole numbers from 5 to 200, logarithmic",
        "++model.params.kind": "'a b', null, 3 or True",
    }
    assert found.fixed == ["sweep=optuna", "name=x"]


def test_what_is_typed_stands_for_what_is_packaged():
    fixed = space(PARAMS, ["++model.params.depth=6", "++model.params.rate=0.1,0.2"])

    assert "++model.params.depth" not in fixed.keys
    assert fixed.fixed == ["++model.params.depth=6"]
    assert described(fixed.keys["++model.params.rate"]) == "0.1 or 0.2"


def test_the_overrides_of_a_trial_give_its_values_back():
    found = space(PARAMS, ["a=1"])
    values = {
        "++model.params.depth": 7,
        "++model.params.rate": 0.1 + 0.2,
        "++model.params.leaf": 9,
        "++model.params.kind": "null",
    }

    words = found.overrides(values)

    assert words[0] == "a=1"
    assert "++model.params.kind=null" in words
    assert found.params(words) == values


@pytest.mark.parametrize("key", ["data.sources.x.path", "split.test", "seed", "evaluation.objective", "target"])
def test_a_search_does_not_vary_what_its_trials_are_judged_by(key):
    with pytest.raises(Mistake, match="cannot vary"):
        space({}, [f"{key}=1,2"])


def test_every_value_that_cannot_be_read_is_told_at_once():
    with pytest.raises(Mistake) as told:
        space({"model.params.a": "range(1,", "model.params.b": "interval(0, 1)"}, ["model.params.c=choice("])

    assert [problem.path or problem.key for problem in told.value.problems] == [
        ("sweep", "params", "model.params.a"),
        "model.params.c=choice(",
    ]


def test_a_search_of_nothing_says_what_to_write():
    with pytest.raises(Mistake, match="no values to choose from"):
        space({}, ["model=logistic"])


def test_a_grid_cannot_count_an_interval():
    with pytest.raises(Mistake, match="an interval has too many values for a grid"):
        expanded(["a=interval(0, 1)"])
    with pytest.raises(Mistake, match="a grid needs values it can count"):
        space({"model.params.C": "interval(0, 1)"}, []).combinations()
    assert space({"model.params.C": [1, 2], "model.params.k": "range(1, 3)"}, []).combinations() == [
        {"++model.params.C": "1", "++model.params.k": 1},
        {"++model.params.C": "1", "++model.params.k": 2},
        {"++model.params.C": "2", "++model.params.k": 1},
        {"++model.params.C": "2", "++model.params.k": 2},
    ]


def test_a_run_has_none_of_the_words_of_its_search():
    words = ["sweep=catboost", "sweep.trials=3", "+sweep.model=x", "model=catboost", "++model.params.depth=4"]

    assert without_sweep(words) == ["model=catboost", "++model.params.depth=4"]
