"""What there is to predict: the task, the classes, and the one whose probability is the score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from overture.runtime.errors import Mistake
from overture.runtime.schema import Task

from .contract import Described
from .forms import stray
from .inferred import Guess, Label, Note

if TYPE_CHECKING:
    import polars as pl

MOST_CLASSES = 100
_MOST_CODES = 10  # whole numbers with more values are amounts, unless the user says so
_FEW = 5  # rows of a class
_POSITIVE = ("yes", "true", "1", "y", "t", "positive", "pos")


@dataclass(frozen=True)
class Goal:
    """The task, and how its target is declared."""

    task: Task
    target: Guess
    positive: Label | None
    answer: str
    notes: tuple[Note, ...]


def goal(name: str, found: Described, asked: str | None) -> Goal:
    """Tell the task from the target's values, or take the one asked for.

    Raises Mistake when there is nothing to predict, or the target does not fit the task.
    """
    values = _whole(found.values.drop_nulls())
    distinct = values.n_unique()
    if distinct == 0:
        raise Mistake(
            f"{name} has no value in any row: there is nothing to predict.", hint="Look for another --target."
        )
    if distinct == 1:
        raise Mistake(
            f'{name} is "{values[0]}" in every row: there is nothing to predict.', hint="Look for another --target."
        )
    task = cast(Task, asked) if asked else _task(values, distinct)
    _fits(name, task, found, values, distinct)
    notes = [] if values.dtype.is_numeric() else list(found.notes)
    if left := found.values.null_count():
        notes.append(Note(name, f"missing in {left:,} {'row' if left == 1 else 'rows'}, which are left out"))
    if task == "regression":
        return Goal(task, Guess(found.guess.type, found.guess.nullable), None, _amount(name, values), tuple(notes))
    if asked is None and task == "multiclass" and values.dtype.is_integer():
        notes.append(Note(name, f"{distinct} whole numbers, taken as classes; if they are amounts: --task regression"))
    counts = dict(sorted(values.value_counts().iter_rows()))
    if rare := [label for label, count in counts.items() if count < _FEW]:
        shown = ", ".join(_quoted(label) for label in rare[:3]) + (", …" if len(rare) > 3 else "")
        notes.append(Note(name, f"fewer than {_FEW} rows are {shown}: too few to learn from and to test"))
    positive = _positive(counts) if task == "binary" else None
    return Goal(task, _target(found.guess, counts), positive, _classes(name, task, counts, positive), tuple(notes))


def _whole(values: pl.Series) -> pl.Series:
    """Numbers like 1.0 as whole numbers, where all are."""
    import polars as pl

    if values.dtype.is_float() and bool((values == values.floor()).all()) and values.abs().max() < 2**53:  # type: ignore[operator]
        return values.cast(pl.Int64)
    return values


def _task(values: pl.Series, distinct: int) -> Task:
    if distinct == 2:
        return "binary"
    if values.dtype.is_float():
        return "regression"
    if values.dtype.is_integer():
        return "multiclass" if distinct <= _MOST_CODES and _small(values) else "regression"
    return "multiclass"


def _small(values: pl.Series) -> bool:
    """Do the whole numbers lie close together, as codes do, and does each come up often?"""
    low, high = cast(int, values.min()), cast(int, values.max())
    return high - low <= 2 * _MOST_CODES and values.len() >= 3 * values.n_unique()


def _fits(name: str, task: Task, found: Described, values: pl.Series, distinct: int) -> None:
    import polars as pl

    kind = found.guess.type
    if kind in ("date", "timestamp"):
        raise Mistake(f"{name} holds {kind}s: these cannot be predicted.", hint="Look for another --target.")
    if task == "regression" and not values.dtype.is_numeric():
        raise Mistake(
            f"regression needs numbers, but {name} holds {_some(stray(values.cast(pl.String)))}.",
            hint="Mend the data, name another --target, or leave --task out.",
        )
    if task == "binary" and distinct != 2:
        raise Mistake(
            f"binary needs two values, but {name} has {distinct:,}: {_some(values)}.", hint="Leave --task out."
        )
    if task != "regression" and values.dtype.is_float():
        raise Mistake(f"{task} needs labels, but {name} holds numbers with a fraction.", hint="Leave --task out.")
    if task == "multiclass" and distinct == 2:
        raise Mistake(f"{name} has two values: that is binary.", hint="Leave --task out.")
    if task == "multiclass" and distinct > MOST_CLASSES:
        raise Mistake(
            f"{name} has {distinct:,} different values, more than the {MOST_CLASSES} classes that a model can tell apart: {_some(values)}.",
            hint="Look for another --target, or group its values in the data.",
            notes=[f"{note.column}: {note.text}" for note in found.notes],
        )


def _some(values: pl.Series) -> str:
    shown = ", ".join(f'"{value}"'[:30] for value in values.unique(maintain_order=True).head(3))
    return f"{shown}, …" if values.n_unique() > 3 else shown


def _target(guess: Guess, counts: dict[Label, int]) -> Guess:
    """The target's column, closed: no other class can be learned."""
    labels = list(counts)
    if isinstance(labels[0], bool):
        return replace(guess, type="boolean")
    if labels == [0, 1]:
        return Guess("integer", guess.nullable, min=0, max=1)
    return Guess("category", guess.nullable, values=None if "???" in labels else tuple(labels))


def _positive(counts: dict[Label, int]) -> Label | None:
    """Yes, true or 1 in any spelling; else the rarer class."""
    said = [label for label in counts if str(label).casefold() in _POSITIVE]
    chosen = said[0] if len(said) == 1 else min(counts, key=lambda label: (counts[label], str(label)))
    return None if chosen == "???" else chosen


def _classes(name: str, task: Task, counts: dict[Label, int], positive: Label | None) -> str:
    label = positive if task == "binary" and positive is not None else max(counts, key=lambda each: counts[each])
    share = f"{_quoted(label)} in {100 * counts[label] / sum(counts.values()):.1f} % of rows"
    return (
        f"{name} is {share}" if task == "binary" else f"{name} has {len(counts)} classes; the most frequent is {share}"
    )


def _quoted(label: Label) -> str:
    shown = f'"{label}"' if isinstance(label, str) else str(label).lower()
    return shown if len(shown) <= 40 else f"{shown[:37]}…"


def _amount(name: str, values: pl.Series) -> str:
    low, high, mean = (float(cast(float, value)) for value in (values.min(), values.max(), values.mean()))
    return f"{name} runs from {_figure(low)} to {_figure(high)}, {_figure(mean)} on average"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value.is_integer() else f"{value:.4g}"
