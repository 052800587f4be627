"""Serve rents over HTTP:  bentoml serve

Written by overture from conf/. Change conf/ first; what you change here is kept
when `overture generate` runs again.
"""

import datetime as dt
from typing import Annotated

import bentoml
from overture.runtime.serving import (
    Answers,
    Estimate,
    EstimateExplanation,
    Predictor,
    Row,
    Rows,
    http_service,
)
from pydantic import Field

import hooks


class RentsRow(Row):
    """One row."""

    area: Annotated[float, Field(ge=10.0, le=500.0, description="in square metres")]
    rooms: Annotated[int, Field(ge=1)]
    district: Annotated[str, Field(description="known: center, north, south, harbour")]
    built: Annotated[dt.date, Field(ge=dt.date(1850, 1, 1))]
    distance: Annotated[float | None, Field(ge=0.0, description="to the next station in km")]


class RentsRows(Rows):
    """The body of a request."""

    rows: Annotated[list[RentsRow], Field(min_length=1, max_length=1000)]


@bentoml.service(
    name="rents",
    workers=1,
    traffic={"timeout": 10},
    http={"port": 3000},
    envs=[{"name": "OMP_NUM_THREADS", "value": "1"}],
    service_class=http_service(
        max_bytes=8388608,
        max_waiting=1000,
    ),
)
class Rents:
    """Predicts price."""

    def __init__(self) -> None:
        self.predictor = Predictor.in_production("rents", RentsRow, hooks)

    @bentoml.api(input_spec=RentsRows, output_spec=Answers[Estimate])
    def predict(self, rows: list[RentsRow]) -> Answers[Estimate]:
        """The prediction for each row, in order."""
        return self.predictor.predict(rows)

    @bentoml.api(input_spec=RentsRows, output_spec=Answers[EstimateExplanation])
    def explain(self, rows: list[RentsRow]) -> Answers[EstimateExplanation]:
        """What each column added to each prediction."""
        return self.predictor.explain(rows)
