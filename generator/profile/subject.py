"""What is profiled: a file, one source of a project, or the whole data set of a project as training would see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overture.runtime.data.column import AnyColumn, TextColumn
from overture.runtime.data.paths import files
from overture.runtime.data.unchanged import states, steady, unchanged
from overture.runtime.errors import Mistake, OvertureError, did_you_mean

from ..infer.contract import Described, describe
from ..infer.inferred import Note

if TYPE_CHECKING:
    import polars as pl

    from overture.runtime.data.breach import Breach
    from overture.runtime.data.rows import Data
    from overture.runtime.data.source import Source
    from overture.runtime.schema import Schema
    from overture.runtime.spec import Spec

_KINDS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "excel"}


@dataclass(frozen=True)
class Subject:
    """A table, and what is known of it."""

    name: str
    """For people: "telco.csv"."""
    frame: pl.DataFrame
    """In the types of its columns; missing values are null."""
    types: dict[str, str]
    """By column, as a contract calls it."""
    target: str | None = None
    task: str = ""
    positive: Any = None
    key: str | None = None
    personal: frozenset[str] = frozenset()
    """Columns whose values are shown to nobody."""
    notes: tuple[Note, ...] = ()
    breaches: tuple[Breach, ...] = ()
    """How the rows break the contract, where there is one."""
    about: str = ""
    """What a row is, in the words of the data set."""
    owner: str = ""


def of_file(path: Path, target: str | None) -> Subject:
    """The rows of a CSV, Parquet, JSON lines or Excel file, in the types that their values seem to have.

    Raises Mistake when it cannot be read, has no such target, or is written to meanwhile.
    """
    with steady(lambda: states(files(str(path), Path()))):
        return _of_file(path, target)


def _of_file(path: Path, target: str | None) -> Subject:
    if (kind := _KINDS.get(path.suffix.lower())) is not None:
        from overture.runtime.data.source import SOURCES

        source = SOURCES[kind].model_validate({"kind": kind, "path": str(path.resolve())})
        return _guessed(path.name, _as_stored(source, path.resolve().parent), target)
    from ..infer.inference import cleaned
    from ..infer.table import read

    _, frame, notes = cleaned(read(path))
    return _guessed(path.name, frame, target, notes)


def of_source(root: Path, spec: Spec, name: str, target: str | None) -> Subject:
    """The rows of one source of a project, in the types that their values seem to have.

    Raises Mistake when it cannot be read, has no such target, or a file of it is written to meanwhile.
    """
    from overture.runtime.data.joins import placed

    source = spec.data.sources[name]
    with placed(name), steady(lambda: source.stamps(root), path=("path",)):
        frame = _as_stored(source, root)
    wanted = target or (spec.target_name if spec.target_name in frame.columns else None)
    personal = frozenset(it for it, column in spec.known_columns.items() if column.personal)
    return _guessed(name, frame, wanted, personal=personal)


def of_project(root: Path, spec: Spec) -> Subject:
    """The rows of a project, joined and typed, with what is derived where nothing breaks the contract.

    Raises Mistake when sources cannot be read, columns are missing, or a file is written to meanwhile.
    """
    from overture.runtime.data.joins import source_name
    from overture.runtime.data.rows import Data
    from overture.runtime.hooks import Hooks

    data = Data(spec.data, spec.contract, root, Hooks.open(root).features)
    with unchanged(spec.data, root):
        frame, breaches, schema = _rows(data)
    columns: dict[str, AnyColumn] = {**schema.columns, schema.target: schema.target_column, **schema.derived}
    columns = {name: column for name, column in columns.items() if name in frame.columns}
    return Subject(
        source_name(spec.data, root),
        frame.select(*columns),
        {name: str(getattr(column, "type", "")) for name, column in columns.items()},
        schema.target,
        spec.task,
        spec.positive,
        schema.key,
        frozenset(name for name, column in columns.items() if column.personal),
        breaches=breaches,
        about=spec.data.description,
        owner=spec.data.owner,
    )


def _rows(data: Data) -> tuple[pl.DataFrame, tuple[Breach, ...], Schema]:
    """The typed rows, how they break the contract, and the contract with what could be derived."""
    from overture.runtime.data.derive import evaluated
    from overture.runtime.data.joins import joined
    from overture.runtime.data.rows import completed_rows, held, refused
    from overture.runtime.data.rule import NUMBER

    schema = data.schema
    raw = joined(data.dataset, data.root, schema.columns)
    contract = held(data, raw.frame.with_columns(raw.numbers.alias(NUMBER)).lazy())
    prepared = contract.rows.collect()
    verdict = contract.judged(prepared.lazy(), "in-memory")
    breaches = (*raw.breaches, *verdict.breaches)
    frame = contract.frame(prepared.lazy(), verdict.unknown).drop(NUMBER)
    if schema.target_from is not None:
        frame, _ = evaluated(frame, schema.target, schema.target_from, schema.target_column.dtype)
    if not refused(breaches):
        frame, schema, _ = completed_rows(frame, schema, data.features)
    return frame, breaches, schema


def _as_stored(source: Source, root: Path) -> pl.DataFrame:
    """All columns of a source, as text or in the types they are stored in."""
    text: dict[str, AnyColumn] = {name: TextColumn(type="text") for name in source.columns(root) if name}
    return source.read(root, text)


def _guessed(
    name: str,
    frame: pl.DataFrame,
    target: str | None,
    notes: Sequence[Note] = (),
    personal: frozenset[str] = frozenset(),
) -> Subject:
    """A table in the types that its values seem to have."""
    if target is not None and target not in frame.columns:
        hint = did_you_mean(target, frame.columns, otherwise=f"It has {', '.join(frame.columns[:12])}.")
        raise Mistake(f'{name} has no column "{target}".', hint=hint)
    described = describe(frame)
    columns = {each: found for each, found in described.items() if found is not None}
    told = [
        *notes,
        *(Note(each, "holds lists or the like, which no column can") for each in described if each not in columns),
    ]
    told += [note for each, found in columns.items() if each not in personal for note in found.notes]
    return Subject(
        name,
        _typed(frame, columns),
        {each: found.guess.type for each, found in columns.items()},
        target,
        _task(columns[target]) if target in columns else "",
        personal=personal,
        notes=tuple(told),
    )


def _typed(frame: pl.DataFrame, columns: dict[str, Described]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame([found.values.alias(name) for name, found in columns.items()])


def _task(target: Described) -> str:
    """What there is to predict, by the target's values; nothing where they are all the same."""
    from ..infer.task import goal

    try:
        return goal("", target, None).task
    except OvertureError:
        return ""
