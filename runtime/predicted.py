"""What is predicted must suit the task: its type, its labels, and which of them is positive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .data.column import BooleanColumn, CategoryColumn, IntegerColumn, NumberColumn
from .errors import Problem, did_you_mean

if TYPE_CHECKING:
    from .schema import Class, Task


def problems(task: Task, name: str, column: Any, positive: Class | None) -> Iterator[Problem]:
    """What is wrong with a target of some name for a task; positive: the class whose probability is the score."""
    if task == "regression" and not isinstance(column, IntegerColumn | NumberColumn):
        yield Problem(f"regression needs a number to predict; {name} is a {column.type}.", ("task",))
    if task != "regression" and not isinstance(column, CategoryColumn | BooleanColumn | IntegerColumn):
        yield Problem(
            f"{task} needs labels to predict; {name} is a {column.type}.",
            ("task",),
            hint="Did you mean regression?",
        )
    if task == "regression" and positive is not None:
        yield Problem("regression has no positive class; leave it out.", ("positive",))
    if task == "multiclass" and positive is not None:
        yield Problem("only binary has a positive class; leave it out.", ("positive",))
    labels = (
        column.values
        if isinstance(column, CategoryColumn)
        else [True, False]
        if isinstance(column, BooleanColumn)
        else None
    )
    if labels is not None and positive is not None and not any(same(positive, label) for label in labels):
        yield Problem(
            f"{written(positive)} is not a value of {name}.",
            ("positive",),
            hint=did_you_mean(positive, labels),
        )
    if (
        task == "binary"
        and isinstance(column, CategoryColumn)
        and column.values is not None
        and len(column.values) != 2
    ):
        yield Problem(
            f"binary needs two values; {name} has {len(column.values)}.",
            ("data", "columns", name, "values"),
            hint="Did you mean task: multiclass?",
        )


def same(a: object, b: object) -> bool:
    """Are two labels the same, true and 1 being different?"""
    return type(a) is type(b) and a == b


def written(label: object) -> str:
    """A label as it stands in YAML.

    assert [written("No"), written(1), written(True)] == ['"No"', "1", "true"]
    """
    return f'"{label}"' if isinstance(label, str) else str(label).lower()
