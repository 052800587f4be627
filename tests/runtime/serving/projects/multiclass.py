"""Serve beans over HTTP:  bentoml serve

Written by overture from conf/. Change conf/ first; what you change here is kept when `overture generate` runs again.
"""

from datetime import date, datetime
from typing import Annotated

import bentoml
import hooks
from pydantic import Field

from overture.runtime.serving import (
    Answers,
    MulticlassExplanation,
    Prediction,
    Predictor,
    Row,
    Rows,
    Zone,
    http_service,
)


class Bean(Row):
    """One row per bean."""

    area: Annotated[float, Field(ge=0, alias="Area (px²)")]
    shop: str
    colour: Annotated[str | None, Field(description="one of red, green")]
    picked: date
    seen: Annotated[datetime, Zone("Europe/Berlin")]
    notes: str | None


class Beans(Rows):
    """The body of a request."""

    rows: Annotated[list[Bean], Field(min_length=1, max_length=100)]


@bentoml.service(
    name="beans",
    workers=2,
    traffic={"timeout": 10},
    http={"port": 3000},
    envs=[{"name": "OMP_NUM_THREADS", "value": "1"}],
    service_class=http_service(max_bytes=100_000),
)
class Service:
    """Which bean is it?"""

    def __init__(self) -> None:
        self.predictor = Predictor.in_production("beans", Bean, hooks)

    @bentoml.api(input_spec=Beans, output_spec=Answers[Prediction[int]])
    def predict(self, rows: list[Bean]) -> Answers[Prediction[int]]:
        """The prediction for each row, in order."""
        return self.predictor.predict(rows)

    @bentoml.api(input_spec=Beans, output_spec=Answers[MulticlassExplanation[int]])
    def explain(self, rows: list[Bean]) -> Answers[MulticlassExplanation[int]]:
        """What each column added to each prediction."""
        return self.predictor.explain(rows)
