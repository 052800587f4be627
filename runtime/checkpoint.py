"""A scoring under way: finished parts are kept on the disk, so that after a kill only what was not finished is done again.

Beside the file of answers stands a folder `.NAME.parts`: plan.json says what is scored by which model; each part is a folder that
appears whole. A scoring with another plan starts anew.
"""

from __future__ import annotations

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
_PLAN, _LOCK, _FACTS, _ANSWERS, _REJECTED = "plan.json", "lock", "part.json", "answers", "rejected"


class Checkpoint:
    """The finished parts of one file of answers, and the part under way."""

    def __init__(self, out: Path, plan: dict[str, Any] | None) -> None:
        """Take up what an earlier scoring with the same plan has finished; plan: None where no two scorings are the same.

        Raises Mistake when the file cannot be written, or another scoring writes it now.
        """
        self.out, self.kind = out, kind_of(out, WRITTEN, "written")
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
        self._open: ExitStack | None = None

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
            shutil.rmtree(found, ignore_errors=True)
        self.parts = [json.loads((found / _FACTS).read_bytes()) for found in self._folders()]

    def _folders(self) -> list[Path]:
        return sorted(found for found in self.folder.iterdir() if found.is_dir() and found.name.isdecimal())

    def add(self, answers: pl.DataFrame, rejected: pl.DataFrame, facts: dict[str, Any], last: int) -> None:
        """Write the outcome of some rows; last: the number of the last of them."""
        if self._open is None:
            self._open, self._began = ExitStack(), time.monotonic()
            made = self._open.enter_context(files.new_folder(self.folder / f"{len(self.parts) + 1:08d}"))
            self._part = _Part(made, self.kind)
        self._part.add(answers, rejected, facts, last)
        first = self.parts[-1]["last"] if self.parts else 0
        if last - first >= ROWS or time.monotonic() - self._began >= SECONDS:
            self.finish()

    def finish(self) -> None:
        """Keep the part under way."""
        if self._open is not None:
            stack, self._open = self._open, None
            with stack:
                self._part.close()
            self.parts.append(self._part.facts)

    def assemble(self, answers: TableFile, rejected: TableFile | None) -> None:
        """Put the parts together, in their order."""
        import polars as pl

        for name, file in ((_ANSWERS, answers), (_REJECTED, rejected)):
            if file is None:
                continue
            if file.kind == "csv":
                file.add(pl.DataFrame(schema=self.parts[0]["columns"][name]))
            for folder in self._folders():
                if (folder / name).exists():
                    _copy(folder / name, file)

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
        self._lock.release()


class _Part:
    """The outcome of some rows in a folder: what is to be Parquet is kept as Arrow, quick to write and to read."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.facts: dict[str, Any] = {"last": 0, "scored": 0, "rejected": 0, "unknown": {}, "columns": {}}
        self._files: dict[str, BinaryIO] = {}
        self._arrow: Any = None

    def add(self, answers: pl.DataFrame, rejected: pl.DataFrame, facts: dict[str, Any], last: int) -> None:
        self.facts["last"] = last
        self.facts["columns"] = {_ANSWERS: answers.columns, _REJECTED: rejected.columns}
        self.facts["scored"] += answers.height
        self.facts["rejected"] += rejected.height
        for name, count in facts.items():
            self.facts["unknown"][name] = self.facts["unknown"].get(name, 0) + count
        if answers.height:
            self._answers(answers)
        if rejected.height:
            rejected.write_csv(self._file(_REJECTED), include_header=False)

    def _answers(self, frame: pl.DataFrame) -> None:
        if self.kind == "csv":
            frame.write_csv(self._file(_ANSWERS), include_header=False)
        elif self.kind == "jsonl":
            frame.write_ndjson(self._file(_ANSWERS))
        else:
            import pyarrow as pa

            table = _told_once(frame.rechunk().to_arrow())
            self._arrow = self._arrow or pa.ipc.new_stream(self._file(_ANSWERS), table.schema)
            self._arrow.write_table(table)

    def _file(self, name: str) -> BinaryIO:
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
