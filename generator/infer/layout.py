"""How a file of rows is written: packing, encoding, delimiter, quote and header, told from its bytes, never from its name."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from overture.runtime.data.written import Numbers
from overture.runtime.errors import Mistake, Problem
from overture.runtime.own import first_line

from .header import has_header

DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_COMMA = [re.compile(Numbers(",", between).pattern).match for between in (".", " ", "'")]
_UNIT = re.compile("^([+-]?)[$€£¥] ?| ?[$€£¥%]$").sub
_POINT = re.compile(r"^[+-]?\d+\.(\d{1,2}|\d{4,})$").match  # three digits may be thousands
_SAMPLE = 1 << 18
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ": "packed by xz",
    b"%PDF": "a PDF",
    b"SQLite f": "an SQLite database",
    b"ARROW1": "an Arrow file",
}


@dataclass(frozen=True)
class Layout:
    """What has to be known to read a file."""

    kind: str
    """csv or parquet."""
    delimiter: str = ","
    encoding: str = "utf-8"
    """As Python calls it; ascii where it makes no difference."""
    quote: str = '"'
    header: bool | tuple[str, ...] = True
    """True when the first row names the columns, else their names."""
    columns: tuple[str, ...] = ()
    decimal: str = "."
    """What stands before the fraction of a number."""

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of the source in conf/, but for those that say nothing new."""
        usual = Layout(self.kind)
        found = {name: getattr(self, name) for name in ("delimiter", "encoding", "quote", "header", "decimal")}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value not in (getattr(usual, name), "ascii")
        }


def layout(path: Path, header: tuple[str, ...] | None = None) -> Layout:
    """Look at a file.

    header: the names of the columns of a file that has none; ("true",) where the first row holds them whatever it looks like.

    Raises Mistake when the file cannot be read, or when only the user knows how.
    """
    start = _start(path)
    if start[:4] == b"PAR1":
        return _parquet(path, header)
    encoding = _encoding(path)
    sample = _sample(path, encoding)
    if not sample.strip():
        raise Mistake(f"{path.name} is empty.")
    if sample.lstrip().startswith(("[{", '{"', "[[")):
        raise Mistake(f"{path.name} is JSON, not CSV or Parquet.", hint="Save it as CSV.")
    quote = _quote(sample)
    delimiter = _delimiter(sample, quote)
    rows = list(_records(sample, delimiter, quote))
    names, given = _names(path, rows, header)
    if odd := patterns(names):
        raise Mistake(
            [
                Problem(f'{path.name} has a column called "{name}", which stands for other columns.', hint="Rename it.")
                for name in odd
            ]
        )
    return Layout("csv", delimiter, encoding, quote, given, names, _decimal(rows[1:], delimiter))


def unpacked(path: Path) -> IO[bytes]:
    """The bytes of a file that may be packed by gzip or zstd."""
    import pyarrow

    start = _start(path)
    packing = "gzip" if start[:2] == b"\x1f\x8b" else "zstd" if start[:4] == b"\x28\xb5\x2f\xfd" else None
    stream: IO[bytes] = pyarrow.input_stream(str(path), compression=packing)
    return stream


def patterns(names: tuple[str, ...]) -> list[str]:
    """Names that polars takes for a pattern of names: * and ^…$."""
    return [
        name for name in names if name.strip() == "*" or (name.strip().startswith("^") and name.strip().endswith("$"))
    ]


def duplicates(names: tuple[str, ...]) -> list[str]:
    """Names that stand more than once, each once."""
    return [name for name, count in Counter(names).items() if count > 1 and name.strip()]


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError as error:
        raise Mistake(_absent(path)) from error
    except IsADirectoryError as error:
        hint = "Name a file in it, or a quoted pattern of such, as 'data/*.csv'."
        raise Mistake(f"{path} is a folder, not a file.", hint=hint) from error
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror}.") from error
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise Mistake(f"{path.name} is {what}, not CSV or Parquet.", hint="Save it as CSV.")
    return start


def _absent(path: Path) -> Problem:
    from overture.runtime.errors import did_you_mean

    folder = path.parent
    known = sorted(found.name for found in folder.iterdir() if found.is_file()) if folder.is_dir() else []
    return Problem(f"there is no file {path}.", hint=did_you_mean(path.name, known, otherwise="Look at the path."))


def _parquet(path: Path, header: tuple[str, ...] | None) -> Layout:
    import polars as pl

    if header is not None:
        raise Mistake("--header is for CSV files; a Parquet file names its columns itself.", hint="Leave it out.")
    try:
        return Layout("parquet", columns=tuple(pl.read_parquet_schema(path)))
    except pl.exceptions.DuplicateError as error:
        raise Mistake(f"{path.name}: {first_line(error)}.", hint="Rename all but one where it is written.") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> Mistake:
    """What is said of a Parquet file whose head or rows cannot be read."""
    return Mistake(f"{path.name} is a damaged Parquet file.", hint="Fetch it again.", notes=[first_line(error)])


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with unpacked(path) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise Mistake(
            f"{path.name} is packed, but damaged: {error}.", hint="Fetch it again, or unpack it by hand."
        ) from error


def _encoding(path: Path) -> str:
    """The encoding of the whole file; "ascii" where every reader agrees."""
    decoder: codecs.IncrementalDecoder | None = None
    plain, utf8, undefined = True, True, False
    for chunk in _chunks(path):
        if decoder is None:
            if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if wide := _wide(chunk):
                return wide
            plain = not chunk.startswith(codecs.BOM_UTF8)
            decoder = codecs.getincrementaldecoder("utf-8")()
        if b"\0" in chunk:
            raise Mistake(f"{path.name} is not text: it holds bytes of zero.", hint="Save it as CSV.")
        plain = plain and chunk.isascii()
        undefined = undefined or any(byte in chunk for byte in b"\x81\x8d\x8f\x90\x9d")
        if utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                utf8 = False
    if utf8:
        return "ascii" if plain else "utf-8"
    return "latin-1" if undefined else "cp1252"


def _wide(chunk: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of its first letters is zero."""
    low, high = chunk[0:200:2].count(0), chunk[1:200:2].count(0)
    if max(low, high) < 0.7 * len(chunk[1:200:2]) or len(chunk) < 4:
        return None
    return "utf-16-le" if high > low else "utf-16-be"


def _sample(path: Path, encoding: str) -> str:
    """The first lines, whole ones only."""
    content = b""
    for chunk in _chunks(path):
        content += chunk
        if len(content) >= _SAMPLE:
            break
    whole = len(content) < _SAMPLE
    decoded = codecs.getincrementaldecoder("utf-8-sig" if encoding in ("ascii", "utf-8") else encoding)().decode(
        content
    )
    if whole or "\n" not in decoded:
        return decoded
    return decoded[: decoded.rindex("\n") + 1]


def _quote(sample: str) -> str:
    """Single quotes where they stand around fields and double ones nowhere."""
    if '"' in sample or "'" not in sample:
        return '"'
    lines = [line.rstrip() for line in list(_lines(sample))[1:200] if line.strip()]
    quoted = sum(
        any(f"{mark}'" in f"{mark}{line}" and f"'{mark}" in f"{line}{mark}" for mark in DELIMITERS) for line in lines
    )
    return "'" if lines and quoted > len(lines) / 2 else '"'


def _delimiter(sample: str, quote: str) -> str:
    """The delimiter that gives the most rows of one width; more columns win among equals."""

    def merit(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in _records(sample, delimiter, quote)][:-1] or [
            len(row) for row in _records(sample, delimiter, quote)
        ]
        if not widths or widths[0] == 1:
            return 0.0, 0
        return round(widths.count(widths[0]) / len(widths), 2), widths[0]

    return max(DELIMITERS, key=merit)


def _decimal(rows: list[list[str]], delimiter: str) -> str:
    """A comma where some column holds nothing but numbers that have one, and no column such with a point."""
    if delimiter == ",":
        return "."
    cells = [[_UNIT(r"\1", cell.strip()) for cell in column if cell.strip()] for column in zip(*rows, strict=False)]
    commas = [it for it in cells if any("," in cell for cell in it) and any(all(map(way, it)) for way in _COMMA)]
    points = [column for column in cells if column and all(map(_POINT, column))]
    return "," if commas and not points else "."


def _lines(sample: str) -> io.StringIO:
    """The lines of a text with their ends; str.splitlines would cut at characters that may stand in a name."""
    return io.StringIO(sample, newline="")


def _records(sample: str, delimiter: str, quote: str) -> Iterator[list[str]]:
    csv.field_size_limit(1 << 30)
    try:
        yield from (row for row in csv.reader(_lines(sample), delimiter=delimiter, quotechar=quote) if row)
    except csv.Error:  # a quote left open at the end of the sample
        return


def _names(
    path: Path, rows: list[list[str]], header: tuple[str, ...] | None
) -> tuple[tuple[str, ...], bool | tuple[str, ...]]:
    first, width = tuple(rows[0]), len(rows[0])
    if header is None and not has_header(rows):
        shown = ", ".join(cell.strip() for cell in first[:5]) + (", …" if width > 5 else "")
        raise Mistake(
            f"{path.name} seems to have no header: its first row is {shown}",
            hint=f"Name its {width} columns: --header name,name,…  (or, if this row does name them: --header true)",
        )
    if header is None or header == ("true",):
        if twice := duplicates(first):
            raise Mistake(
                [
                    Problem(
                        f'{path.name} has {first.count(name)} columns called "{name}".',
                        hint="Rename all but one in its first line.",
                    )
                    for name in twice
                ]
            )
        return first, True
    if len(header) != width:
        raise Mistake(
            f"--header names {len(header)} columns, but {path.name} has {width}.",
            hint=f"Its first row is {', '.join(first)[:200]}",
        )
    if twice := duplicates(header):
        raise Mistake(f'--header names "{twice[0]}" more than once.', hint="Give each column a name of its own.")
    return header, header
