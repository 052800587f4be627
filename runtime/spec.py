"""The whole validated configuration, frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StrictBool, StrictInt, StrictStr

from .data.column import AnyColumn, BooleanColumn, CategoryColumn, IntegerColumn, NumberColumn
from .data.dataset import Dataset
from .errors import Problem, did_you_mean, listed
from .evaluation import Evaluation
from .metric import METRICS
from .model import MODELS, Model
from .schema import Schema, Task
from .section import Section
from .splitting import SPLITS, Split
from .targets import Serving

if TYPE_CHECKING:
    AnyModel = Model
    AnySplit = Split
else:
    AnyModel = MODELS.union()
    AnySplit = SPLITS.union()


class Spec(Section):
    """One project: the data, the model and how it is evaluated and served."""

    name: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    """The project's name: lower-case letters, digits and dashes, as hosts and services are named."""
    description: str = ""
    """What the model answers, in a sentence; it is shown in the API."""
    task: Task
    """binary, multiclass or regression."""
    target: Annotated[StrictStr, Field(min_length=1)]
    """The column to predict."""
    positive: StrictBool | StrictInt | StrictStr | None = None
    """Binary: the class whose probability is the score; null: yes, true or 1 in any spelling, else the rarer class."""
    seed: Annotated[StrictInt, Field(ge=0, lt=2**31)] = 42
    """Every random choice starts here."""
    threads: Annotated[StrictInt, Field(ge=1)] | None = None
    """The most threads a training may use; null: one a core."""
    data: Dataset
    split: AnySplit
    model: AnyModel
    evaluation: Evaluation = Evaluation()
    serving: Serving = Serving()

    @property
    def known_columns(self) -> dict[str, AnyColumn]:
        """The columns declared, and those that the source adds by itself."""
        return {**self.data.source.adds(), **self.data.columns}

    @property
    def contract(self) -> Schema:
        """The contract of a row, as declared. The configuration must have no problems()."""
        columns, data = self.known_columns, self.data
        roles = {self.target, data.key, data.time, self.split.divider, *data.source.adds()}
        return Schema.model_validate(
            {
                "task": self.task,
                "features": {name: column for name, column in data.columns.items() if name not in roles},
                "target": self.target,
                "target_column": columns[self.target],
                "positive": self.positive,
                "key": data.key,
                "key_column": columns[data.key] if data.key else None,
                "time": data.time,
                "time_column": columns[data.time] if data.time else None,
                "divider": self.split.divider,
                "divider_column": columns[self.split.divider] if self.split.divider else None,
                "timezone": data.timezone,
                "unknown_category": data.unknown_category,
            }
        )

    def problems(self) -> list[Problem]:
        """What the sections say that does not fit together, all of it; each section alone is valid already."""
        found = [*self._roles(), *self._target(), *self._evaluation()]
        found += [*self.split.problems(self.data), *self.model.problems(self.task)]
        if not found and not self.contract.features:
            found.append(Problem("no column is left to learn from besides target, key and time.", ("data", "columns")))
        return found

    def _roles(self) -> Iterator[Problem]:
        columns = self.known_columns
        divider = self.split.divider
        for path, name in (
            (("target",), self.target),
            (("data", "key"), self.data.key),
            (("data", "time"), self.data.time),
            (("split", "column"), divider),
        ):
            if name is not None and name not in columns:
                hint = did_you_mean(name, columns, otherwise="Describe it in data.columns.")
                yield Problem(f'data.columns has no "{name}".', path, hint=hint)
        if self.target in (self.data.key, self.data.time, divider):
            role = (
                "key" if self.target == self.data.key else "time" if self.target == self.data.time else "split column"
            )
            yield Problem(f"{self.target} cannot be both the target and the {role}.", ("target",))
        if (time := self.data.time) in columns and columns[time].type not in ("timestamp", "date", "integer", "number"):  # type: ignore[attr-defined]
            yield Problem(
                "the column that orders the rows must be a timestamp, a date or a number.",
                ("data", "columns", str(time), "type"),
            )

    def _target(self) -> Iterator[Problem]:
        column: Any = self.known_columns.get(self.target)
        where = ("data", "columns", self.target)
        if column is None:
            return
        if self.task == "regression" and not isinstance(column, IntegerColumn | NumberColumn):
            yield Problem(f"regression needs a number to predict; {self.target} is a {column.type}.", ("task",))
        if self.task != "regression" and not isinstance(column, CategoryColumn | BooleanColumn | IntegerColumn):
            yield Problem(
                f"{self.task} needs labels to predict; {self.target} is a {column.type}.",
                ("task",),
                hint="Did you mean regression?",
            )
        if self.task == "regression" and self.positive is not None:
            yield Problem("regression has no positive class; leave it out.", ("positive",))
        if self.task == "multiclass" and self.positive is not None:
            yield Problem("only binary has a positive class; leave it out.", ("positive",))
        labels = (
            column.values
            if isinstance(column, CategoryColumn)
            else [True, False]
            if isinstance(column, BooleanColumn)
            else None
        )
        if labels is not None and self.positive is not None and not any(same(self.positive, label) for label in labels):
            yield Problem(
                f"{written(self.positive)} is not a value of {self.target}.",
                ("positive",),
                hint=did_you_mean(self.positive, labels),
            )
        if (
            self.task == "binary"
            and isinstance(column, CategoryColumn)
            and column.values is not None
            and len(column.values) != 2
        ):
            yield Problem(
                f"binary needs two values; {self.target} has {len(column.values)}.",
                (*where, "values"),
                hint="Did you mean task: multiclass?",
            )

    def _evaluation(self) -> Iterator[Problem]:
        fitting = [name for name in METRICS.names() if self.task in METRICS[name].tasks]
        asked: list[tuple[tuple[str | int, ...], str]] = [
            (("metrics", i), name) for i, name in enumerate(self.evaluation.metrics or [])
        ]
        if self.evaluation.objective is not None:
            asked.append((("objective",), self.evaluation.objective))
        asked += [(("gates", i, "metric"), gate.metric) for i, gate in enumerate(self.evaluation.gates)]
        for path, name in asked:
            if name not in METRICS.names():
                yield Problem(f'no metric is called "{name}".', ("evaluation", *path), hint=did_you_mean(name, fitting))
            elif name not in fitting:
                yield Problem(
                    f"{name} is not for {self.task}.", ("evaluation", *path), hint=f"It can be {listed(fitting)}."
                )


def same(a: object, b: object) -> bool:
    """Are two labels the same, true and 1 being different?"""
    return type(a) is type(b) and a == b


def written(label: object) -> str:
    """A label as it stands in YAML.

    assert [written("No"), written(1), written(True)] == ['"No"', "1", "true"]
    """
    return f'"{label}"' if isinstance(label, str) else str(label).lower()
