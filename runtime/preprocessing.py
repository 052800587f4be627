"""How columns become the numbers that an estimator learns from: what may be said of it in the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from .data.column import CategoryColumn, DateColumn, TextColumn, TimestampColumn
from .errors import Problem, did_you_mean
from .section import Section

if TYPE_CHECKING:
    from .schema import Schema

Need = Literal["native", "ordered", "scaled"]
"""What an estimator needs. native: missing values and codes as they are, as hist_gradient_boosting splits them; ordered: one
column each, as trees split them; scaled: one-hot, imputed and standardised, for everything that adds or measures distances."""
CalendarPart = Literal["month", "quarter", "day", "weekday", "weekend", "hour"]


class Words(Section):
    """How a text becomes columns: TF-IDF, of which the strongest directions are kept."""

    columns: Annotated[int, Field(ge=0, le=1000)] = 100
    """Directions (latent semantic analysis); 0 passes over the text."""
    words: Annotated[int, Field(ge=1)] = 50_000
    """Words and groups of words that count at most, the most frequent ones."""
    ngrams: Annotated[int, Field(ge=1, le=4)] = 2
    """Words in a row that are taken together at most."""


class Treatment(Section):
    """What is done with a column; null: what the family needs."""

    missing: Literal["median", "mean", "constant", "native"] | None = None
    """What stands in for a missing number, date or moment; native: nothing, where the family splits on missing values."""
    fill: float = 0.0
    """What missing: constant fills in; dates and moments are days since 1970."""
    indicator: bool = True
    """Where a number is filled in, a further column says so."""
    categories: Literal["one_hot", "ordinal", "target", "native"] | None = None
    """one_hot: a column a label. ordinal: the place of the label. target: the mean of the target for the label, found on other
    rows than those it is learned from. native: codes that the family takes for categories."""
    labels: Annotated[int, Field(ge=1, le=10_000)] = 100
    """With one_hot: labels that have a column of their own, the most frequent ones; rarer ones share one."""
    smoothing: Annotated[float, Field(ge=0)] = 10.0
    """With target: so many rows of the overall mean are added to each label's own."""
    scaling: Literal["standard", "robust", "none"] | None = None
    """standard: mean 0 and spread 1. robust: median 0 and the middle half as wide as 1."""
    calendar: list[CalendarPart] = []
    """Parts of dates and moments that become columns too, in data.timezone where it is set, else in UTC; a date has no hour."""
    text: Words = Words()
    """How texts become columns."""

    def resolved(self, need: Need, takes_missing: bool) -> Treatment:
        """With nothing left open."""
        usual = _USUAL[need]
        return self.model_copy(
            update={
                "missing": self.missing or ("native" if takes_missing else "median"),
                "categories": self.categories or usual[0],
                "scaling": self.scaling or usual[1],
            }
        )


_USUAL: dict[Need, tuple[str, str]] = {
    "native": ("native", "none"),
    "ordered": ("ordinal", "none"),
    "scaled": ("one_hot", "standard"),
}


class Preprocessing(Treatment):
    """How columns become numbers; what is not said is as the family needs it."""

    columns: dict[str, Treatment] = {}
    """By name, columns that are treated in another way than the others."""

    def of(self, name: str, need: Need, takes_missing: bool) -> Treatment:
        """What is done with a column, with nothing left open."""
        own = self.columns.get(name)
        changed = {} if own is None else {key: getattr(own, key) for key in own.model_fields_set}
        shared = Treatment.model_construct(**{key: getattr(self, key) for key in Treatment.model_fields})
        return shared.model_copy(update=changed).resolved(need, takes_missing)


def problems(given: Preprocessing, schema: Schema, need: Need, takes_missing: bool) -> Iterator[Problem]:
    """What the family or the columns cannot bear; paths start with "model", "preprocessing"."""
    path: tuple[str, ...] = ("model", "preprocessing")
    yield from _beyond(given, path, need, takes_missing)
    for name, own in given.columns.items():
        where = (*path, "columns", name)
        if name not in schema.inputs:
            yield Problem(f'no feature is called "{name}".', where, hint=did_you_mean(name, schema.inputs))
            continue
        yield from _beyond(own, where, need, takes_missing)
        column: Any = schema.inputs[name]
        for key in sorted(own.model_fields_set - _keys(column)):
            yield Problem(f"{name} is a {column.type}, of which this says nothing.", (*where, key))
        if isinstance(column, DateColumn) and "hour" in own.calendar:
            yield Problem(f"{name} is a date, which has no hour.", (*where, "calendar"))


def _beyond(given: Treatment, path: tuple[str, ...], need: Need, takes_missing: bool) -> Iterator[Problem]:
    if given.missing == "native" and not takes_missing:
        hint = "It can be median, mean or constant."
        yield Problem("this estimator takes no missing values.", (*path, "missing"), hint=hint)
    if given.categories == "native" and need != "native":
        hint = "It can be one_hot, ordinal or target."
        yield Problem("this estimator does not know categories.", (*path, "categories"), hint=hint)


def _keys(column: Any) -> set[str]:
    """What may be said of a column."""
    if isinstance(column, CategoryColumn):
        return {"categories", "labels", "smoothing", "scaling"}
    if isinstance(column, TextColumn):
        return {"text"}
    moment = {"calendar"} if isinstance(column, DateColumn | TimestampColumn) else set()
    return {"missing", "fill", "indicator", "scaling"} | moment
