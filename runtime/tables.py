"""Files of rows: read some rows at a time, written to the end or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .errors import Mistake, did_you_mean, listed
from .files import TEMPORARY, sync_folder
from .own import first_line

if TYPE_CHECKING:
    import polars as pl

    from .data.column import AnyColumn

_JSON = {".jsonl": "jsonl", ".ndjson": "jsonl"}
READ = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", **_JSON}
WRITTEN = {".csv": "csv", ".parquet": "parquet", **_JSON}
NUMBER = "_row"
_SAMPLE = 1 << 20  # bytes from which the number of rows is guessed


def batches(
    file: Path,
    wanted: Mapping[str, AnyColumn],
    optional: set[str],
    rows: int,
    csv: Callable[[], Mapping[str, Any]],
    *,
    encoded: bool = False,
) -> Generator[pl.DataFrame]:
    """The wanted columns of a file as it stores them, and `_row`, the number of each row from 1.

    optional: columns that the file may lack. csv: gives the keys of a csv source, for how such a file is written.
    encoded: a category of a Parquet file may come as pl.Enum of the labels that its column declares.
    Raises Mistake when the file cannot be read, has no rows, or lacks columns.
    """
    kind = kind_of(file, READ)
    if not file.is_file():
        raise Mistake(f"there is no file {file}.")
    if kind == "csv":
        found = _csv(file, wanted, optional, csv())
    elif kind == "parquet":
        found = _parquet(file, wanted, optional, rows, encoded)
    else:
        found = _jsonl(file, wanted, optional, rows)
    return numbered(found, rows, file.name)


def numbered(blocks: Iterator[pl.DataFrame], rows: int, name: str) -> Generator[pl.DataFrame]:
    """Blocks in pieces of at most `rows`, with `_row`.

    Raises Mistake when there is no row at all.
    """
    import polars as pl

    first = 1
    for block in blocks:
        for part in block.iter_slices(rows):
            yield part.with_columns(pl.int_range(first, first + part.height, dtype=pl.Int64).alias(NUMBER))
            first += part.height
    if first == 1:
        raise Mistake(f"{name} has no rows.")


def about(file: Path) -> int | None:
    """How many rows a file has: exactly in Parquet, about so many in a text that is not packed; else None."""
    kind = READ.get(file.suffix.lower())
    try:
        if kind == "parquet":
            import pyarrow.parquet as pq

            return int(pq.ParquetFile(file).metadata.num_rows)
        if kind is None:
            return None
        with file.open("rb") as lines:
            sample = lines.read(_SAMPLE)
    except (OSError, ValueError):
        return None
    return file.stat().st_size * sample.count(b"\n") // max(len(sample), 1)


class TableFile:
    """A file that is written part by part under another name, and takes its own when it is complete."""

    def __init__(self, path: Path, folder: Path) -> None:
        """folder: where it is until then, on the same disk."""
        self.path, self.kind = path, kind_of(path, WRITTEN, "written")
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=folder)
        self._temporary = Path(name)
        self._file: BinaryIO = os.fdopen(handle, "wb")
        self._parquet: Any = None

    def head(self, columns: list[str]) -> None:
        """Write what stands above all rows."""
        import polars as pl

        if self.kind == "csv":
            pl.DataFrame(schema=columns).write_csv(self._file)

    def add_arrow(self, table: Any) -> None:
        """Write the rows of an Arrow table into a Parquet file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._parquet is None:
            texts = [field.name for field in table.schema if not pa.types.is_primitive(field.type)]
            self._parquet = pq.ParquetWriter(self._file, table.schema, store_schema=False, use_dictionary=texts)
        self._parquet.write_table(table)

    def append(self, lines: BinaryIO) -> None:
        """Write lines as they are, below what is there."""
        while block := lines.read(_SAMPLE):
            self._file.write(block)

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


def kind_of(file: Path, kinds: Mapping[str, str], verb: str = "read") -> str:
    """The form of a file by how its name ends.

    Raises Mistake when it is none of `kinds`.
    """
    suffixes = [suffix.lower() for suffix in file.suffixes]
    packed = verb == "read" and suffixes[-1:] in ([".gz"], [".zst"])
    suffix = (suffixes[-2:-1] if packed else suffixes[-1:]) or [""]
    if suffix[0] not in kinds:
        raise Mistake(f"{file.name} is no file that can be {verb}.", hint=f"It can end in {listed(kinds)}.")
    return kinds[suffix[0]]


def chosen(name: str, there: list[str], wanted: Mapping[str, Any], optional: set[str]) -> list[str]:
    """The wanted columns of those that are there.

    Raises Mistake when one is lacking that is not optional.
    """
    lacking = [column for column in wanted if column not in there and column not in optional]
    if lacking:
        free = [column for column in there if column not in wanted]
        raise Mistake(
            [
                problem
                for column in lacking
                for problem in Mistake(
                    f'{name} has no column "{column}".', hint=did_you_mean(column, free, otherwise=" ")
                ).problems
            ]
        )
    return [column for column in wanted if column in there]


def _csv(
    file: Path, wanted: Mapping[str, AnyColumn], optional: set[str], settings: Mapping[str, Any]
) -> Iterator[pl.DataFrame]:
    from .data.sources.csv import Csv

    source = Csv.model_validate({**settings, "kind": "csv", "path": str(file.resolve())})
    there = source.of(()).columns(file.parent)
    names = chosen(file.name, there, wanted, optional)
    source = source.of(there)
    for block in source.blocks(file, {name: wanted[name] for name in names}):
        yield block.select(names)


def _parquet(
    file: Path, wanted: Mapping[str, AnyColumn], optional: set[str], rows: int, encoded: bool
) -> Iterator[pl.DataFrame]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        labels = _labels(wanted, pq.read_metadata(file), rows) if encoded else {}
        # buffered before, all that was read of the file would stay in memory
        stored = pq.ParquetFile(file, pre_buffer=False, read_dictionary=[*labels])
        names = chosen(file.name, stored.schema_arrow.names, wanted, optional)
        if twice := [name for name in names if stored.schema_arrow.names.count(name) > 1]:
            quotes, hint = listed((f'"{name}"' for name in twice), "and"), "Rename all but one where it is written."
            raise Mistake(f"{file.name} has {quotes} more than once.", hint=hint)
        for batch in stored.iter_batches(batch_size=rows, columns=names):
            yield _frame(batch, names, labels)
    except (pa.ArrowException, OSError) as error:
        what = f"{file.name} cannot be read as Parquet: {first_line(error).rstrip('.')}."
        raise Mistake(what, hint="Is it whole? Is it a Parquet file?") from None


def _labels(wanted: Mapping[str, AnyColumn], file: Any, rows: int) -> dict[str, list[str]]:
    """The labels of the categories that a Parquet file stores as text and that declare theirs; file: its metadata.

    None where its groups of rows are small: what is looked up once a label comes group by group.
    """
    import polars as pl
    import pyarrow as pa

    found: dict[str, list[str]] = {}
    if 2 * file.num_rows < rows * file.num_row_groups:
        return found
    stored = file.schema.to_arrow_schema()
    for name, column in wanted.items():
        declared = getattr(column, "values", None)
        text = stored.names.count(name) == 1 and stored.field(name).type in (pa.string(), pa.large_string())
        if text and declared and column.dtype == pl.String:
            found[name] = list(declared)
    return found


def _frame(batch: Any, names: list[str], labels: Mapping[str, list[str]]) -> pl.DataFrame:
    """The columns of an Arrow batch; one of `labels` is looked up once a label, not once a row, where it holds no other."""
    import polars as pl

    return pl.DataFrame([_series_of(batch.column(name), name, labels.get(name)) for name in names])


def _series_of(values: Any, name: str, labels: list[str] | None) -> pl.Series:
    import polars as pl

    if labels is not None:
        known = pl.Series(name, values.dictionary).cast(pl.Enum(labels), strict=False)
        if not known.null_count():
            return known.gather(pl.Series(values.indices))
        values = values.dictionary_decode()
    return pl.Series(name, values)


def _jsonl(file: Path, wanted: Mapping[str, AnyColumn], optional: set[str], rows: int) -> Iterator[pl.DataFrame]:
    """A key that a line lacks is missing; whether some line must have it is known only at the end."""
    import polars as pl

    with file.open("rb") as lines:
        counted = enumerate(lines, start=1)
        names: list[str] = []
        while found := [_object(file, number, line) for number, line in islice(counted, rows) if line.strip()]:
            there = list(dict.fromkeys(key for row in found for key in row))
            names = names or chosen(file.name, there, wanted, optional)
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
