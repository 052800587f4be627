"""Score the rows of a file with the model in production, some rows at a time.

What breaks the contract is not scored: it goes to a side file, with the reasons. The answers appear when all are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import prediction
from .data.column import AnyColumn
from .errors import Mistake, Refusal
from .hooks import Hooks
from .progress import step
from .reasons import reasons
from .serving.predictor import promoted
from .tables import NUMBER, TableFile, batches

if TYPE_CHECKING:
    import polars as pl

    from .model import Fitted
    from .runs.run import Run
    from .schema import Schema

REASON = "_reason"


@dataclass(frozen=True)
class Scored:
    """Some rows of a file, told apart."""

    answers: pl.DataFrame
    """_row (the number in the file, from 1), the key where the file has it, prediction, a probability for each class, model."""
    rejected: pl.DataFrame
    """_row, the columns as they were read, and _reason."""
    unknown: dict[str, int]
    """By column, labels that count as missing."""


@dataclass(frozen=True)
class Scorer:
    """The model in production, for files."""

    name: str
    run: Run
    model: Fitted
    hooks: Hooks

    @classmethod
    def in_production(cls, name: str, hooks: ModuleType) -> Scorer:
        """The promoted run of the project that hooks.py stands in, opened after every hash was checked.

        Raises Mistake when no run is promoted, or when anything of it was changed.
        """
        found = Hooks.of(hooks)
        run, manifest_sha256 = promoted(found.root)
        return cls(name, run, run.load_model(manifest_sha256), found)

    @property
    def schema(self) -> Schema:
        """The contract that the model learned."""
        return self.model.schema

    @cached_property
    def columns(self) -> dict[str, AnyColumn]:
        """What is read: the features and, where the file has it, the key."""
        key = {self.schema.key: self.schema.key_column} if self.schema.key and self.schema.key_column else {}
        return {**key, **self.schema.features}

    def score(self, raw: pl.DataFrame) -> Scored:
        """Hold rows to the contract, and score those that keep it.

        raw: `_row`, and the columns as a file stores them.
        """
        import polars as pl

        from .data.contract import conform

        columns = {name: column for name, column in self.columns.items() if name in raw.columns}
        zone, policy = self.schema.timezone, self.schema.unknown_category
        found = conform(raw, columns, timezone=zone, unknown_category=policy, numbers=raw[NUMBER])
        broken = [(breach.column, breach.rule) for breach in found.breaches]
        why = reasons(raw, found.frame, columns, broken, zone)
        good = found.frame.with_columns(raw[NUMBER]).filter(why.is_null())
        bad = raw.select(NUMBER, *columns).with_columns(why.alias(REASON)).filter(pl.col(REASON).is_not_null())
        return Scored(self._answers(good), bad, {**found.unknown, **self._unseen(good)})

    def _answers(self, rows: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        found = self._predictions(rows.select(*self.schema.features))
        named = [name for name in (NUMBER, self.schema.key) if name in rows.columns]
        version = pl.lit(f"{self.name}:{self.run.id}").alias("model")
        return rows.select(named).hstack(prediction.table(found, self.schema)).with_columns(version)

    def _predictions(self, features: pl.DataFrame) -> prediction.Predictions:
        import numpy as np

        if features.is_empty():
            none = np.empty((0, len(self.schema.classes))) if self.schema.classes else None
            return prediction.Predictions([], none)
        frame = prediction.inputs(features, self.schema, self.hooks)
        return prediction.predict(self.model, frame, self.hooks)

    def _unseen(self, rows: pl.DataFrame) -> dict[str, int]:
        """Labels that training never saw, of columns that allow any; the model takes them for missing."""
        counts = {
            name: int(rows[name].is_in(labels).not_().sum())
            for name, labels in self.schema.categories.items()
            if name in self.schema.features and getattr(self.schema.features[name], "values", ...) is None
        }
        return {name: count for name, count in counts.items() if count}


@dataclass
class Summary:
    """What became of the rows of a file."""

    scored: int = 0
    rejected: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    """By column, labels that counted as missing."""
    side_file: Path | None = None
    """Where the rejected rows are; None when there are none."""


class Output:
    """The file of answers and, once a row is rejected, the side file beside it."""

    def __init__(self, path: Path) -> None:
        self.summary = Summary()
        self.rejected = _side_file(path)
        self._answers = TableFile(path)
        self._side: TableFile | None = None

    def add(self, found: Scored) -> None:
        """Write some rows."""
        self._answers.add(found.answers)
        self.summary.scored += found.answers.height
        self.summary.unknown.update(found.unknown)
        if found.rejected.height:
            self._side = self._side or TableFile(self.rejected)
            self._side.add(_writable(found.rejected))
            self.summary.rejected += found.rejected.height

    def commit(self) -> None:
        """Let both files appear.

        Raises Refusal, with the side file only, when no row could be scored.
        """
        if self._side is not None:
            self._side.commit()
            self.summary.side_file = self.rejected
        else:
            self.rejected.unlink(missing_ok=True)  # of an earlier scoring
        if not self.summary.scored:
            raise Refusal(f"no row keeps the contract; the reasons are in {self.rejected.name}.")
        self._answers.commit()

    def remarks(self) -> Iterator[str]:
        """What became of the rows, for people."""
        yield f"{self.summary.scored:,} rows into {self._answers.path.name}"
        if self.summary.rejected:
            yield f"{self.summary.rejected:,} rows break the contract: {self.rejected.name} says why"
        for name, count in self.summary.unknown.items():
            yield f"{name}: {count:,} labels never seen, treated as missing"

    def abandon(self) -> None:
        """Leave nothing that was not committed."""
        for file in (self._answers, self._side):
            if file is not None:
                file.abandon()


def read(source: Path, scorer: Scorer, *, rows: int) -> Iterator[pl.DataFrame]:
    """The rows of a CSV, Parquet or JSON lines file, at most `rows` at a time; a CSV file is read as training read its own.

    Raises Mistake when the file cannot be read, has no rows, or lacks columns.
    """
    optional = {scorer.schema.key} if scorer.schema.key else set()
    return batches(source, scorer.columns, optional, rows, _csv_settings(scorer.run))


@contextmanager
def write(out: Path) -> Iterator[Output]:
    """A CSV or Parquet file for answers; it appears when the block ends well, and not at all otherwise."""
    with step("score") as now:
        output = Output(out)
        try:
            yield output
            output.commit()
        finally:
            output.abandon()
        for line in output.remarks():
            now.say(line)


def spare(source: Path, out: Path) -> None:
    """Nothing that is written may take the place of what is read.

    Raises Mistake when the answers, or the rows that are rejected, would.
    """
    for written in (out, _side_file(out)):
        if written.exists() and source.exists() and written.samefile(source):
            raise Mistake(f"{source} would be overwritten with {written.name}.", hint="Choose another OUT.")


def score(root: Path, source: Path, out: Path, *, rows: int = 65_536) -> Summary:
    """Score every row of a file with what is in production in a project.

    Raises Mistake when nothing is in production, a file cannot be read or written, or columns are missing; Refusal
    when no row keeps the contract.
    """
    from .hooks import import_hooks
    from .runs.ledger import production

    spare(source, out)
    found = production(root)
    scorer = Scorer.in_production(found.name if found else "", import_hooks(root))
    with write(out) as output:
        for batch in read(source, scorer, rows=rows):
            output.add(scorer.score(batch))
    return output.summary


def _side_file(out: Path) -> Path:
    """Where rejected rows go."""
    return out.with_name(f"{out.stem}.rejected.csv")


def _csv_settings(run: Run) -> dict[str, Any]:
    """How the training data's CSV file was written, if it was one; the same is expected of files to score."""
    from omegaconf import OmegaConf

    from .runs.run import CONFIG

    path = run.folder / CONFIG
    config: Any = OmegaConf.create(path.read_text("utf-8"))
    sources: Any = OmegaConf.to_container(config.data.sources, resolve=True)
    base = sources.get(config.data.get("base")) or next(iter(sources.values()))
    return {key: value for key, value in base.items() if key != "part"} if base.get("kind") == "csv" else {}


def _writable(rejected: pl.DataFrame) -> pl.DataFrame:
    """Rejected rows as CSV can hold them: what is nested is written as text."""
    import polars as pl

    nested = [name for name, dtype in rejected.schema.items() if dtype.is_nested() or dtype == pl.Binary]
    return rejected.with_columns(pl.Series(name, [str(value) for value in rejected[name]]) for name in nested)
