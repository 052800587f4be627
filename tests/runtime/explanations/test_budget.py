"""What is asked of a model for its report follows from what a prediction costs, in counts alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from overture.runtime import shapley
from overture.runtime.explanations.explaining import explained
from overture.runtime.explanations.subject import Subject
from overture.runtime.model import Cost, Explanation, Fitted
from overture.runtime.models.sklearn import Sklearn

from ..models.plain_rows import training
from .test_explanations import Weighted, subject


class Asked(Weighted):
    """Counts the rows it is asked for; its SHAP values are sampled."""

    def __init__(self, known: Any, cost: Cost) -> None:
        super().__init__(known)
        self.cost, self.rows = cost, 0

    def raw(self, frame: pl.DataFrame) -> Any:
        self.rows += frame.height
        return super().raw(frame)

    def explain(self, frame: pl.DataFrame) -> Explanation:
        x = frame["x"].fill_null(0.5).to_numpy()[:, None]

        def score(matrix: Any) -> Any:
            self.rows += len(matrix)
            return 2 * matrix[:, :1]

        usual = shapley.usual(np.linspace(-1, 1, 50)[:, None])
        found = shapley.contributions(score, x, usual, np.array([0]), len(self.schema.inputs))
        label = 0.5 * (frame["label"] == "b").to_numpy()
        found[:, 1, 0] += label
        return Explanation(2 * usual.mean(axis=0), found, "sampled", exact=False)


def told(cost: Cost, learned: int = 0, **settings: Any) -> tuple[int, dict[str, Any]]:
    """How many predictions were made to explain a model, and what came of it."""
    asked: Subject = subject("regression", 4000, **settings)
    model = Asked(asked.schema, cost)
    found = explained(replace(asked, model=model, learned=learned))
    return model.rows, found


def test_a_model_is_asked_less_the_dearer_a_prediction_is() -> None:
    asked = [told(Cost(cost))[0] for cost in (1.0, 50.0, 1000.0, 50_000.0)]

    assert asked == sorted(asked, reverse=True)
    assert asked[0] > 20_000
    # what every part needs at least, beside a share of the 4,000 test rows
    assert asked[-1] < 1500


def test_where_learning_was_dear_more_is_asked() -> None:
    assert told(Cost(1000.0, 1e5), 10_000)[0] > 5 * told(Cost(1000.0), 10_000)[0]


def test_a_declared_number_of_predictions_is_nearly_used_up_and_kept_to() -> None:
    for declared in (20_000, 60_000):
        asked, _ = told(Cost(50_000.0), predictions=declared)
        assert declared / 4 < asked < 1.05 * declared


def test_of_how_many_rows_it_is_is_told() -> None:
    _, dear = told(Cost(50_000.0))

    assert dear["shuffled"] == {"rows": 75, "repeats": 1}
    assert all(one["of"] <= 20 for one in dear["dependence"])
    assert dear["shap"] is None
    assert "explanations.predictions" in dear["notes"][0]
    _, cheap = told(Cost(1.0))
    assert cheap["shuffled"]["repeats"] == 5
    assert cheap["shap"]["rows"] > 50
    assert cheap["notes"] == []


@pytest.mark.parametrize(
    "estimator",
    ["sklearn.neighbors.KNeighborsClassifier", "sklearn.ensemble.RandomForestClassifier", "sklearn.svm.SVC"],
)
def test_less_is_sampled_and_still_adds_up(estimator: str) -> None:
    frame, schema = training("binary")
    params = {"probability": True} if estimator.endswith("SVC") else {}
    model: Fitted = Sklearn(estimator=estimator, params=params, threads=1, seed=1).fit(
        frame, None, schema, lambda done, most: None
    )
    few = frame.head(5)
    whole = model.explain(few)
    with shapley.sampling(shapley.Effort(pairs=1, usual=5)):
        found = model.explain(few)

    np.testing.assert_allclose(found.base + found.contributions.sum(axis=1), model.raw(few), atol=1e-6)
    np.testing.assert_array_equal(model.explain(few).contributions, whole.contributions)
    assert np.array_equal(found.contributions, whole.contributions) == whole.exact
