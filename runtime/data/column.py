"""What one column may hold: the unit of the data contract."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr, model_validator

from ..section import Section

if TYPE_CHECKING:
    import polars as pl

Label = StrictInt | StrictStr


class AnyColumn(Section):
    """What columns of every type share."""

    nullable: bool = False
    """May a value be missing?"""
    description: str = ""
    """What the column means, for people; it is shown in the API and in the reports."""
    personal: bool = False
    """Does it say something of a person? Then no message and no report shows a value of it, only the numbers of rows."""

    warn: list[Literal["type", "min", "max", "pattern"]] = []
    """Rules that data may break: counted and said, and the work goes on; a value of another type is missing then. Requests keep every rule."""

    @model_validator(mode="after")
    def _missing_then(self) -> AnyColumn:
        if "type" in self.warn and not self.nullable:
            raise ValueError("warn: [type] makes values of another type missing; write nullable: true, too")
        return self

    @property
    def dtype(self) -> pl.DataType:
        """The polars type of the column once it is read."""
        raise NotImplementedError


class Ordered(AnyColumn):
    """A column whose values have an order, and so may have bounds."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Ordered:
        low, high = getattr(self, "min", None), getattr(self, "max", None)
        if low is not None and high is not None and low > high:
            raise ValueError(f"min ({low}) is greater than max ({high})")
        return self


class IntegerColumn(Ordered):
    """Whole numbers."""

    type: Literal["integer"]
    min: StrictInt | None = None
    """The smallest value allowed."""
    max: StrictInt | None = None
    """The greatest value allowed."""

    @property
    def dtype(self) -> pl.DataType:
        """64-bit integers."""
        import polars as pl

        return pl.Int64()


class NumberColumn(Ordered):
    """Numbers with or without a fraction."""

    type: Literal["number"]
    min: Annotated[float | None, Field(allow_inf_nan=False)] = None
    """The smallest value allowed."""
    max: Annotated[float | None, Field(allow_inf_nan=False)] = None
    """The greatest value allowed."""

    @property
    def dtype(self) -> pl.DataType:
        """64-bit floats."""
        import polars as pl

        return pl.Float64()


class BooleanColumn(AnyColumn):
    """True or false."""

    type: Literal["boolean"]

    @property
    def dtype(self) -> pl.DataType:
        """Booleans."""
        import polars as pl

        return pl.Boolean()


class Written(AnyColumn):
    """A column of text, which may have to be written in one way."""

    @model_validator(mode="after")
    def _exemplified(self) -> Written:
        pattern, example = getattr(self, "pattern", None), getattr(self, "example", None)
        if pattern is None:
            return self
        import polars as pl

        try:
            fits = pl.select(pl.lit(example or "").str.contains(whole(pattern))).item()
        except pl.exceptions.PolarsError as error:
            lines = [line.removeprefix("error: ") for line in str(error).splitlines() if line.startswith("error: ")]
            raise ValueError(f"pattern {pattern} cannot be read: {(lines or [str(error)])[0]}") from error
        if example is None:
            raise ValueError("pattern needs an example beside it: one value that is written so")
        if not fits:
            raise ValueError(f'the example "{example}" is not written as the pattern {pattern} says')
        return self


class CategoryColumn(Written):
    """One of a set of labels."""

    type: Literal["category"]
    values: list[Label] | None = None
    """The labels allowed, in the order people like to read them; null: any label, as with codes of a thousand shops."""
    pattern: Annotated[StrictStr | None, Field(min_length=1)] = None
    """How every value is written, a regular expression for the whole of it, for example [A-Z]{2}[0-9]+."""
    example: StrictStr | None = None
    """A value as ordinary ones are, for the API's documents and the tests of the service."""

    @model_validator(mode="after")
    def _labels_alike(self) -> CategoryColumn:
        if self.pattern is not None and self.numeric:
            raise ValueError("pattern is for text; these labels are whole numbers")
        if self.values is not None:
            if not self.values:
                raise ValueError("values is empty: no row could keep this contract")
            if len({type(value) for value in self.values}) > 1:
                raise ValueError("values must be all text or all whole numbers; quote the numbers to make them text")
            if len(set(self.values)) < len(self.values):
                twice = sorted({str(value) for value in self.values if self.values.count(value) > 1})
                raise ValueError(f"values has {twice[0]!r} more than once")
        return self

    @property
    def numeric(self) -> bool:
        """Are the labels whole numbers?"""
        return bool(self.values) and isinstance((self.values or [""])[0], int)

    @property
    def dtype(self) -> pl.DataType:
        """Strings, or 64-bit integers where the labels are whole numbers."""
        import polars as pl

        return pl.Int64() if self.numeric else pl.String()


class TextColumn(Written):
    """Words a person wrote."""

    type: Literal["text"]
    pattern: Annotated[StrictStr | None, Field(min_length=1)] = None
    """How every value is written, a regular expression for the whole of it, for example [A-Z]{2}[0-9]+."""
    example: StrictStr | None = None
    """A value as ordinary ones are, for the API's documents and the tests of the service."""

    @property
    def dtype(self) -> pl.DataType:
        """Strings."""
        import polars as pl

        return pl.String()


class TimestampColumn(Ordered):
    """A moment, kept in UTC."""

    type: Literal["timestamp"]
    min: dt.datetime | None = None
    """The earliest moment allowed."""
    max: dt.datetime | None = None
    """The latest moment allowed."""

    @property
    def dtype(self) -> pl.DataType:
        """Microseconds in UTC."""
        import polars as pl

        return pl.Datetime("us", "UTC")


class DateColumn(Ordered):
    """A day."""

    type: Literal["date"]
    min: dt.date | None = None
    """The first day allowed."""
    max: dt.date | None = None
    """The last day allowed."""

    @property
    def dtype(self) -> pl.DataType:
        """Days."""
        import polars as pl

        return pl.Date()


Column = Annotated[
    IntegerColumn | NumberColumn | BooleanColumn | CategoryColumn | TextColumn | TimestampColumn | DateColumn,
    Field(discriminator="type"),
]

TYPES = ("integer", "number", "boolean", "category", "text", "timestamp", "date")


def column(type: str, **keys: Any) -> Column:
    """A column by the name of its type, for code and tests.

    assert column("integer", min=0).min == 0
    """
    from pydantic import TypeAdapter

    made: Column = TypeAdapter(Column).validate_python({"type": type, **keys})
    return made


def whole(pattern: str) -> str:
    """A pattern that has to match a whole value."""
    return rf"\A(?:{pattern})\z"
