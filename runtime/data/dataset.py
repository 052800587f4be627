"""The `data` section: where the rows of one data set come from and what they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictStr, model_validator

from ..section import Section
from .column import Column
from .source import SOURCES, Source

if TYPE_CHECKING:
    AnySource = Source
else:
    AnySource = SOURCES.union()

ColumnName = Annotated[StrictStr, Field(min_length=1)]


class Dataset(Section):
    """One data set: sources, key, time and the contract of every column."""

    description: str = ""
    """What one row is, for people."""
    owner: str = ""
    """Who answers for the data."""
    sources: Annotated[dict[str, AnySource], Field(min_length=1, max_length=1)]
    """Where the rows come from, by a name of your choice."""
    key: ColumnName | None = None
    """The column that identifies a row; never a feature."""
    time: ColumnName | None = None
    """The column that orders the rows; never a feature."""
    timezone: str | None = None
    """The zone of timestamps that name none, for example Europe/Berlin. Without it such timestamps are an error."""
    columns: Annotated[dict[ColumnName, Column], Field(min_length=1)]
    """What each column holds, in the order the model sees them."""
    ignore: list[StrictStr] = []
    """Columns of the source that are neither read nor checked; "" is one without a name."""
    unknown_category: Literal["reject", "missing"] = "reject"
    """A label outside `values`: reject the row, or treat the value as missing, count it and say so in the answer."""

    @property
    def source(self) -> Source:
        """The one source of the rows."""
        return next(iter(self.sources.values()))

    @model_validator(mode="after")
    def _no_contradiction(self) -> Dataset:
        both = [name for name in self.ignore if name in self.columns]
        if both:
            raise ValueError(f'ignore names "{both[0]}", which columns describes: remove it from one of them')
        return self

    @model_validator(mode="after")
    def _free_name(self) -> Dataset:
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
