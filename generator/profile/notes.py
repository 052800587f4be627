"""What deserves an eye in a table: columns that say nothing, that miss much, that hold far-out values, or that seem to know the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from overture.runtime.figures import count, counted, percent

from ..infer.inferred import Note
from ..infer.leaks import leaks

if TYPE_CHECKING:
    from .columns import Facts
    from .subject import Subject

_MUCH = 0.5  # the share of missing values that is said
_RARE = 0.01  # the share of a class, and of far-out values, that is said
_STRANGE = 10  # lengths of the middle half, beyond which a value is said
_SAME = 0.99  # the share of one value that is said
_ENOUGH = 20  # rows from which being different in every row says something


def notes(subject: Subject, columns: tuple[Facts, ...]) -> tuple[Note, ...]:
    """All there is to say, about the whole table first, then column by column."""
    found = [*subject.notes, *_whole(subject)]
    for facts in columns:
        found += [Note(facts.name, text) for text in _one(facts, subject)]
    if subject.target is not None and subject.task:
        features = {
            name: subject.frame[name]
            for name in subject.frame.columns
            if name != subject.target and subject.types[name] != "text"
        }
        found += leaks(features, subject.frame[subject.target], subject.task != "regression")
    place = {name: position for position, name in enumerate(["", *subject.frame.columns])}
    return tuple(sorted(dict.fromkeys(found), key=lambda note: place.get(note.column, len(place))))


def _whole(subject: Subject) -> Iterator[Note]:
    frame = subject.frame
    twice = frame.height - frame.hash_rows().n_unique() if frame.width else 0
    if twice:
        yield Note("", f"{counted(twice, 'row')} {'repeats' if twice == 1 else 'repeat'} another row in every column")


def _one(facts: Facts, subject: Subject) -> Iterator[str]:
    rows = subject.frame.height
    there = rows - facts.missing
    if not there:
        yield "has no value in any row"
        return
    if facts.distinct == 1:
        yield "is the same in every row" if not facts.missing else "is the same in every row that has a value"
    elif facts.distinct == rows >= _ENOUGH and facts.type in ("integer", "category") and facts.name != subject.key:
        yield "is different in every row: it names rows, and a model learns nothing from it"
    if facts.missing >= _MUCH * rows:
        yield f"is missing in {percent(facts.missing / rows)} of the rows"
    if facts.distinct > 1 and facts.labels and facts.labels[0][1] >= _SAME * rows and facts.name != subject.target:
        yield f"is the same in {percent(facts.labels[0][1] / rows)} of the rows"
    if facts.far and facts.far <= _RARE * there and _strange(facts):
        yield f"has {counted(facts.far, 'value')} far from all others: from {_ends(facts)}"
    if facts.name == subject.target:
        yield from _target(facts, subject, there)


def _strange(facts: Facts) -> bool:
    """Is a value so far out that no spread of many rows explains it?"""
    first, third = facts.half or (0.0, 0.0)
    reach = _STRANGE * (third - first)
    return any(
        isinstance(end, int | float) and not first - reach <= end <= third + reach for end in (facts.low, facts.high)
    )


def _ends(facts: Facts) -> str:
    ends = [f"{it:,.6g}" if isinstance(it, float | int) else str(it) for it in (facts.low, facts.median, facts.high)]
    return f"{ends[0]} to {ends[2]}, the middle one is {ends[1]}"


def _target(facts: Facts, subject: Subject, there: int) -> Iterator[str]:
    if facts.missing:
        yield f"is not known in {counted(facts.missing, 'row')}, which training leaves out"
    if subject.task == "binary" and len(facts.labels) == 2 and facts.labels[1][1] < _RARE * there:
        label, rows = facts.labels[1]
        yield f'is "{label}" in {count(rows)} of {counted(there, "row")} only'
