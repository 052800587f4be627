"""With how many rounds the best configuration of a search is trained."""

import pytest

from overture.runtime.kinds import Kinds
from overture.runtime.model import MODELS
from overture.runtime.trial import _settled

STOPPED = {
    "catboost": ("iterations", {"learning_rate": 0.1}),
    "lightgbm": ("num_iterations", {}),
    "xgboost": ("n_estimators", {}),
}


def model(kind, **more):
    assert isinstance(MODELS, Kinds)
    return MODELS.of(None)[kind].model_validate({"kind": kind, **more})


@pytest.mark.parametrize("kind", STOPPED)
def test_as_many_as_the_folds_found_best_on_average(kind):
    param, params = STOPPED[kind]
    expected = [f"++model.params.{param}=21", "++model.early_stopping_rounds=null"]
    assert _settled(model(kind, params=params), (10, 20, 32)) == expected


@pytest.mark.parametrize(
    ("given", "rounds"),
    [
        ({"kind": "catboost"}, (10, 20)),  # whose learning rate follows from the number of trees
        ({"kind": "lightgbm", "early_stopping_rounds": None}, (100, 100)),
        ({"kind": "lightgbm", "calibration": "sigmoid"}, (10, 20)),  # which sets rows aside
        ({"kind": "xgboost"}, (10, None)),
        ({"kind": "sklearn", "estimator": "sklearn.linear_model.LogisticRegression"}, (10, 20)),
    ],
)
def test_early_stopping_stays_where_that_says_nothing(given, rounds):
    assert _settled(model(**given), rounds) == []
