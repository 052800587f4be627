"""Serve tickets over HTTP:  bentoml serve

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
    Zone,
    http_service,
)
from pydantic import Field

import hooks

TicketsLabel = bool


class TicketsRow(Row):
    """One row per ticket, when it comes in.

    Tickets that were merged count once.
    """

    ticket: Annotated[int | None, Field(description="echoed as id")] = None
    installed: Annotated[
        dt.datetime,
        Field(
            ge=dt.datetime(1999, 12, 31, 23, tzinfo=dt.UTC),
            description="when the machine was set up",
        ),
        Zone("Europe/Oslo"),
    ]
    serviced: Annotated[dt.date, Field(description="the last visit")]
    message: Annotated[str, Field(description="what the customer wrote")]
    channel: Literal["mail", "phone", "web"]


class TicketsRows(Rows):
    """The body of a request."""

    rows: Annotated[list[TicketsRow], Field(min_length=1, max_length=1000)]


@bentoml.service(
    name="tickets",
    workers=1,
    traffic={"timeout": 10},
    http={"port": 3000},
    envs=[{"name": "OMP_NUM_THREADS", "value": "1"}],
    service_class=http_service(
        max_bytes=8388608,
        max_waiting=1000,
    ),
)
class Tickets:
    """Will a ticket be answered late?"""

    def __init__(self) -> None:
        self.predictor = Predictor.in_production("tickets", TicketsRow, hooks)

    @bentoml.api(input_spec=TicketsRows, output_spec=Answers[Prediction[TicketsLabel]])
    def predict(self, rows: list[TicketsRow]) -> Answers[Prediction[TicketsLabel]]:
        """The prediction for each row, in order."""
        return self.predictor.predict(rows)

    @bentoml.api(input_spec=TicketsRows, output_spec=Answers[BinaryExplanation[TicketsLabel]])
    def explain(self, rows: list[TicketsRow]) -> Answers[BinaryExplanation[TicketsLabel]]:
        """What each column added to each prediction."""
        return self.predictor.explain(rows)
