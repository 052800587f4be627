"""Score the rows of a file or a source with the model in production, some rows at a time.

What breaks the contract is not scored: it goes to a side file, with the reasons. The answers appear when all are there; what was
finished before a kill is not scored again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from . import classes, prediction, scored_rows
from .data.column import AnyColumn
from .hooks import Hooks
from .outcome import Summary, write
from .reasons import reasons
from .scored_rows import Rows
from .serving.predictor import promoted
from .tables import NUMBER, READ, kind_of

if TYPE_CHECKING:
    import polars as pl

    from .model import Fitted
    from .runs.run import Run
    from .schema import Schema

REASON = "_reason"
__all__ = ["Scored", "Scorer", "Summary", "read", "score", "write"]


@dataclass(frozen=True)
class Scored:
    """Some rows of a file, told apart."""

    answers: pl.DataFrame
    """_row (the number in the file, from 1), the key where the file has it, prediction, a probability for each class,
    what each input added where explanations are wanted, model."""
    rejected: pl.DataFrame
    """_row, the columns as they were read, and _reason."""
    unknown: dict[str, int]
    """By column, labels that count as missing."""
    last: int
    """The number of the last row."""


@dataclass(frozen=True)
class Scorer:
    """The model in production, for files."""

    name: str
    run: Run
    model: Fitted
    hooks: Hooks
    explains: bool = False

    @classmethod
    def in_production(cls, name: str, hooks: ModuleType, *, explain: bool = False) -> Scorer:
        """The promoted run of the project that hooks.py stands in, opened after every hash was checked.

        explain: also tell what each input added to each raw score.
        Raises Mistake when no run is promoted, or when anything of it was changed.
        """
        found = Hooks.of(hooks)
        run, manifest_sha256 = promoted(found.root)
        return cls(name, run, run.load_model(manifest_sha256), found, explain)

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

        there = {name: column for name, column in self.columns.items() if name in raw.columns}
        columns = {name: column for name, column in there.items() if not _keeps(raw[name], column)}
        zone, policy = self.schema.timezone, self.schema.unknown_category
        found = conform(raw, columns, timezone=zone, unknown_category=policy, numbers=raw[NUMBER])
        broken = [(breach.column, breach.rule) for breach in found.breaches]
        why = reasons(raw, found.frame, columns, broken, zone)
        typed = raw.select(NUMBER, *there).with_columns(found.frame)
        good, bad = typed.filter(why.is_null()), raw.select(NUMBER, *there).clear()
        if broken:
            bad = raw.select(NUMBER, *there).filter(why.is_not_null())
        bad = bad.with_columns(pl.col(pl.Enum).cast(pl.String), why.drop_nulls().alias(REASON))
        unknown = {**found.unknown, **self._unseen(good)}
        return Scored(self._answers(good), bad, unknown, int(raw[NUMBER][-1]))

    def _answers(self, rows: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        named = [name for name in (NUMBER, self.schema.key) if name in rows.columns]
        version = pl.lit(f"{self.name}:{self.run.id}").alias("model")
        return rows.select(named).hstack(self._predictions(rows.select(*self.schema.features))).with_columns(version)

    def _predictions(self, features: pl.DataFrame) -> pl.DataFrame:
        """What is said of some rows, one or more; of none, nothing."""
        if features.is_empty():
            return features.select()
        if not self.model.encoded or self.schema.derived or self.hooks.touching:
            features = features.cast({name: column.dtype for name, column in self.schema.features.items()})
        frame = prediction.inputs(features, self.schema, self.hooks)
        found = prediction.answers(self.model, frame, self.hooks)
        return found.hstack(_explanations(self.model, frame)) if self.explains else found

    def _unseen(self, rows: pl.DataFrame) -> dict[str, int]:
        """Labels that training never saw, of columns that allow any; the model takes them for missing."""
        counts = {
            name: int(rows[name].is_in(labels).not_().sum())
            for name, labels in self.schema.categories.items()
            if name in self.schema.features and getattr(self.schema.features[name], "values", ...) is None
        }
        return {name: count for name, count in counts.items() if count}


def read(source: str | Path, scorer: Scorer, *, rows: int, encoded: bool = False) -> Rows:
    """The rows of a CSV, Parquet or JSON lines file, or of a source of the project by its name, at most `rows` at a time.

    A CSV file is read as training read its own. encoded: a category of a Parquet file may come as pl.Enum of the labels that
    its column declares, which is quicker than text.
    Raises Mistake when there is no such file or source.
    """
    optional = {scorer.schema.key} if scorer.schema.key else set()
    file = Path(source)
    found = None if file.exists() else scored_rows.named(scorer.run, str(source))
    if found is not None:
        return scored_rows.of_source(found, str(source), scorer.columns, optional, rows, scorer.run)
    if not file.exists() and not file.suffix:
        raise scored_rows.no_such(str(source), scorer.run)
    kind_of(file, READ)
    if not file.is_file():
        raise scored_rows.no_such(str(source), scorer.run)
    return scored_rows.of_file(file, scorer.columns, optional, rows, scorer.run, encoded=encoded)


def score(root: Path, source: str | Path, out: Path, *, rows: int = 65_536, explain: bool = False) -> Summary:
    """Score every row of a file or a source with what is in production in a project.

    Raises Mistake when nothing is in production, a file cannot be read or written, or columns are missing; Refusal
    when no row keeps the contract.
    """
    from .hooks import import_hooks
    from .runs.ledger import production

    found = production(root)
    scorer = Scorer.in_production(found.name if found else "", import_hooks(root), explain=explain)
    with write(out, scorer, read(source, scorer, rows=rows, encoded=True)) as output:
        for batch in output.left():
            output.add(scorer.score(batch))
    return output.summary


def _keeps(values: pl.Series, column: AnyColumn) -> bool:
    """Is every value one of the labels that a category declares, by its very type?"""
    import polars as pl

    declared = getattr(column, "values", None)
    if not isinstance(values.dtype, pl.Enum) or values.dtype != pl.Enum(map(str, declared or ())):
        return False
    return column.dtype == pl.String and (column.nullable or values.null_count() == 0)


def _explanations(model: Fitted, frame: pl.DataFrame) -> pl.DataFrame:
    """base, and "contribution: <input>" for each input; with several classes each by class."""
    import numpy as np
    import polars as pl

    found, schema = model.explain(frame), model.schema
    if not np.isfinite(found.contributions).all():
        raise ArithmeticError("the model answered with a number that is not finite")
    labels = [f": {classes.text(label)}" for label in schema.classes or ()] if schema.task == "multiclass" else [""]
    columns = {}
    for place, label in enumerate(labels):
        columns[f"base{label}"] = np.full(frame.height, found.base[place])
        for i, name in enumerate(schema.inputs):
            columns[f"contribution{label}: {name}"] = np.ascontiguousarray(found.contributions[:, i, place])
    return pl.DataFrame(columns)
