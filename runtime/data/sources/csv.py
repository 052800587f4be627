"""Rows from CSV files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictStr, field_validator, model_validator

from ...errors import Mistake, Problem, did_you_mean
from ...form import Form
from .. import paths
from ..blocks import lazily
from ..cast import narrow, widened
from ..column import AnyColumn, IntegerColumn, NumberColumn
from ..records import Records
from ..source import Source
from ..storage import Remote
from ..stream import Utf8, known
from ..written import Numbers, Thousands, fault, plain_times

if TYPE_CHECKING:
    import polars as pl

_Mark = Annotated[str, Form(r"^[\x21-\x7e]$", "one ASCII character, and no blank")]


class Csv(Source):
    """Rows from a CSV file, plain or packed by gzip or zstd.

    Quoted values may hold delimiters, line ends and doubled quotes. Lines with nothing in them are no rows.
    """

    kind: Literal["csv"]
    path: paths.Paths
    """The file; or several files by the part their rows belong to, {train: a.csv, test: b.csv}."""
    part: Annotated[StrictStr, Field(min_length=1)] = "part"
    """With several files: the name of the added column that says which one a row came from."""
    delimiter: Annotated[str, Form(r'^[^\n\r"]$', "one character, but no double quote and no line end")] = ","
    """The character between two values."""
    encoding: StrictStr = "utf-8"
    """How the file writes letters: utf-8, latin-1, cp1252, utf-16 …"""
    header: Literal[True] | Annotated[list[Annotated[StrictStr, Field(min_length=1)]], Field(min_length=1)] = True
    """true: the first line names the columns. A list of names: the file has no such line."""
    missing: list[StrictStr] = [""]
    """What is written where a value is missing."""
    trim: bool = False
    """Take away blanks around every value and name, before `missing` is looked at."""
    replace: dict[StrictStr, dict[StrictStr, StrictStr]] = {}
    """By column, values to read as others: {income: {"<=50K.": "<=50K"}}; after `trim`, before `missing`."""
    quote: _Mark | None = '"'
    """The character around values that hold a delimiter, doubled where it is part of one; null: quotes mean nothing."""
    escape: _Mark | None = None
    """The character that takes away the meaning of the next one, as in "say \\"d\\""; null: none does."""
    decimal: Literal[".", ","] = "."
    """What stands before the fraction of a number. With a comma, points between thousands are read over: 1.234,5 is 1234.5."""
    thousands: Thousands | None = None
    """What may stand between the thousands of a number: with a comma, 1,234.5 is 1234.5."""
    units: list[
        Annotated[str, Form(r"^[^\d\s.,+-]+$", "a unit without blanks, digits and signs of numbers, as $ or %")]
    ] = []
    """What may stand before or after a number and is read over: [$, "%"] makes $5 the number 5, and 12 % the number 12."""
    dates: dict[StrictStr, Annotated[StrictStr | list[StrictStr], Field(min_length=1)]] = {}
    """By column, how it writes days or moments, as strftime has it: {day: "%d.%m.%Y"}; of a list, the first that fits."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        return known(encoding)

    @field_validator("delimiter")
    @classmethod
    def _one_byte(cls, delimiter: str) -> str:
        if not delimiter.isascii():
            raise ValueError(f'the delimiter "{delimiter}" must be an ASCII character')
        return delimiter

    @field_validator("header")
    @classmethod
    def _different(cls, header: Literal[True] | list[str]) -> Literal[True] | list[str]:
        if header is not True and len(set(header)) < len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise ValueError(f'"{twice}" is there more than once')
        return header

    @field_validator("dates")
    @classmethod
    def _days(cls, dates: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        for patterns in dates.values():
            for pattern in _listed(patterns):
                if wrong := fault(pattern):
                    raise ValueError(wrong)
        return dates

    @model_validator(mode="after")
    def _told_apart(self) -> Csv:
        marks = {"quote": self.quote, "delimiter": self.delimiter, "escape": self.escape}
        if self.decimal == ",":
            marks["decimal"] = self.decimal
        for one, other in combinations(marks, 2):
            if marks[one] is not None and marks[one] == marks[other]:
                raise ValueError(f"{one} and {other} are both {marks[one]}")
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal}")
        return self

    def columns(self, root: Path) -> list[str]:
        """The names in the first line, or those of `header`; a column without a name is "".

        Raises Mistake when a file cannot be opened, is empty, or names a column twice, and when `replace` or `dates` names none of them.
        """
        found = paths.common_columns(
            paths.located(self.path, root), self.part, lambda it: self._records(it.part, it.file).names()
        )
        by_column = [("replace", name) for name in self.replace] + [("dates", name) for name in self.dates]
        if unknown := [(key, name) for key, name in by_column if name not in found]:
            what = "there is no such column."
            raise Mistake([Problem(what, (key, name), hint=did_you_mean(name, found)) for key, name in unknown])
        return found

    def of(self, columns: Iterable[str]) -> Csv:
        """The same, without what is said of columns other than these: a file to score need not have a target."""
        there = set(columns)
        kept = {
            key: {name: it for name, it in getattr(self, key).items() if name in there} for key in ("replace", "dates")
        }
        return self.model_copy(update=kept)

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns as text, a block of rows at a time.

        Raises Mistake, when it is collected too, when a file is damaged, not in the encoding, or has rows of differing length.
        """
        return paths.stacked(paths.located(self.path, root), self.part, wanted, lambda it: self._scan(it, wanted))

    def read(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.DataFrame:
        """What `scan` gives, in memory: numbers as numbers where every single value is one, a fraction of the size.

        Raises Mistake when a file is damaged, not in the encoding, or has rows of differing length.
        """
        import polars as pl

        with self.reading(root):
            blocks = self.scan(root, wanted).collect_batches(maintain_order=True)
            frames = [narrow(block, wanted) for block in blocks]
        return widened(frames) if frames else pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))

    def adds(self) -> dict[str, AnyColumn]:
        """The column that tells several files apart."""
        return paths.part_column(self.path, self.part)

    def files(self, root: Path) -> list[Path]:
        """The files, sorted."""
        return paths.files(self.path, root)

    def objects(self, root: Path) -> list[Remote]:
        """The files in an object store."""
        return paths.objects(self.path, root)

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write the frame as a CSV file."""
        frame.write_csv(folder / "example.csv")
        return {"kind": "csv", "path": "example.csv"}

    def blocks(self, file: Path | Remote, wanted: Iterable[str], part: str = "") -> Iterator[pl.DataFrame]:
        """The wanted columns of one file as text, some rows at a time; missing values are null.

        wanted: names, or columns by name, which a decimal comma needs to tell numbers from text.
        Raises Mistake when the file is damaged, not in the encoding, or has rows of differing length.
        """
        types = wanted if isinstance(wanted, Mapping) else {}
        for block in self._records(part, file).blocks(wanted):
            yield block.with_columns(self._cleaned(name, types.get(name)) for name in block.columns)

    def _records(self, part: str, file: Path | Remote) -> Records:
        return Records(
            lambda: Utf8(file, self.encoding, paths.where(part)),
            self.delimiter,
            self.quote,
            None if self.header is True else self.header,
            self.trim,
            self.escape,
        )

    def _scan(self, found: paths.Found, types: Mapping[str, AnyColumn]) -> pl.LazyFrame:
        import polars as pl

        names = [name for name in self._records(found.part, found.file).names() if name]

        def blocks(asked: list[str]) -> Iterator[pl.DataFrame]:
            typed: dict[str, AnyColumn | None] = {name: types.get(name) for name in asked}
            return self.blocks(found.file, typed, found.part)

        return lazily(dict.fromkeys(names, pl.String), blocks)

    def _cleaned(self, name: str, column: AnyColumn | None) -> pl.Expr:
        import polars as pl

        value = pl.col(name)
        if self.trim:
            value = value.str.strip_chars()
        if name in self.replace:
            value = value.replace(self.replace[name])
        if self.missing:
            value = pl.when(value.is_in(self.missing).not_()).then(value)
        if name in self.dates:
            value = plain_times(value, _listed(self.dates[name]))
        numbers = Numbers(self.decimal, self.thousands, tuple(self.units))
        return value if numbers.usual or not isinstance(column, IntegerColumn | NumberColumn) else numbers.plain(value)


def _listed(patterns: str | list[str]) -> list[str]:
    return [patterns] if isinstance(patterns, str) else patterns
