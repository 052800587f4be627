"""Serve churn over HTTP:  bentoml serve

Written by overture from conf/. Change conf/ first; what you change here is kept
when `overture generate` runs again.
"""

from typing import Annotated, Literal

import bentoml
from overture.runtime.serving import (
    Answers,
    BinaryExplanation,
    Prediction,
    Predictor,
    Row,
    Rows,
    http_service,
)
from pydantic import Field

import hooks

ChurnLabel = Literal["No", "Yes"]


class ChurnRow(Row):
    """One row per customer, as of the end of the month."""

    customer_id: Annotated[str | None, Field(description="echoed as id", alias="customerID")] = None
    gender: Literal["Female", "Male"]
    senior: Annotated[int, Field(ge=0, le=1, description="1 from 65 years on")]
    partner: Annotated[Literal["No", "Yes"], Field(description="lives with a partner")]
    dependents: Literal["No", "Yes"]
    tenure: Annotated[int, Field(ge=0, le=120, description="months since signup")]
    phone: Literal["No", "Yes"]
    lines: Annotated[Literal["No", "Yes"], Field(description="more than one line")]
    internet: Literal["DSL", "Fiber optic", "No"]
    security: Literal["No", "Yes"]
    backup: Literal["No", "Yes"]
    protection: Literal["No", "Yes"]
    support: Literal["No", "Yes"]
    tv: Literal["No", "Yes"]
    movies: Literal["No", "Yes"]
    contract: Annotated[Literal["Month-to-month", "One year", "Two year"], Field(alias="Contract")]
    paperless: Literal["No", "Yes"]
    payment: Literal["Bank transfer (automatic)", "Electronic check", "Mailed check"]
    monthly_charges: Annotated[
        float, Field(ge=0.0, le=200.0, description="in dollars", alias="MonthlyCharges")
    ]
    total_charges: Annotated[
        float | None, Field(ge=0.0, description="in dollars since signup", alias="TotalCharges")
    ]


class ChurnRows(Rows):
    """The body of a request."""

    rows: Annotated[list[ChurnRow], Field(min_length=1, max_length=1000)]


@bentoml.service(
    name="churn",
    workers=1,
    traffic={"timeout": 10},
    http={"port": 3000},
    envs=[{"name": "OMP_NUM_THREADS", "value": "1"}],
    service_class=http_service(
        max_bytes=8388608,
        max_waiting=1000,
    ),
)
class Churn:
    """Which customers leave within the next month."""

    def __init__(self) -> None:
        self.predictor = Predictor.in_production("churn", ChurnRow, hooks)

    @bentoml.api(input_spec=ChurnRows, output_spec=Answers[Prediction[ChurnLabel]])
    def predict(self, rows: list[ChurnRow]) -> Answers[Prediction[ChurnLabel]]:
        """The prediction for each row, in order."""
        return self.predictor.predict(rows)

    @bentoml.api(input_spec=ChurnRows, output_spec=Answers[BinaryExplanation[ChurnLabel]])
    def explain(self, rows: list[ChurnRow]) -> Answers[BinaryExplanation[ChurnLabel]]:
        """What each column added to each prediction."""
        return self.predictor.explain(rows)
