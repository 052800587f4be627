"""Serve prices over HTTP:  bentoml serve

Written by overture from conf/. Change conf/ first; what you change here is kept when `overture generate` runs again.
"""

from typing import Annotated

import bentoml
import hooks
from pydantic import Field

from overture.runtime.serving import Answers, Estimate, EstimateExplanation, Predictor, Row, Rows, http_service


class House(Row):
    """One row."""

    rooms: Annotated[int, Field(ge=0)]
    income: float


class Houses(Rows):
    """The body of a request."""

    rows: Annotated[list[House], Field(min_length=1, max_length=1000)]


@bentoml.service(
    name="prices",
    workers=1,
    traffic={"timeout": 10},
    http={"port": 3000},
    envs=[{"name": "OMP_NUM_THREADS", "value": "1"}],
    service_class=http_service(max_bytes=8_388_608),
)
class Service:
    """What does this house cost?"""

    def __init__(self) -> None:
        self.predictor = Predictor.in_production("prices", House, hooks)

    @bentoml.api(input_spec=Houses, output_spec=Answers[Estimate])
    def predict(self, rows: list[House]) -> Answers[Estimate]:
        """The prediction for each row, in order."""
        return self.predictor.predict(rows)

    @bentoml.api(input_spec=Houses, output_spec=Answers[EstimateExplanation])
    def explain(self, rows: list[House]) -> Answers[EstimateExplanation]:
        """What each column added to each prediction."""
        return self.predictor.explain(rows)
