"""What became of rows that were scored: a file of answers, and beside it a file of those that were rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checkpoint import ANSWERS, REJECTED, Checkpoint
from .errors import Mistake, OvertureError, Refusal
from .files import sha256
from .hooks import HOOKS
from .progress import Step, step
from .tables import NUMBER
from .threads import Behind, ahead

if TYPE_CHECKING:
    import polars as pl

    from .scored_rows import Rows
    from .scoring import Scored, Scorer


@dataclass
class Summary:
    """What became of the rows."""

    scored: int = 0
    rejected: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    """By column, labels that counted as missing."""
    side_file: Path | None = None
    """Where the rejected rows are; None when there are none."""


class Output:
    """The file of answers and, once a row is rejected, the side file beside it."""

    def __init__(self, path: Path, rows: Rows, scorer: Scorer, now: Step) -> None:
        self.path, self.rejected = path, _side_file(path)
        self._rows, self._now = rows, now
        self._checkpoint = Checkpoint(path, self.rejected, _plan(rows, scorer))
        self._behind = Behind()
        self.summary = Summary()
        for part in self._checkpoint.parts:
            self._count(part[ANSWERS], part[REJECTED], part["unknown"])
        self._done = self._kept = self._checkpoint.parts[-1]["last"] if self._checkpoint.parts else 0

    def left(self) -> Iterator[pl.DataFrame]:
        """The rows that are still to be scored, some at a time.

        Raises Mistake when they cannot be read, there are none, they lack columns, or a file is written to meanwhile.
        """
        with self._rows.steady():
            for batch in ahead(self._rows.batches()):
                if batch[NUMBER][-1] > self._kept:
                    yield batch

    def add(self, found: Scored) -> None:
        """Write some rows, while the next are scored. Raises what came of those before."""
        rejected = _writable(found.rejected)
        self._behind.call(self._checkpoint.add, found.answers, rejected, found.unknown, found.last)
        self._count(found.answers.height, found.rejected.height, found.unknown)
        self._done = found.last
        self._now.advance(self._done, max(self._done, self._rows.total or 0))

    def _count(self, scored: int, rejected: int, unknown: dict[str, int]) -> None:
        self.summary.scored += scored
        self.summary.rejected += rejected
        self.summary.unknown.update(unknown)

    def commit(self) -> None:
        """Let both files appear.

        Raises Refusal, with the side file only, when no row could be scored.
        """
        self._behind.wait()
        self._checkpoint.commit()
        if self.summary.rejected:
            self.summary.side_file = self.rejected
        if not self.summary.scored:
            raise Refusal(f"no row keeps the contract; the reasons are in {self.rejected.name}.")

    def remarks(self) -> Iterator[str]:
        """What became of the rows, for people."""
        yield f"{self.summary.scored:,} rows into {self.path.name}"
        if self._kept:
            yield f"{self._kept:,} rows were done before and are kept"
        if self.summary.rejected:
            yield f"{self.summary.rejected:,} rows break the contract: {self.rejected.name} says why"
        for name, count in self.summary.unknown.items():
            yield f"{name}: {count:,} {'label' if count == 1 else 'labels'} never seen, treated as missing"

    def leave(self, *, keep: bool) -> None:
        """Let go of everything: what is finished stays for the next time, or nothing does."""
        self._behind.end()
        self._checkpoint.leave() if keep else self._checkpoint.forget()


@contextmanager
def write(out: Path, scorer: Scorer, rows: Rows) -> Iterator[Output]:
    """A CSV, Parquet or JSON lines file for answers; it appears when the block ends well, and not at all otherwise.

    What is finished is kept when the block is stopped, for the next scoring of the same rows by the same model.
    Raises Mistake when the answers, or the rows that are rejected, would take the place of what is read.
    """
    _spare(rows, out)
    with step("score") as now:
        output = Output(out, rows, scorer, now)
        try:
            yield output
            output.commit()
            output.leave(keep=False)
        except OvertureError:
            output.leave(keep=False)
            raise
        except BaseException:
            output.leave(keep=True)
            raise
        for line in output.remarks():
            now.say(line)


def _plan(rows: Rows, scorer: Scorer) -> dict[str, Any] | None:
    """What two scorings must share for one to go on with what the other finished."""
    from importlib.metadata import version

    if rows.identity is None:
        return None
    hooks = scorer.hooks.root / HOOKS
    return {
        "rows": rows.identity,
        "model": [scorer.name, scorer.run.id, scorer.run.manifest_sha256],
        "hooks": sha256(hooks) if hooks.exists() else "",
        "explain": scorer.explains,
        "overture": version("overture"),
    }


def _spare(rows: Rows, out: Path) -> None:
    for written in (out, _side_file(out)):
        if written.exists() and any(file.exists() and written.samefile(file) for file in rows.files):
            raise Mistake(f"{rows.name} would be overwritten with {written.name}.", hint="Choose another OUT.")


def _side_file(out: Path) -> Path:
    """Where rejected rows go."""
    return out.with_name(f"{out.stem}.rejected.csv")


def _writable(rejected: pl.DataFrame) -> pl.DataFrame:
    """Rejected rows as CSV can hold them: what is nested is written as text."""
    import polars as pl

    nested = [name for name, dtype in rejected.schema.items() if dtype.is_nested() or dtype == pl.Binary]
    return rejected.with_columns(pl.Series(name, [str(value) for value in rejected[name]]) for name in nested)
