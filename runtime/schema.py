"""What a row is: the contract that data, training, requests, batches and monitoring are all held to."""

from __future__ import annotations

from typing import Literal

from pydantic import StrictBool, StrictInt, StrictStr

from .data.column import AnyColumn, CategoryColumn, Column
from .section import Section

Task = Literal["binary", "multiclass", "regression"]
Class = StrictBool | StrictInt | StrictStr


class Schema(Section):
    """The columns of a project by the part each one plays.

    What is declared in conf/ comes first; `classes` and `categories` are null and empty until training learned them
    from the training rows, and travel with the run in schema.json.
    """

    task: Task
    features: dict[str, Column]
    """The columns that the data holds and a caller sends, in order."""
    derived: dict[str, Column] = {}
    """Columns computed from one row's features, the same way in training, batch and serving; nobody sends them."""
    expressions: dict[str, str] = {}
    """SQL over one row, by the derived column it makes, in order; the other derived columns are of hooks.features."""
    target: str
    target_column: Column
    """What the target holds; its description is the project's."""
    target_from: str | None = None
    """SQL over one row of the data that makes the target; null: it is a column of the data."""
    outcomes: dict[str, Column] = {}
    """The columns that only a computed target reads: they are known afterwards, so they are never features."""
    positive: Class | None = None
    """Binary: the class whose probability is the score."""
    key: str | None = None
    key_column: Column | None = None
    time: str | None = None
    time_column: Column | None = None
    divider: str | None = None
    """The column a split goes by (group, predefined); read, but never a feature."""
    divider_column: Column | None = None
    weight: str | None = None
    """The column that says how much a row counts when a model learns; read, but never a feature."""
    weight_column: Column | None = None
    timezone: str | None = None
    unknown_category: Literal["reject", "missing"] = "reject"
    classes: list[Class] | None = None
    """Classification, once learned: every class of the training rows, sorted; probabilities are in this order."""
    categories: dict[str, list[StrictInt | StrictStr]] = {}
    """Once learned: for each category input its labels in a pinned order: as declared, or sorted as seen in training."""

    @property
    def columns(self) -> dict[str, AnyColumn]:
        """Every column that is read, each once: features, target or outcomes, key, time, weight, and what the split goes by."""
        found: dict[str, AnyColumn] = {**self.features, **self.outcomes}
        for name, column in (
            (self.target if self.target_from is None else None, self.target_column),
            (self.key, self.key_column),
            (self.time, self.time_column),
            (self.divider, self.divider_column),
            (self.weight, self.weight_column),
        ):
            if name is not None and column is not None:
                found.setdefault(name, column)
        return found

    @property
    def inputs(self) -> dict[str, AnyColumn]:
        """What a model sees: the features, then what is derived from them, in order."""
        return {**self.features, **self.derived}

    @property
    def classification(self) -> bool:
        """Is the target one of some classes?"""
        return self.task != "regression"

    def labels(self, name: str) -> list[int | str] | None:
        """The labels a category input may have: declared, or learned, or null when neither is known."""
        column = self.inputs[name]
        declared = column.values if isinstance(column, CategoryColumn) else None
        return declared if declared is not None else self.categories.get(name)
