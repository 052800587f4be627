"""What a caller gets back. Keys stand in the order of the fields; what a row has nothing to say about is left out."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

Label = TypeVar("Label", bound=bool | int | str)
Answered = TypeVar("Answered", bound="Answer")

Probabilities = Annotated[dict[str, float], Field(description="by class, in the order of the classes; they sum to 1")]
Shares = Annotated[dict[str, float], Field(description="what each column added to the raw score")]


class Answer(BaseModel):
    """The answer for one row."""

    model_config = ConfigDict(protected_namespaces=())

    id: Annotated[str | int | SkipJsonSchema[None], Field(description="the row's key, when it was sent")] = None
    warnings: Annotated[
        list[str] | SkipJsonSchema[None], Field(description="what was done with values never seen in training")
    ] = None

    model: Annotated[str | SkipJsonSchema[None], Field(description="who answered this row, when it was another")] = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name that the API's documents show."""
        return cls.__name__


class Prediction(Answer, Generic[Label]):
    """The class of one row and the probability of each."""

    prediction: Annotated[Label, Field(description="the most probable class")]
    probabilities: Probabilities


class BinaryExplanation(Prediction[Label], Generic[Label]):
    """base + the sum of contributions = the log-odds of the positive class; where the model is a forest, its probability."""

    base: Annotated[float, Field(description="the raw score before any column is looked at")]
    contributions: Shares


class MulticlassExplanation(Prediction[Label], Generic[Label]):
    """For each class: base + the sum of contributions = its raw score; where the model is a forest, its probability."""

    base: Annotated[dict[str, float], Field(description="by class: the raw score before any column is looked at")]
    contributions: Annotated[dict[str, dict[str, float]], Field(description="by class: what each column added")]


class Bounds(TypedDict):
    """Where the true value lies, in the share of cases that GET /model tells as interval.level."""

    low: float
    high: float


class Estimate(Answer):
    """The value predicted for one row."""

    prediction: float
    interval: Annotated[
        Bounds | SkipJsonSchema[None], Field(description="where the value lies, when the model says so")
    ] = None


class EstimateExplanation(Estimate):
    """base + the sum of contributions = the raw score, which is the prediction unless the model has a link function."""

    base: Annotated[float, Field(description="the raw score before any column is looked at")]
    contributions: Shares


class Answers(BaseModel, Generic[Answered]):
    """One answer a row, in the order of the rows."""

    model_config = ConfigDict(protected_namespaces=())

    model: Annotated[str, Field(description="the model that answered, as name:run", examples=["churn:2f9c41d07be3"])]
    predictions: list[Answered]

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name that the API's documents show."""
        return f"{params[0].__name__}s"

    def model_dump_json(self, **kwargs: Any) -> str:
        """The body of the answer, by msgspec, so that whoever else encodes the same answer writes the same bytes."""
        import msgspec

        return msgspec.json.encode(self.model_dump(exclude_none=True)).decode()
