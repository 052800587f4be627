"""The whole validated configuration, frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, StrictBool, StrictInt, StrictStr, Tag

from . import options, predicted
from .data import derive
from .data.column import AnyColumn, Column
from .data.dataset import Dataset
from .data.join import shape
from .errors import Mistake, Problem, did_you_mean
from .evaluation import Evaluation
from .explanations.settings import Explanations
from .form import Form
from .kinds import ByKind
from .model import MODELS, Model
from .schema import Schema, Task
from .search import Search
from .section import Section
from .splitting import SPLITS, Split
from .targets import Serving
from .tracking.settings import Tracking

if TYPE_CHECKING:
    AnyModel = Model
    AnySplit = Split
else:
    AnyModel = Annotated[Model, ByKind(MODELS)]
    AnySplit = Annotated[Split, ByKind(SPLITS)]


class ComputedTarget(Section):
    """A target that is computed from other columns of the data, which are then outcomes and never features."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: Annotated[StrictStr, Field(min_length=1)]
    """What to call it; no column of the data has this name."""
    from_: Annotated[StrictStr, Field(min_length=1, alias="from")]
    """A SQL expression over one row, for example arr_delay > 15; where it gives nothing, the row is left out."""


class Spec(Section):
    """One project: the data, the model and how it is evaluated and served."""

    name: Annotated[
        str, Form(r"^[a-z][a-z0-9-]{0,62}$", "lower-case letters, digits and dashes, starting with a letter")
    ]
    """The project's name: lower-case letters, digits and dashes, as hosts and services are named."""
    description: str = ""
    """What the model answers, in a sentence; it is shown in the API."""
    task: Task
    """binary, multiclass or regression."""
    target: Annotated[
        Annotated[StrictStr, Field(min_length=1), Tag("one")] | Annotated[ComputedTarget, Tag("pairs")],
        Discriminator(
            lambda value: "pairs" if isinstance(value, ComputedTarget) else shape(value).replace("several", "one")
        ),
    ]
    """The column to predict; or {name: late, from: arr_delay > 15}, computed from columns that are then no features."""
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
    explanations: Explanations | None = Explanations()
    """How much a run tells of its model; null: nothing."""
    serving: Serving = Serving()
    sweep: Search | None = None
    """How a search looks for good values; null: there is none."""
    tracking: Tracking = Tracking()

    @property
    def target_name(self) -> str:
        """What is predicted, whether it is a column of the data or computed."""
        return self.target if isinstance(self.target, str) else self.target.name

    @property
    def target_from(self) -> str | None:
        """The expression that makes the target; null: it is a column of the data."""
        return None if isinstance(self.target, str) else self.target.from_

    @property
    def objectives(self) -> list[str]:
        """What a search makes better; without one, what compares runs."""
        return (self.sweep or Search()).chosen(self.evaluation, self.task)

    @property
    def known_columns(self) -> dict[str, AnyColumn]:
        """The columns declared, and those the source adds."""
        return self.data.known_columns

    @property
    def contract(self) -> Schema:
        """The contract of a row, as declared; expressions of data.derive that problems() faults are left out.

        Raises Mistake when columns that play a part are not there, or the target cannot be computed.
        """
        if missing := [*self.data.problems(), *self._roles()]:
            raise Mistake(missing)
        columns, data = self.known_columns, self.data
        parts = {
            role: (name, columns[name] if name else None)
            for role, name in (
                ("key", data.key),
                ("time", data.time),
                ("divider", self.split.divider),
                ("weight", data.weight),
            )
        }
        derived, _ = self._derived()
        return Schema.model_validate(
            {
                "task": self.task,
                "features": self._features,
                "derived": derived,
                "expressions": {name: sql for name, sql in data.derive.items() if name in derived},
                "target": self.target_name,
                "target_column": self._target_column(),
                "target_from": self.target_from,
                "outcomes": {name: columns[name] for name in self._outcomes if name not in self._parts},
                "positive": self.positive,
                **{role: name for role, (name, _) in parts.items()},
                **{f"{role}_column": column for role, (_, column) in parts.items()},
                "timezone": data.timezone,
                "unknown_category": data.unknown_category,
            }
        )

    @property
    def _parts(self) -> set[str | None]:
        """The columns that play a part of their own."""
        plain = {self.target_name} if self.target_from is None else set()
        return {*plain, self.data.key, self.data.time, self.data.weight, self.split.divider, *self.data.source.adds()}

    @property
    def _outcomes(self) -> list[str]:
        """The columns that a computed target reads."""
        read = [] if self.target_from is None else derive.names(self.target_from)
        return [name for name in read if name in self.known_columns]

    @property
    def _features(self) -> dict[str, AnyColumn]:
        roles = {*self._parts, *self._outcomes}
        return {name: column for name, column in self.data.columns.items() if name not in roles}

    def _target_column(self) -> AnyColumn:
        if self.target_from is None:
            return self.known_columns[self.target_name]
        made = derive.result(self.target_from, self.known_columns, {}, ("target", "from"))
        return made.model_copy(update={"nullable": False})

    def _derived(self) -> tuple[dict[str, Column], list[Problem]]:
        """What data.derive makes, and what is wrong with it."""
        never = "a caller does not send it"
        others = {
            **dict.fromkeys(self._outcomes, f"it is what the target is computed from, and {never}"),
            str(self.data.key): "it only identifies a row",
            str(self.data.time): "it only orders the rows",
            str(self.data.weight): "it only says how much a row counts",
            **{str(name): "it only tells the parts apart" for name in (self.split.divider, *self.data.source.adds())},
            self.target_name: f"it is the target, and {never}",
        }
        return derive.describe(self.data.derive, self._features, others, ("data", "derive"))

    def problems(self) -> list[Problem]:
        """What the sections say that does not fit together, all of it; each section alone is valid already."""
        found = [*self.data.problems(), *self._roles(), *self._target(), *self._derived()[1], *self._evaluation()]
        found += [*self.split.problems(self.data), *self.model.problems(self.task), *self.serving.problems()]
        found += self.serving.unknown([*self._features, *([self.data.key] if self.data.key else [])])
        found += self.sweep.problems(self.evaluation, self.task) if self.sweep is not None else ()
        if not found:
            found += options.problems(self.model, self.contract)
        if not found and not self.contract.features:
            found.append(Problem("no column is left to learn from besides target, key and time.", ("data", "columns")))
        return found

    def _roles(self) -> Iterator[Problem]:
        columns = self.known_columns
        divider, series = self.split.divider, getattr(self.split, "series", None)
        for path, name in (
            (("target",), self.target_name if self.target_from is None else None),
            (("data", "key"), self.data.key),
            (("data", "time"), self.data.time),
            (("data", "weight"), self.data.weight),
            (("split", "column"), divider),
            (("split", "series"), series),
        ):
            if name is not None and name not in columns:
                hint = did_you_mean(name, columns, otherwise="Describe it in data.columns.")
                yield Problem(f'data.columns has no "{name}".', path, hint=hint)
        target = self.target_name
        if series is not None and series in (target, self.data.time):
            role = "target" if series == target else "time"
            yield Problem(f"{series} is the {role}; a series is what a row is about.", ("split", "series"))
        if self.target_from is not None:
            yield from self._computed()
        elif target in (self.data.key, self.data.time, self.data.weight, divider):
            named = {self.data.key: "key", self.data.time: "time", self.data.weight: "weight"}
            role = named.get(target, "split column")
            yield Problem(f"{target} cannot be both the target and the {role}.", ("target",))
        if target in self.data.derive:
            yield Problem(f"{target} is the target; give the derived column another name.", ("data", "derive", target))
        if (time := self.data.time) in columns and columns[time].type not in ("timestamp", "date", "integer", "number"):  # type: ignore[attr-defined]
            yield Problem(
                "the column that orders the rows must be a timestamp, a date or a number.",
                ("data", "columns", str(time), "type"),
            )
        yield from options.weight_problems(self.data.weight, columns)

    def _computed(self) -> Iterator[Problem]:
        """What is wrong with a target that is computed."""
        if self.target_name in (*self.known_columns, "_row"):
            yield Problem(
                f"{self.target_name} is a column of the data; give the target another name.", ("target", "name")
            )
        try:
            self._target_column()
        except Mistake as mistake:
            yield from mistake.problems
            return
        if not self._outcomes:
            yield Problem("reads no column, so it is the same for every row.", ("target", "from"))

    def _target(self) -> Iterator[Problem]:
        name = self.target_name
        try:
            column = self._target_column()
        except (KeyError, Mistake):
            return  # said by _roles
        yield from predicted.problems(self.task, name, column, self.positive)

    def _evaluation(self) -> Iterator[Problem]:
        known: dict[str, Any] = {**self._features, **self._derived()[0]}
        for i, name in enumerate(self.evaluation.slices):
            where = ("evaluation", "slices", i)
            if name not in known:
                yield Problem(f'no feature is called "{name}".', where, hint=did_you_mean(name, known))
            elif known[name].type == "text":
                yield Problem(f"{name} is text, which has neither labels nor ranges.", where)
            elif known[name].personal:
                yield Problem(f"{name} is personal: its values are not shown.", where)
        yield from self.evaluation.problems(self.task)
