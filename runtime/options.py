"""What may be asked of a model beside its parameters: weights, directions, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from . import preprocessing
from .data.column import BooleanColumn, CategoryColumn, TextColumn
from .errors import Problem, did_you_mean
from .preprocessing import Preprocessing
from .section import Section

if TYPE_CHECKING:
    from .model import Model
    from .schema import Schema

Weight = Annotated[float, Field(gt=0)]
Ability = Literal["weights", "monotone", "quantiles"]
"""What only some families can do. weights: rows may count unequally; quantiles: learn a quantile instead of a mean."""
Shape = Literal["increasing", "decreasing"]
Method = Literal["sigmoid", "isotonic"]


class Costs(Section):
    """What each wrong decision costs, in any unit; a right one costs nothing."""

    false_positive: Annotated[float, Field(ge=0)] = 1.0
    """Calling a row positive that is not."""
    false_negative: Annotated[float, Field(ge=0)] = 1.0
    """Not calling a row positive that is."""


class Tuned(Section):
    """A threshold that is looked for."""

    cost: Costs
    """The threshold is the one under which the decisions on the validation rows cost least."""


class Bounds(Section):
    """An interval about each predicted value, by split conformal prediction on validation rows."""

    level: Annotated[float, Field(ge=0.5, lt=1)] = 0.9
    """The share of future values that lie within it, if they are like the validation rows."""
    method: Literal["residual", "quantile"] = "residual"
    """residual: as wide for every row, from the errors on validation rows. quantile: wider where values spread more, by two
    further models that learn the lower and the upper quantile (conformalized quantile regression, Romano and others 2019)."""


Threshold = Annotated[
    Annotated[float, Field(gt=0, lt=1), Tag("number")] | Annotated[Tuned, Tag("tuned")],
    Discriminator(lambda value: "tuned" if isinstance(value, dict | Tuned) else "number"),
]


def problems(model: Model, schema: Schema, declared: bool = True) -> list[Problem]:
    """Options that do not suit the task, the family or the columns; paths start with "model".

    declared: is data.weight this model's own affair? Not where it is part of another model.
    """
    able = model.abilities(schema.task)
    needed = model.encodes(schema.task)
    if needed is not None:
        found = [*preprocessing.problems(getattr(model, "preprocessing", Preprocessing()), schema, *needed)]
    else:
        found = []
    found += [*_weights(model, schema, able), *_monotone(model, schema, able), *_answers(model, schema, able)]
    for name, member in getattr(model, "members", {}).items():
        within = problems(member, schema, declared=False)
        found += [replace(it, path=("model", "members", name, *it.path[1:])) for it in within]
    if declared and schema.weight is not None and "weights" not in able:
        what = f"{model.label(schema.task)} cannot let rows count unequally."
        found.append(Problem(what, ("data", "weight"), hint="Leave data.weight out, or choose another model."))
    return found


def weight_problems(name: str | None, columns: Mapping[str, Any]) -> Iterator[Problem]:
    """What keeps a column from being the weight of its row: it is a number that every row has, 0 or more."""
    if name is None or name not in columns:
        return
    column, where = columns[name], ("data", "columns", name)
    if column.type not in ("integer", "number"):
        yield Problem(f"the weight of a row must be a number; {name} is a {column.type}.", (*where, "type"))
    elif column.nullable:
        yield Problem(f"{name} is the weight of a row, which may not be missing.", (*where, "nullable"))
    elif column.min is None or column.min < 0:
        yield Problem(f"{name} is the weight of a row, which is 0 or more.", where, hint="Add min: 0")


def _weights(model: Model, schema: Schema, able: frozenset[Ability]) -> Iterator[Problem]:
    given, path = model.class_weight, ("model", "class_weight")
    if given is None:
        return
    if not schema.classification:
        yield Problem("regression has no classes to weigh.", path, hint="Rows are weighed by data.weight.")
        return
    if "weights" not in able:
        yield Problem(f"{model.label(schema.task)} cannot let classes count unequally.", path)
    known = _classes(schema)
    if isinstance(given, dict) and known is not None:
        for label in given:
            if not any(type(label) is type(it) and label == it for it in known):
                shown = str(label).lower() if isinstance(label, bool) else label
                hint = did_you_mean(label, known)
                if isinstance(label, bool):
                    hint = f"{hint} YAML reads yes, no, on and off as true and false: quote the label."
                yield Problem(f"{schema.target} has no class {shown}.", (*path, str(shown)), hint=hint)


def _classes(schema: Schema) -> list[Any] | None:
    """The classes, where they are declared."""
    column = schema.target_column
    if isinstance(column, BooleanColumn):
        return [False, True]
    return list(column.values) if isinstance(column, CategoryColumn) and column.values is not None else None


def _monotone(model: Model, schema: Schema, able: frozenset[Ability]) -> Iterator[Problem]:
    path: tuple[str, ...] = ("model", "monotone")
    if model.monotone and "monotone" not in able:
        yield Problem(f"{model.label(schema.task)} cannot keep to a direction for {schema.task}.", path)
        return
    for name in model.monotone:
        column = schema.inputs.get(name)
        if column is None:
            hint = did_you_mean(name, schema.inputs)
            yield Problem(f'no feature is called "{name}".', (*path, name), hint=hint)
        elif isinstance(column, CategoryColumn | TextColumn):
            yield Problem(f"{name} is a {column.type}, which has no direction.", (*path, name))


def _answers(model: Model, schema: Schema, able: frozenset[Ability]) -> Iterator[Problem]:
    if model.calibration is not None and not schema.classification:
        yield Problem("regression has no probabilities to calibrate.", ("model", "calibration"))
    if model.threshold is not None and schema.task != "binary":
        yield Problem(f"only binary is decided by a threshold, not {schema.task}.", ("model", "threshold"))
    bounds = model.interval
    if bounds is None:
        return
    if schema.classification:
        yield Problem(f"an interval is about a number; {schema.task} has none.", ("model", "interval"))
    elif bounds.method == "quantile" and "quantiles" not in able:
        what = f"{model.label(schema.task)} cannot learn quantiles."
        yield Problem(what, ("model", "interval", "method"), hint="Write residual, or choose another model.")
