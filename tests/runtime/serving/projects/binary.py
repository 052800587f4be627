"""Serve churn over HTTP:  bentoml serve

Written by overture from conf/. Change conf/ first; what you change here is kept when `overture generate` runs again.
"""

from typing import Annotated, Literal

import bentoml
import hooks
from pydantic import Field

from overture.runtime.serving import Answers, BinaryExplanation, Prediction, Predictor, Row, Rows, http_service


class Customer(Row):
    """One row per customer, as of the end of the month."""

    customer_id: Annotated[str | None, Field(alias="customerID", description="echoed as id")] = None
    tenure: Annotated[int, Field(ge=0, le=120, description="months since signup")]
    senior: Annotated[Literal[0, 1], Field(alias="Senior Citizen")]
    contract: Annotated[Literal["Month-to-month", "One year", "Two year"], Field(alias="Contract")]
    total_charges: Annotated[float | None, Field(alias="TotalCharges")]
    paperless: bool


class Customers(Rows):
    """The body of a request."""

    rows: Annotated[list[Customer], Field(min_length=1, max_length=1000)]


Churn = Literal["No", "Yes"]


@bentoml.service(
    name="churn",
    workers=1,
    traffic={"timeout": 10},
    http={"port": 3000},
    envs=[{"name": "OMP_NUM_THREADS", "value": "1"}],
    service_class=http_service(max_bytes=8_388_608),
)
class Service:
    """Will this customer leave within a month?"""

    def __init__(self) -> None:
        self.predictor = Predictor.in_production("churn", Customer, hooks)

    @bentoml.api(input_spec=Customers, output_spec=Answers[Prediction[Churn]])
    def predict(self, rows: list[Customer]) -> Answers[Prediction[Churn]]:
        """The prediction for each row, in order."""
        return self.predictor.predict(rows)

    @bentoml.api(input_spec=Customers, output_spec=Answers[BinaryExplanation[Churn]])
    def explain(self, rows: list[Customer]) -> Answers[BinaryExplanation[Churn]]:
        """What each column added to each prediction."""
        return self.predictor.explain(rows)
