"""Files of rows: read some rows at a time, written to the end or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .errors import Mistake, did_you_mean, listed
from .files import TEMPORARY, sync_folder

if TYPE_CHECKING:
    import polars as pl

    from .data.column import AnyColumn

READ = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
WRITTEN = {".csv": "csv", ".parquet": "parquet"}
NUMBER = "_row"


def batches(
    file: Path, wanted: Mapping[str, AnyColumn], optional: set[str], rows: int, csv: Mapping[str, Any]
) -> Iterator[pl.DataFrame]:
    """The wanted columns of a file as it stores them, and `_row`, the number of each row from 1.

    optional: columns that the file may lack. csv: the keys of a csv source, for how such a file is written.
    Raises Mistake when the file cannot be read, has no rows, or lacks columns.
    """
    import polars as pl

    kind = _kind(file, READ, "read")
    if not file.is_file():
        raise Mistake(f"there is no file {file}.")
    found = {"csv": _csv, "parquet": _parquet, "jsonl": _jsonl}[kind](file, wanted, optional, rows, csv)
    first = 1
    for block in found:
        for part in block.iter_slices(rows):
            yield part.with_columns(pl.int_range(first, first + part.height, dtype=pl.Int64).alias(NUMBER))
            first += part.height
    if first == 1:
        raise Mistake(f"{file.name} has no rows.")


class TableFile:
    """A file that is written part by part under another name, and takes its own when it is complete."""

    def __init__(self, path: Path) -> None:
        self.path, self.kind = path, _kind(path, WRITTEN, "write")
        self.rows = 0
        try:
            handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
        except OSError as error:
            raise Mistake(f"{path} cannot be written: {error.strerror}.") from None
        self._temporary = Path(name)
        self._file: BinaryIO = os.fdopen(handle, "wb")
        self._parquet: Any = None

    def add(self, frame: pl.DataFrame) -> None:
        """Write rows; their columns are the same every time."""
        if self.kind == "parquet":
            import pyarrow.parquet as pq

            table = frame.to_arrow()
            self._parquet = self._parquet or pq.ParquetWriter(self._file, table.schema)
            self._parquet.write_table(table)
        else:
            self._file.write(frame.write_csv(include_header=self.rows == 0).encode())
        self.rows += frame.height

    def commit(self) -> None:
        """Give the file its name, once every byte is on the disk."""
        self._end()
        umask = os.umask(0)
        os.umask(umask)
        self._temporary.chmod(0o666 & ~umask)
        self._temporary.replace(self.path)
        sync_folder(self.path.parent)

    def abandon(self) -> None:
        """Leave nothing, unless it was committed."""
        self._end()
        self._temporary.unlink(missing_ok=True)

    def _end(self) -> None:
        if self._file.closed:
            return
        if self._parquet is not None:
            self._parquet.close()
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


def _kind(file: Path, kinds: Mapping[str, str], verb: str) -> str:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    packed = verb == "read" and suffixes[-1:] in ([".gz"], [".zst"])
    suffix = (suffixes[-2:-1] if packed else suffixes[-1:]) or [""]
    if suffix[0] not in kinds:
        raise Mistake(
            f"{file.name} is no file that can be {'read' if verb == 'read' else 'written'}.",
            hint=f"It can end in {listed(kinds)}.",
        )
    return kinds[suffix[0]]


def _chosen(file: Path, there: list[str], wanted: Mapping[str, Any], optional: set[str]) -> list[str]:
    lacking = [name for name in wanted if name not in there and name not in optional]
    if lacking:
        free = [name for name in there if name not in wanted]
        raise Mistake(
            [
                problem
                for name in lacking
                for problem in Mistake(
                    f'{file.name} has no column "{name}".', hint=did_you_mean(name, free, otherwise=" ")
                ).problems
            ]
        )
    return [name for name in wanted if name in there]


def _csv(
    file: Path, wanted: Mapping[str, AnyColumn], optional: set[str], rows: int, settings: Mapping[str, Any]
) -> Iterator[pl.DataFrame]:
    from .data.sources.csv import Csv

    source = Csv.model_validate({**settings, "kind": "csv", "path": str(file.resolve())})
    names = _chosen(file, source.columns(file.parent), wanted, optional)
    for block in source.blocks(file, names):
        yield block.select(names)


def _parquet(
    file: Path, wanted: Mapping[str, AnyColumn], optional: set[str], rows: int, settings: Mapping[str, Any]
) -> Iterator[pl.DataFrame]:
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        stored = pq.ParquetFile(file)
        names = _chosen(file, stored.schema_arrow.names, wanted, optional)
        for batch in stored.iter_batches(batch_size=rows, columns=names):
            yield pl.DataFrame(pl.from_arrow(batch)).select(names)
    except (pa.ArrowException, OSError) as error:
        raise Mistake(f"{file.name} cannot be read as Parquet: {str(error).splitlines()[0].rstrip('.')}.") from None


def _jsonl(
    file: Path, wanted: Mapping[str, AnyColumn], optional: set[str], rows: int, settings: Mapping[str, Any]
) -> Iterator[pl.DataFrame]:
    """A key that a line lacks is missing; whether some line must have it is known only at the end."""
    import polars as pl

    with file.open("rb") as lines:
        numbered = enumerate(lines, start=1)
        names: list[str] = []
        while found := [_object(file, number, line) for number, line in islice(numbered, rows) if line.strip()]:
            names = names or _chosen(file, list(dict.fromkeys(key for row in found for key in row)), wanted, optional)
            yield pl.DataFrame([_series(name, [row.get(name) for row in found]) for name in names])


def _object(file: Path, number: int, line: bytes) -> dict[str, Any]:
    from .serving.invalid import Invalid
    from .serving.request import parse

    try:
        found = parse(line)
    except Invalid as invalid:
        raise Mistake(f"{file.name}, line {number:,}: {invalid.error}.") from None
    if not isinstance(found, dict):
        raise Mistake(f"{file.name}, line {number:,}: not an object.")
    return found


def _series(name: str, values: list[Any]) -> pl.Series:
    """The values in one type; as text, as JSON writes them, where their types differ."""
    import polars as pl

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or (len(kinds) == 1 and not kinds & {list, dict}):
        try:
            return pl.Series(name, values, pl.Float64 if kinds == {int, float} else None)
        except (OverflowError, pl.exceptions.PolarsError, TypeError):
            pass
    written = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    return pl.Series(name, written, pl.String)
