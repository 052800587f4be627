"""A scoring under way: finished parts are kept on the disk, so that after a kill only what was not finished is done again.

Beside the file of answers stands a folder `.NAME.parts`: plan.json says what is scored by which model; each part is a folder that
appears whole. A scoring with another plan starts anew. The files themselves grow there too, and after a kill are made anew from
the parts.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from filelock import FileLock, Timeout

from . import files
from .errors import Mistake
from .tables import WRITTEN, TableFile, kind_of

if TYPE_CHECKING:
    import polars as pl

ROWS, SECONDS = 1 << 20, 10.0
"""A part is finished when it holds so many rows, or took so long."""
_PLAN, _LOCK, _FACTS = "plan.json", "lock", "part.json"
ANSWERS, REJECTED = "answers", "rejected"


class Checkpoint:
    """The finished parts of a file of answers and its side file, the part under way, and the two files as far as they are."""

    def __init__(self, out: Path, side: Path, plan: dict[str, Any] | None) -> None:
        """Take up what an earlier scoring with the same plan has finished; plan: None where no two scorings are the same.

        Raises Mistake when the files cannot be written, or another scoring writes them now.
        """
        self._paths, self.kind = {ANSWERS: out, REJECTED: side}, kind_of(out, WRITTEN, "written")
        self._files: dict[str, TableFile] = {}
        self._open: ExitStack | None = None
        self.folder = out.with_name(f".{out.name}.parts")
        try:
            self.folder.mkdir(exist_ok=True)
            self._lock = FileLock(self.folder / _LOCK)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise Mistake(
                f"another scoring is writing {out.name}.", hint="Wait for it, or choose another OUT."
            ) from None
        except OSError as error:
            raise Mistake(f"{out} cannot be written: {error.strerror}.") from None
        self._begin(plan)

    def _begin(self, plan: dict[str, Any] | None) -> None:
        written = json.dumps(plan, sort_keys=True)
        path = self.folder / _PLAN
        if plan is None or not path.exists() or path.read_text("utf-8") != written:
            path.unlink(missing_ok=True)
            for found in self.folder.iterdir():
                if found.is_dir():
                    shutil.rmtree(found, ignore_errors=True)
            files.write(path, written)
        for found in self.folder.glob(f"{files.TEMPORARY}*"):
            shutil.rmtree(found) if found.is_dir() else found.unlink()
        folders = sorted(found for found in self.folder.iterdir() if found.is_dir() and found.name.isdecimal())
        self.parts = [json.loads((found / _FACTS).read_bytes()) for found in folders]
        for folder, facts in zip(folders, self.parts, strict=True):
            for name in self._paths:
                if (folder / name).exists():
                    _copy(folder / name, self._file(name, facts["columns"][name]))

    def add(self, answers: pl.DataFrame, rejected: pl.DataFrame, facts: dict[str, Any], last: int) -> None:
        """Write the outcome of some rows; last: the number of the last of them."""
        if self._open is None:
            self._open, self._began = ExitStack(), time.monotonic()
            made = self._open.enter_context(files.new_folder(self.folder / f"{len(self.parts) + 1:08d}"))
            self._part = _Part(made)
        self._part.count(answers, rejected, facts, last)
        for name, frame in ((ANSWERS, answers), (REJECTED, rejected)):
            if frame.height:
                self._add(name, frame)
        first = self.parts[-1]["last"] if self.parts else 0
        if last - first >= ROWS or time.monotonic() - self._began >= SECONDS:
            self._finish()

    def commit(self) -> None:
        """Let the files appear that hold rows, the side file first."""
        for name, path in reversed(self._paths.items()):
            if name in self._files:
                self._files[name].commit()
            elif name == REJECTED:
                path.unlink(missing_ok=True)  # of an earlier scoring

    def forget(self) -> None:
        """Leave nothing."""
        self.leave()
        shutil.rmtree(self.folder, ignore_errors=True)

    def leave(self) -> None:
        """Let go; finished parts stay."""
        if self._open is not None:
            self._part.close()
            stack, self._open = self._open, None
            stack.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
        for file in self._files.values():
            file.abandon()
        self._lock.release()

    def _finish(self) -> None:
        """Keep the part under way."""
        if self._open is not None:
            stack, self._open = self._open, None
            with stack:
                self._part.close()
            self.parts.append(self._part.facts)

    def _add(self, name: str, frame: pl.DataFrame) -> None:
        """Write rows twice: into their part, and into what becomes of all parts."""
        file = self._file(name, frame.columns)
        if file.kind == "parquet":
            table = _told_once(frame.rechunk().to_arrow())
            self._part.add_arrow(name, table)
            file.add_arrow(table)
            return
        lines = io.BytesIO()
        frame.write_ndjson(lines) if file.kind == "jsonl" else frame.write_csv(lines, include_header=False)
        self._part.file(name).write(lines.getbuffer())
        lines.seek(0)
        file.append(lines)

    def _file(self, name: str, columns: list[str]) -> TableFile:
        if name not in self._files:
            self._files[name] = TableFile(self._paths[name], self.folder)
            self._files[name].head(columns)
        return self._files[name]


class _Part:
    """The outcome of some rows in a folder: what is to be Parquet is kept as Arrow, quick to write and to read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: dict[str, Any] = {"last": 0, ANSWERS: 0, REJECTED: 0, "unknown": {}, "columns": {}}
        self._files: dict[str, BinaryIO] = {}
        self._arrow: Any = None

    def count(self, answers: pl.DataFrame, rejected: pl.DataFrame, facts: dict[str, Any], last: int) -> None:
        self.facts["last"] = last
        for name, frame in ((ANSWERS, answers), (REJECTED, rejected)):
            self.facts[name] += frame.height
            if frame.height:
                self.facts["columns"][name] = frame.columns
        for name, count in facts.items():
            self.facts["unknown"][name] = self.facts["unknown"].get(name, 0) + count

    def add_arrow(self, name: str, table: Any) -> None:
        import pyarrow as pa

        self._arrow = self._arrow or pa.ipc.new_stream(self.file(name), table.schema)
        self._arrow.write_table(table)

    def file(self, name: str) -> BinaryIO:
        if name not in self._files:
            self._files[name] = (self.folder / name).open("wb")
        return self._files[name]

    def close(self) -> None:
        if self._arrow is not None:
            self._arrow.close()
        for file in self._files.values():
            file.close()
        (self.folder / _FACTS).write_text(json.dumps(self.facts), "utf-8")


def _told_once(table: Any) -> Any:
    """A table in which the columns of few texts hold each text once, as Parquet does."""
    import pyarrow as pa

    for name in ("prediction", "model"):
        place = table.schema.get_field_index(name)
        if pa.types.is_large_string(table.schema.field(place).type):
            table = table.set_column(place, name, table.column(place).cast(pa.string()).dictionary_encode())
    return table


def _copy(path: Path, file: TableFile) -> None:
    with path.open("rb") as part:
        if file.kind != "parquet":
            file.append(part)
            return
        import pyarrow as pa

        for batch in pa.ipc.open_stream(part):
            file.add_arrow(pa.Table.from_batches([batch]))
