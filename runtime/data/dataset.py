"""The `data` section: where the rows of one data set come from and what they promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictBool, StrictStr, model_validator

from ..errors import Mistake, Problem, did_you_mean, listed
from ..kinds import ByKind
from ..section import Section
from .checks import Checks
from .column import AnyColumn, Column
from .join import Join
from .source import SOURCES, Source

if TYPE_CHECKING:
    AnySource = Source
else:
    AnySource = Annotated[Source, ByKind(SOURCES)]

ColumnName = Annotated[StrictStr, Field(min_length=1)]


class Dataset(Section):
    """One data set: sources, key, time and the contract of every column."""

    description: str = ""
    """What one row is, for people."""
    owner: str = ""
    """Who answers for the data."""
    sources: Annotated[dict[str, AnySource], Field(min_length=1)]
    """Where the rows come from, by a name of your choice."""
    base: StrictStr | None = None
    """With several sources: the one whose rows are predicted; the others are joined to it."""
    joins: list[Join] = []
    """How the other sources are joined to the base, one after the other."""
    key: ColumnName | None = None
    """The column that identifies a row; never a feature."""
    time: ColumnName | None = None
    """The column that orders the rows; never a feature."""
    weight: ColumnName | None = None
    """The column that says how much each row counts when a model learns, 0 or more; never a feature, never asked of a caller."""
    timezone: str | None = None
    """The zone of timestamps that name none, for example Europe/Berlin. Without it such timestamps are an error."""
    columns: Annotated[dict[ColumnName, Column], Field(min_length=1)]
    """What each column holds, in the order the model sees them."""
    derive: dict[ColumnName, Annotated[StrictStr, Field(min_length=1)]] = {}
    """Features computed from the columns of one row, each a SQL expression; a later one may use those before it."""
    ignore: list[StrictStr] = []
    """Columns of the source that are neither read nor checked; "" is one without a name."""
    checks: Checks = Checks()
    """What the rows promise together: how many there are, what is unique, how fresh they are, what is true of each."""
    unknown_category: Literal["reject", "missing"] = "reject"
    """A label outside `values`: reject the row, or treat the value as missing, count it and say so in the answer."""
    content: StrictBool = False
    """Have every run keep a fingerprint of the rows themselves, by which `overture lineage` knows the same data in other files."""

    @property
    def source(self) -> Source:
        """The source whose rows are predicted."""
        return self.sources[self.base_name]

    @property
    def base_name(self) -> str:
        """The name of the source whose rows are predicted; the first one where `base` names none that is there."""
        return self.base if self.base in self.sources else next(iter(self.sources))

    def files(self, root: Path) -> list[Path]:
        """The local files of all sources, each once: those of the base, then in the order of joins and references."""
        return list(dict.fromkeys(file for name in self.used for file in self.sources[name].files(root)))

    def snapshots(self, root: Path) -> dict[str, str]:
        """What beside the files tells the rows of today from those of another day, each as "source.what".

        Raises Mistake when a source cannot be opened, for all such sources at once.
        """
        found: dict[str, str] = {}
        problems: list[Problem] = []
        for name in self.used:
            try:
                found |= {f"{name}.{what}": state for what, state in self.sources[name].snapshot(root).items()}
            except Mistake as mistake:
                where = ("data", "sources", name)
                problems += [it if it.place else replace(it, path=(*where, *it.path)) for it in mistake.problems]
        if problems:
            raise Mistake(problems)
        return found

    @property
    def used(self) -> list[str]:
        """The names of the sources whose rows count: the base, then in the order of joins and references."""
        named = [*(join.source for join in self.joins), *(it.source for it in self.checks.references)]
        return list(dict.fromkeys([self.base_name, *(name for name in named if name in self.sources)]))

    def problems(self) -> list[Problem]:
        """What base and joins say of sources that are not there, which sources nothing joins, and names of no use."""
        checks = self.checks.problems(self.known_columns, self.sources)
        return [*self._base_problems(), *self._join_problems(), *self._names(), *checks]

    @property
    def known_columns(self) -> dict[str, AnyColumn]:
        """The columns declared, and those that the source adds by itself."""
        return {**self.source.adds(), **self.columns}

    def _names(self) -> Iterator[Problem]:
        for part, names in (("columns", self.columns), ("derive", self.derive)):
            for name in names:
                if name == "*" or (name.startswith("^") and name.endswith("$")):  # polars reads these as patterns
                    yield Problem("this name stands for other columns.", ("data", part, name), hint="Rename it.")

    def _base_problems(self) -> Iterator[Problem]:
        where, names = ("data", "base"), list(self.sources)
        if self.base is not None and self.base not in names:
            yield Problem(f'no source is called "{self.base}".', where, hint=did_you_mean(self.base, names))
        elif self.base is None and len(names) > 1:
            hint = f"It can be {listed(names)}."
            yield Problem("which source holds the rows to predict? The others are joined to it.", where, hint=hint)

    def _join_problems(self) -> Iterator[Problem]:
        for i, join in enumerate(self.joins):
            where = ("data", "joins", i)
            others = [name for name in self.sources if name != self.base_name]
            if join.source not in self.sources:
                hint = did_you_mean(join.source, others)
                yield Problem(f'no source is called "{join.source}".', (*where, "source"), hint=hint)
            elif join.source == self.base_name and self.base is not None:
                yield Problem(f"{join.source} is the base; others are joined to it.", (*where, "source"))
            moments = [join.as_of.left] if join.as_of else []
            for name in dict.fromkeys(name for name in [*join.pairs, *moments] if name in self.ignore):
                what = f'goes by "{name}", which ignore says is not read.'
                yield Problem(what, where, hint="Take it out of ignore; what columns does not describe is no feature.")
        joined = set(self.used)
        if self.base in self.sources:
            for name in self.sources:
                if name not in joined:
                    hint = f"Add to data.joins: {{source: {name}, by: …}}"
                    yield Problem("no join uses this source.", ("data", "sources", name), hint=hint)

    @model_validator(mode="after")
    def _no_contradiction(self) -> Dataset:
        both = [name for name in self.ignore if name in self.columns]
        if both:
            raise ValueError(f'ignore names "{both[0]}", which columns describes: remove it from one of them')
        return self

    @model_validator(mode="after")
    def _derived_anew(self) -> Dataset:
        twice = [name for name in self.derive if name in self.columns or name in self.ignore]
        if twice:
            raise ValueError(f'derive makes "{twice[0]}", which is a column of the data: give it another name')
        return self

    @model_validator(mode="after")
    def _free_name(self) -> Dataset:
        if "_row" in self.derive:
            raise ValueError('derive makes "_row", which is the name of the row number: give it another name')
        if "_row" in self.columns:
            raise ValueError('columns describes "_row", which is the name of the row number: rename it in the data')
        return self

    @model_validator(mode="after")
    def _known_zone(self) -> Dataset:
        if self.timezone is not None:
            from zoneinfo import ZoneInfo

            try:
                ZoneInfo(self.timezone)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError(
                    f'timezone: there is no zone "{self.timezone}"; write it as Europe/Berlin or UTC'
                ) from error
        return self
