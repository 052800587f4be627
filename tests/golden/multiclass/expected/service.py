"""Serve crops over HTTP:  bentoml serve

Written by overture from conf/. Change conf/ first; what you change here is kept
when `overture generate` runs again.
"""

from typing import Annotated, Literal

import bentoml
from overture.runtime.serving import (
    Answers,
    MulticlassExplanation,
    Prediction,
    Predictor,
    Row,
    Rows,
    http_service,
)
from pydantic import Field

import hooks

CropsLabel = Literal["oats", "rye", "wheat"]


class CropsRow(Row):
    """One row per field and year."""

    rain_mm_day: Annotated[
        float, Field(ge=0.0, le=50.0, description='mean of the "wet" months', alias="rain (mm/day)")
    ]
    import_: Annotated[
        float,
        Field(ge=0.0, le=10.0, description="nutrients bought, C:\\farm\\list", alias="import"),
    ]
    boden: Annotated[
        Literal["loam", "sand", "Löss"], Field(description="what the soil is", alias="Boden")
    ]
    copy_: Annotated[Literal[0, 1, 2, 3, 4], Field(description="code of the survey", alias="copy")]
    fallow: Annotated[bool, Field(alias="fallow?")]


class CropsRows(Rows):
    """The body of a request."""

    rows: Annotated[list[CropsRow], Field(min_length=1, max_length=1000)]


@bentoml.service(
    name="crops",
    workers=1,
    traffic={"timeout": 10},
    http={"port": 3000},
    envs=[{"name": "OMP_NUM_THREADS", "value": "1"}],
    service_class=http_service(
        max_bytes=8388608,
        max_waiting=1000,
    ),
)
class Crops:
    """Which crop grows best on a field; "best" is the yield in t/ha."""

    def __init__(self) -> None:
        self.predictor = Predictor.in_production("crops", CropsRow, hooks)

    @bentoml.api(input_spec=CropsRows, output_spec=Answers[Prediction[CropsLabel]])
    def predict(self, rows: list[CropsRow]) -> Answers[Prediction[CropsLabel]]:
        """The prediction for each row, in order."""
        return self.predictor.predict(rows)

    @bentoml.api(input_spec=CropsRows, output_spec=Answers[MulticlassExplanation[CropsLabel]])
    def explain(self, rows: list[CropsRow]) -> Answers[MulticlassExplanation[CropsLabel]]:
        """What each column added to each prediction."""
        return self.predictor.explain(rows)
