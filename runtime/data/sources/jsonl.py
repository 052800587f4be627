"""Rows from files of JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictStr, field_validator

from ...errors import Mistake, Problem
from .. import paths
from ..blocks import lazily
from ..column import AnyColumn
from ..source import Source
from ..storage import Remote
from ..stream import Utf8, known

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 16 << 20  # bytes that are parsed at a time; no line may be longer


class Jsonl(Source):
    """Rows from a file with a JSON object in every line, plain or packed by gzip or zstd.

    A key that a line lacks is missing there. Lines with nothing in them are no rows. Lists and objects inside a row
    are text, as JSON writes them.
    """

    kind: Literal["jsonl"]
    path: paths.Paths
    """The file, or a pattern as logs/*.jsonl; or several by the part their rows belong to, {train: a.jsonl, test: b.jsonl}.
    Here, or in an object store: s3://lake/logs/*.jsonl."""
    part: Annotated[StrictStr, Field(min_length=1)] = "part"
    """With several files: the name of the added column that says which one a row came from."""
    encoding: StrictStr = "utf-8"
    """How the file writes letters: utf-8, utf-16 …"""
    keys: Annotated[list[Annotated[StrictStr, Field(min_length=1)]], Field(min_length=1)] | None = None
    """The keys of the objects; null: those that the first 16 MB of the file have."""
    missing: list[StrictStr] = []
    """What is written where a value is missing, besides null."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        return known(encoding)

    def columns(self, root: Path) -> list[str]:
        """`keys`, or those of the first lines, in the order of their first appearance.

        Raises Mistake when a file cannot be opened, is empty, or does not begin with a JSON object.
        """
        return paths.common_columns(paths.located(self.path, root), self.part, self._names)

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted keys as text, a block of lines at a time.

        Raises Mistake, when it is collected too, when a file is damaged, not in the encoding, or holds what is no JSON object.
        """
        return paths.stacked(
            paths.located(self.path, root), self.part, wanted, lambda found: self._scan(found, [*wanted])
        )

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
        """Write the frame as JSON lines."""
        import polars.selectors as cs

        frame.with_columns(cs.datetime().dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")).write_ndjson(folder / "example.jsonl")
        return {"kind": "jsonl", "path": "example.jsonl"}

    def _names(self, found: paths.Found) -> list[str]:
        import json

        if self.keys is not None:
            return self.keys
        with self._opened(found) as stream:
            text = stream.read(_BLOCK)
        if len(text) == _BLOCK:
            text = text[: text.rfind(b"\n") + 1]
        names: dict[str, None] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                try:
                    names.update(dict.fromkeys(dict(json.loads(line))))
                except (ValueError, TypeError):
                    raise _broken(found, line, number) from None
        if not names:
            raise Mistake(Problem(f"{found.file.name} is empty.", paths.where(found.part)))
        return list(names)

    def _scan(self, found: paths.Found, wanted: list[str]) -> pl.LazyFrame:
        import polars as pl

        names = [name for name in wanted if not (found.part and name == self.part)]
        return lazily(dict.fromkeys(names, pl.String), lambda asked: self._blocks(found, asked))

    def _blocks(self, found: paths.Found, names: list[str]) -> Iterator[pl.DataFrame]:
        import polars as pl

        schema = dict.fromkeys(names, pl.String)
        lines = 0
        with self._opened(found) as stream:
            for text in _whole_lines(stream):
                try:
                    block = pl.read_ndjson(text, schema=schema)
                except pl.exceptions.PolarsError:
                    raise _first_broken(found, text, lines) from None
                lines += text.count(b"\n")
                yield block.with_columns(self._cleaned(name) for name in names)

    def _opened(self, found: paths.Found) -> Utf8:
        return Utf8(found.file, self.encoding, paths.where(found.part))

    def _cleaned(self, name: str) -> pl.Expr:
        import polars as pl

        value = pl.col(name)
        return pl.when(value.is_in(self.missing).not_()).then(value) if self.missing else value


def _whole_lines(stream: Utf8) -> Iterator[bytes]:
    """The text in pieces that end where a line does; none of blanks alone."""
    rest = b""
    while text := stream.read(_BLOCK):
        cut = text.rfind(b"\n") + 1
        if cut == 0 and len(rest) >= _BLOCK:
            what = f"a line is longer than {_BLOCK >> 20} MB."
            raise Mistake(Problem(f"{stream.file.name}: {what}", stream.path, hint="Is it JSON lines?"))
        piece, rest = (rest + text[:cut], text[cut:]) if cut else (b"", rest + text)
        if piece.strip():
            yield piece
    if rest.strip():
        yield rest


def _first_broken(found: paths.Found, text: bytes, before: int) -> Mistake:
    """The line that cannot be read, among those of a block that cannot."""
    import json

    for number, line in enumerate(text.splitlines(), start=before + 1):
        if line.strip():
            try:
                dict(json.loads(line))
            except (ValueError, TypeError):
                return _broken(found, line, number)
    return Mistake(Problem(f"{found.file.name} cannot be read as JSON lines.", paths.where(found.part)))


def _broken(found: paths.Found, line: bytes, number: int) -> Mistake:
    start = line.lstrip()[:1]
    hint = "A file of JSON lines has an object in every line, and no list around them." if start == b"[" else ""
    what = "is no JSON object" if start in b"[" else "cannot be read as a JSON object"
    return Mistake(Problem(f"{found.file.name}, line {number:,}: {what}.", paths.where(found.part), hint=hint))
