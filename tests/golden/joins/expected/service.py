"""Serve parcels over HTTP:  bentoml serve

Written by overture from conf/. Change conf/ first; what you change here is kept
when `overture generate` runs again.
"""

import datetime as dt
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

ParcelsLabel = bool


class ParcelsRow(Row):
    """One row per parcel."""

    parcel: Annotated[int | None, Field(description="echoed as id")] = None
    sent: dt.date
    country: Literal["DE", "NO"]
    weight: Annotated[float, Field(ge=0.0, description="in kilograms")]
    distance: Annotated[float, Field(ge=0.0, description="in kilometres")]
    sort: Annotated[Literal["private", "trade"], Field(description="who ordered it")]
    density: Annotated[
        float | None, Field(ge=0.0, description="vehicles per day and the mean of the year")
    ]


class ParcelsRows(Rows):
    """The body of a request."""

    rows: Annotated[list[ParcelsRow], Field(min_length=1, max_length=1000)]


@bentoml.service(
    name="parcels",
    workers=1,
    traffic={"timeout": 10},
    http={"port": 3000},
    envs=[{"name": "OMP_NUM_THREADS", "value": "1"}],
    service_class=http_service(
        max_bytes=8388608,
        max_waiting=1000,
    ),
)
class Parcels:
    """Will a parcel arrive more than 20 minutes late?"""

    def __init__(self) -> None:
        self.predictor = Predictor.in_production("parcels", ParcelsRow, hooks)

    @bentoml.api(input_spec=ParcelsRows, output_spec=Answers[Prediction[ParcelsLabel]])
    def predict(self, rows: list[ParcelsRow]) -> Answers[Prediction[ParcelsLabel]]:
        """The prediction for each row, in order."""
        return self.predictor.predict(rows)

    @bentoml.api(input_spec=ParcelsRows, output_spec=Answers[BinaryExplanation[ParcelsLabel]])
    def explain(self, rows: list[ParcelsRow]) -> Answers[BinaryExplanation[ParcelsLabel]]:
        """What each column added to each prediction."""
        return self.predictor.explain(rows)
