"""The records of a CSV text: its names, and its rows as frames of text, a block at a time."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, Problem, listed
from .stream import Utf8

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 4 << 20  # bytes that are parsed at a time; no row may be longer
_START = 1 << 20  # bytes in which the first line must end
_END = "\x1e"  # the values of a row put below the last one: a quote that is never closed would swallow it

_BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and c not in "\x1c\x1d\x1e\x1f")


def trimmed(name: str) -> str:
    """A name without the blanks around it: those of Unicode, as polars takes them away from values.

    assert trimmed(" income\u00a0") == "income" and trimmed("\x1e0") == "\x1e0"
    """
    return name.strip(_BLANKS)


@dataclass
class _Uneven:
    """Rows that do not have as many values as there are names."""

    count: int = 0
    first: list[tuple[int | None, int]] = field(default_factory=list)

    def __call__(self, row: Any) -> str:
        self.count += 1
        if len(self.first) < 3:
            self.first.append((row.number, row.actual_columns))
        return "skip"


@dataclass(frozen=True)
class Records:
    """How to cut a text into rows and values; each call of `opened` starts the text again."""

    opened: Callable[[], Utf8]
    delimiter: str
    quote: str | None
    header: list[str] | None
    """The names, where the text has no line that says them."""
    trim: bool
    escape: str | None = None

    def names(self) -> list[str]:
        """The names of the columns; one without a name is "".

        Raises Mistake when there is nothing in the text, or the names cannot be right.
        """
        with self.opened() as stream:
            return self._names(stream)

    def blocks(self, wanted: Iterable[str]) -> Iterator[pl.DataFrame]:
        """The wanted columns of all rows, as text.

        Raises Mistake when rows differ in length or a quote is never closed.
        """
        uneven, rows, last = _Uneven(), 0, None
        with self.opened() as stream:
            names = self._names(stream)
            stream.append(f"\n{self.delimiter.join(_END for _ in names)}\n".encode())
            for frame in self._parsed(stream, names, set(wanted), uneven):
                if uneven.count:
                    break
                if last is not None:
                    yield last
                rows, last = rows + frame.height, frame
        if uneven.count:
            raise self._lengths(names)
        if last is None or last.tail(1).row(0) != (_END,) * last.width:
            what = f"a quote in row {rows:,} is never closed."
            raise self._mistake(stream, what, "Mend the file, or name another quote character.")
        yield last.head(-1)

    def _names(self, stream: Utf8) -> list[str]:
        """The names; the stream stands at the first row afterwards."""
        start = stream.read(_START)
        text = start.decode(errors="ignore")
        lines = io.StringIO(text, newline="")
        try:
            first = next((row for row in self._reader(lines) if row), None)
        except csv.Error as error:
            raise self._mistake(stream, f"the first line cannot be read: {error}.") from None
        if first is None:
            raise self._mistake(stream, "the file is empty.")
        stream.unread(start if self.header else start[len(text[: lines.tell()].encode()) :])
        return self._fitting(first, stream)

    def _reader(self, lines: io.StringIO) -> Iterator[list[str]]:
        yield from csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            escapechar=self.escape,
            quoting=csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
        )

    def _fitting(self, first: list[str], stream: Utf8) -> list[str]:
        other = next((mark for mark in ";\t|," if mark != self.delimiter and mark in first[0]), "")
        if len(first) == 1 and other:
            hint = f'Did you mean delimiter: "{other}"?'.replace("\t", "\\t")
            raise Mistake(Problem(f"{stream.file.name} has one column only.", ("delimiter",), hint=hint))
        if self.header and len(self.header) != len(first):
            what = f"{len(self.header)} name{'s' * (len(self.header) > 1)}, but the first row of {stream.file.name} has {len(first)} values."
            raise Mistake(Problem(what, ("header",)))
        names = self.header or [trimmed(name) if self.trim else name for name in first]
        twice = [name for name, times in Counter(names).items() if times > 1 and name]
        if twice:
            quoted = listed((f'"{name}"' for name in twice), "and")
            raise self._mistake(stream, f"the first line names {quoted} more than once.", "Rename them in the file.")
        return names

    def _parsed(
        self, stream: Utf8, names: list[str], wanted: set[str], uneven: _Uneven, threads: bool = True
    ) -> Iterator[pl.DataFrame]:
        import polars as pl
        import pyarrow as pa
        from pyarrow import csv as reader

        # names may be blank or said twice, positions never are
        positions = {str(position): name for position, name in enumerate(names) if name in wanted}
        try:
            yield from (
                pl.DataFrame(pl.from_arrow(batch)).rename(positions)
                for batch in reader.open_csv(
                    pa.PythonFile(stream, "r"),
                    reader.ReadOptions(
                        column_names=[str(position) for position in range(len(names))],
                        block_size=_BLOCK,
                        use_threads=threads,
                    ),
                    reader.ParseOptions(
                        delimiter=self.delimiter,
                        quote_char=self.quote or False,
                        escape_char=self.escape or False,
                        newlines_in_values=True,
                        invalid_row_handler=uneven,
                    ),
                    reader.ConvertOptions(
                        include_columns=list(positions),
                        column_types={position: pa.string() for position in positions},
                        strings_can_be_null=False,
                        check_utf8=False,  # the stream has proven it
                    ),
                )
            )
        except pa.ArrowInvalid as error:
            hint = "Is there a quote that is never closed?"
            limit = f"a row is longer than {_BLOCK >> 20} MB."
            what = limit if "straddl" in str(error) else f"{str(error).rstrip('.')}."
            raise self._mistake(stream, what, hint) from None

    def _lengths(self, names: list[str]) -> Mistake:
        """What is wrong with the lengths of rows: only a reading in one thread knows the numbers of the rows."""
        uneven = _Uneven()
        with self.opened() as stream:
            self._names(stream)
            for _ in self._parsed(stream, names, {names[0]}, uneven, threads=False):
                pass
        examples = listed((f"row {number:,} has {found}" for number, found in uneven.first if number), "and")
        rows = "1 row does not have" if uneven.count == 1 else f"{uneven.count:,} rows do not have"
        more = ", for example" if uneven.count > len(uneven.first) else ""
        what = f"{rows} {len(names)} value{'s' * (len(names) > 1)} as the first line has{more}: {examples}."
        return self._mistake(stream, what, f'Is "{self.delimiter}" inside a value that is not quoted?')

    def _mistake(self, stream: Utf8, what: str, hint: str = "") -> Mistake:
        return Mistake(Problem(f"{stream.file.name}: {what}", stream.path, hint=hint))
