"""From a table of data to what a project has to know about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from overture.runtime.data.paths import files
from overture.runtime.data.records import trimmed
from overture.runtime.data.unchanged import states, steady
from overture.runtime.errors import Mistake, Problem, did_you_mean

from . import labels
from .contract import Described, describe
from .inferred import Guess, Inferred, Note
from .layout import duplicates
from .leaks import leaks
from .markers import markers
from .roles import roles
from .table import Table, read
from .task import goal
from .words import is_identifier

if TYPE_CHECKING:
    import polars as pl

PART = "part"
"""The column that tells training rows from those of a test file."""

_SHARED = 2  # rows of one identifier, on average, from which it looks like a group
_GROUPS = 10  # groups that make a split by them worth while
_ORDERED = ("timestamp", "date", "integer", "number")


@dataclass(frozen=True)
class Question:
    """What the user said about the data."""

    data: Path
    target: str
    test: Path | None = None
    task: str | None = None
    time: str | None = None
    key: str | None = None
    header: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()


def infer(asked: Question) -> Inferred:
    """Read the data and find out what it holds.

    Raises Mistake with everything that stands in the way, or with the files that were written to meanwhile.
    """
    given = [asked.data, *([asked.test] if asked.test is not None else [])]
    with steady(lambda: states(file for path in given for file in files(str(path), Path()))):
        return _inferred(asked)


def _inferred(asked: Question) -> Inferred:
    table = read(asked.data, asked.test, asked.header)
    source, frame, notes = cleaned(table)
    _named(asked, frame.columns, table.names)
    described = describe(frame.drop(asked.ignore))
    columns = {name: found for name, found in described.items() if found is not None}
    strange = [name for name in described if name not in columns]
    _suitable(asked, columns)
    answer = goal(asked.target, columns[asked.target], asked.task)
    taken = {asked.target, *([asked.time] if asked.time else [])}
    parts = roles(columns, taken, asked.key)
    features = {name: found for name, found in columns.items() if name not in (*taken, *parts.ignore, parts.key)}
    if not features:
        raise Mistake("no column is left to learn from.", notes=[f"{note.column} {note.text}" for note in parts.notes])
    ignore = [name for name in frame.columns if name in (*asked.ignore, *parts.ignore, *strange)]
    unnamed = [""] if len(frame.columns) < len(table.layout.columns) else []
    kept = {name: found for name, found in columns.items() if name not in ignore}
    notes += [Note("", "a column without a name is ignored") for _ in unnamed]
    notes += [Note(name, "holds lists or the like, which no column can: ignored") for name in strange]
    notes += [note for found in features.values() for note in found.notes]
    notes += [*parts.notes, *answer.notes, *_times(features, asked), *_groups(features, asked)]
    notes += leaks(
        {name: found.values for name, found in features.items()},
        columns[asked.target].values,
        answer.task != "regression",
    )
    return Inferred(
        source=source,
        files={part: str(path) for part, path in table.files.items()},
        rows={part: rows.height for part, rows in zip(table.files, table.parts, strict=True)},
        width=len(table.layout.columns),
        columns={name: _guess(name, found, answer.target, asked, parts.key) for name, found in kept.items()},
        ignore=(*unnamed, *ignore),
        target=asked.target,
        task=answer.task,
        positive=answer.positive,
        answer=answer.answer,
        key=parts.key,
        time=asked.time,
        timezone=next((found.timezone for found in kept.values() if found.timezone), None),
        split=_split(asked),
        notes=_ordered(notes, frame.columns, asked.ignore),
    )


def _suitable(asked: Question, columns: dict[str, Described]) -> None:
    """What the user named holds values that fit its part."""
    for option, name in (("--target", asked.target), ("--key", asked.key), ("--time", asked.time)):
        if name is not None and name not in columns:
            raise Mistake(f"{option}: {name} holds lists or the like.", hint="Name another column.")
    if asked.time and (kind := columns[asked.time].guess.type) not in _ORDERED:
        held = {"category": "labels", "boolean": "true and false"}.get(kind, kind)
        raise Mistake(
            f"--time: {asked.time} holds nothing that orders rows, but {held}.",
            hint="It takes days or times as 2024-12-31 or 2024-12-31T23:59:00Z, or numbers.",
        )


def cleaned(table: Table) -> tuple[dict[str, object], pl.DataFrame, list[Note]]:
    """The keys of the source, the rows as the runtime will read them, and what there is to say.

    Raises Mistake when names differ in blanks only.
    """
    import polars as pl

    source: dict[str, object] = {"kind": table.layout.kind, **table.layout.keys, **table.written}
    if table.layout.kind == "parquet":
        return source, table.frame, []
    found = markers(table.frame)
    frame, notes = found.clean(table.frame), [*table.notes, *found.notes]
    source |= {"missing": list(found.missing)} if found.missing != ("",) else {}
    source |= {"trim": True} if found.trim else {}
    if found.trim:
        if twice := duplicates(tuple(map(trimmed, frame.columns))):
            raise Mistake(
                f'{table.names} has several columns called "{twice[0]}", but for blanks.', hint="Rename all but one."
            )
        frame = frame.rename(trimmed).select(pl.exclude(""))
    if len(table.files) > 1:
        replaced = labels.replacements([frame[: table.train], frame[table.train :]])
        frame = frame.with_columns(pl.col(name).replace(pairs) for name, pairs in replaced.items())
        source |= {"replace": replaced} if replaced else {}
        notes += labels.notes(replaced)
    return source, frame, notes


def _named(asked: Question, columns: list[str], names: str) -> None:
    """Every column that the user named is there, and has one part only."""
    said = {"--target": (asked.target,), "--time": (asked.time,), "--key": (asked.key,), "--ignore": asked.ignore}
    problems = [
        Problem(
            f'{option}: {names} has no column "{name}".',
            hint=did_you_mean(name, columns, otherwise=f"It has {', '.join(columns[:12])}."),
        )
        for option, given in said.items()
        for name in given
        if name is not None and name not in columns
    ]
    roles_of = {name: [option for option, given in said.items() if name in given] for name in columns}
    problems += [
        Problem(f"{name} cannot be both {options[0]} and {options[1]}.")
        for name, options in roles_of.items()
        if len(options) > 1
    ]
    if asked.test is not None and PART in columns:
        problems.append(
            Problem(
                f'{names} has a column "{PART}", the name that tells training from test rows.',
                hint="Rename it, or leave --test out.",
            )
        )
    if asked.test is not None and asked.time is not None:
        problems.append(Problem("--test and --time both say which rows are the test.", hint="Leave one out."))
    if problems:
        raise Mistake(problems)


def _times(features: dict[str, Described], asked: Question) -> list[Note]:
    """Columns that could order the rows; said once there is no other order."""
    if asked.time is not None or asked.test is not None:
        return []
    found = [name for name, each in features.items() if each.guess.type in ("date", "timestamp")]
    return [
        Note(name, f"could order the rows: time: {name} here and override split: time in config.yaml")
        for name in found[:1]
    ]


def _groups(features: dict[str, Described], asked: Question) -> list[Note]:
    """Identifiers that many rows share: of rows of one customer, some would be learned from and others be the test."""
    if asked.time is not None or asked.test is not None:
        return []
    shared = {name: found.values.len() / max(found.values.n_unique(), 1) for name, found in features.items()}
    return [
        Note(
            name,
            f"{rows:,.0f} rows share one, on average: where these belong together, override split: group and write split: {{column: {name}}} in config.yaml",
        )
        for name, rows in shared.items()
        if is_identifier(name) and rows >= _SHARED and features[name].values.n_unique() >= _GROUPS
    ]


def _guess(name: str, found: Described, target: Guess, asked: Question, key: str | None) -> Guess:
    if name == asked.target:
        return target
    if name in (key, asked.time):  # the next rows will have greater ones
        return replace(found.guess, min=None, max=None, values=None)
    return found.guess


def _split(asked: Question) -> dict[str, str]:
    if asked.test is not None:
        return {"option": "predefined", "column": PART}
    return {"option": "time"} if asked.time is not None else {"option": "random"}


def _ordered(notes: list[Note], columns: list[str], ignored: tuple[str, ...]) -> tuple[Note, ...]:
    """Notes about the file, then those about columns in their order, each once; none about what the user ignores."""
    place = {name: position for position, name in enumerate(["", *columns]) if name not in ignored}
    return tuple(
        sorted(dict.fromkeys(note for note in notes if note.column in place), key=lambda note: place[note.column])
    )
