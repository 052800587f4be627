"""How the rows of one source are joined to those of the base, as it is written in YAML."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StrictStr, Tag, model_validator

from ..section import Section
from .span import Span, seconds

_Name = Annotated[StrictStr, Field(min_length=1)]


def shape(value: Any) -> str:
    """Whether a value is a mapping, a list or, as far as a person can tell, one word."""
    return "pairs" if isinstance(value, dict) else "several" if isinstance(value, list) else "one"


By = Annotated[
    Annotated[_Name, Tag("one")]
    | Annotated[Annotated[list[_Name], Field(min_length=1)], Tag("several")]
    | Annotated[Annotated[dict[_Name, _Name], Field(min_length=1)], Tag("pairs")],
    Discriminator(shape),
]
"""A column that both sides have, several of them, or {left: right}."""


class AsOf(Section):
    """Point in time: each row meets the latest row of the source that is not later than its own moment, never a later one."""

    left: _Name
    """The moment of a row: a column of the base, or of a source joined before."""
    right: _Name
    """The moment from which on a row of the source was known."""
    tolerance: Span | None = None
    """How old the row met may be, for example 7d (w, d, h, m, s), or a number where moments are numbers; null: any age."""

    @property
    def seconds(self) -> int | None:
        """The tolerance, where it is a length of time.

        assert AsOf(left="a", right="b", tolerance="2h").seconds == 7200
        """
        return seconds(self.tolerance)


class Join(Section):
    """One source beside the base: which of its rows belong to which."""

    source: _Name
    """The name of the source."""
    by: By | None = None
    """The columns whose values must be equal: one name, several, or {left: right} where they are called differently."""
    how: Literal["left", "inner"] = "left"
    """left: rows that find nothing stay, with nothing in the columns of the source. inner: each row must find something."""
    expect: Literal["one_to_one", "many_to_one", "one_to_many", "many_to_many"] = "many_to_one"
    """How many rows may find each other. Whatever would make more rows is refused, unless it is written here."""
    drop_unmatched: bool = False
    """With how: inner, leave out rows that find nothing, and count them; else they are refused."""
    prefix: StrictStr | None = None
    """What is put before names that are taken already; null: the name of the source and _."""
    as_of: AsOf | None = None
    """Of several rows that match, the latest one that is not later."""

    @model_validator(mode="after")
    def _something_to_go_by(self) -> Join:
        if self.by is None and self.as_of is None:
            raise ValueError("by is missing: name the columns that both sides have")
        return self

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Join:
        if self.drop_unmatched and self.how == "left":
            raise ValueError("drop_unmatched has no use with how: left, which keeps every row; write how: inner")
        if self.as_of is not None and self.expect in ("one_to_many", "many_to_many"):
            raise ValueError(f"expect: {self.expect} has no use with as_of, which finds one row at most")
        return self

    @property
    def pairs(self) -> dict[str, str]:
        """The columns to go by: left, right.

        assert Join(source="s", by=["a", "b"]).pairs == {"a": "a", "b": "b"}
        """
        if isinstance(self.by, dict):
            return self.by
        names = [self.by] if isinstance(self.by, str) else self.by or []
        return {name: name for name in names}

    @property
    def before(self) -> str:
        """What is put before names that are taken already."""
        return f"{self.source}_" if self.prefix is None else self.prefix
