"""The rows of a data set from all its sources: read, and joined to the base one source after the other.

A row that finds nothing has nothing in the columns of that source. A column whose name is taken already is called by
the prefix of its join and its own name; the columns that a join goes by are there once, as the base calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import Mistake, Problem, did_you_mean, listed
from .breach import Breach
from .codes import encoded
from .column import AnyColumn, TextColumn
from .dataset import Dataset
from .join import Join
from .keys import Place, Side
from .match import Match, match
from .pieces import beside
from .rule import NUMBER

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")
Name = TypeVar("Name")


@dataclass(frozen=True)
class Joined:
    """The rows of the base with the columns of all sources, as these store them."""

    frame: pl.DataFrame
    """The columns that were wanted."""
    numbers: pl.Series
    """The number that each row has in the base, from 1."""
    read: int
    """How many rows the base has."""
    extra: tuple[str, ...]
    """Columns that nobody wanted, ignored or joined by."""
    origin: dict[str, str]
    """The source of each column that the base does not have."""
    stored: tuple[str, ...]
    """The columns that the base has."""
    breaches: tuple[Breach, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Part:
    """One source as it takes part: which of its columns are there, and under which names."""

    source: str
    where: Place
    names: dict[str, str]
    """What each column is called here, in its order, and in the source."""
    added: frozenset[str] = frozenset()
    """Of these, what the source makes by itself."""
    join: Join | None = None

    @property
    def found_by(self) -> list[str]:
        """The columns of the rows so far that its rows are found by."""
        if self.join is None:
            return []
        return [*self.join.pairs, *([self.join.as_of.left] if self.join.as_of else [])]

    @property
    def used(self) -> set[str]:
        """The columns that serve a purpose, described or not."""
        moment = self.join.as_of.right if self.join and self.join.as_of else None
        return {*self.found_by, *self.added, *(name for name, own in self.names.items() if own == moment)}


def joined(
    dataset: Dataset, root: Path, wanted: Mapping[str, AnyColumn], encode: Collection[str] = frozenset()
) -> Joined:
    """The wanted columns of all rows, by their names after joining.

    encode: the categories that are to be pl.Enum of their labels where that loses nothing.
    Raises Mistake, with everything found, when a source cannot be read or is empty, when columns are missing, when
    names clash, or when both sides of a join store what cannot be equal.
    """
    found = _columns(dataset, root)
    parts = _parts(dataset, found)
    _all_there(dataset, root, parts, wanted)
    frames = _frames(dataset, root, parts, wanted, encode)
    return _folded(dataset, parts, frames, wanted)


def streamed(dataset: Dataset, root: Path, wanted: Mapping[str, AnyColumn]) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """The wanted columns of a data set without joins, and its columns that nobody wants; nothing is read yet.

    Raises Mistake, with everything found, when the source cannot be opened or columns are missing.
    """
    parts = _parts(dataset, _columns(dataset, root))
    _all_there(dataset, root, parts, wanted)
    with placed(dataset.base_name):
        scan = dataset.source.scan(root, dict(wanted))
    return scan, _extra(dataset, parts, wanted)


def _extra(dataset: Dataset, parts: list[_Part], wanted: Mapping[str, AnyColumn]) -> tuple[str, ...]:
    used = {*wanted, *dataset.ignore, *(name for part in parts for name in part.used)}
    return tuple(name for part in parts for name in part.names if name not in used)


def source_name(dataset: Dataset, root: Path) -> str:
    """Where the rows come from, for people: the names of the files, else the sources' own."""
    names = list(dict.fromkeys([dataset.base_name, *(join.source for join in dataset.joins)]))
    return listed((file.name for file in dataset.files(root)), "and") or listed(names, "and")


def _columns(dataset: Dataset, root: Path) -> dict[str, list[str]]:
    """The columns of each source in use."""
    names = dict.fromkeys([dataset.base_name, *(join.source for join in dataset.joins)])

    def read(name: str) -> list[str]:
        with placed(name):
            return [*dataset.sources[name].columns(root), *dataset.sources[name].adds()]

    return _each(names, read)


def _each(names: Iterable[Name], read: Callable[[Name], T]) -> dict[Name, T]:
    """What each gives; the problems of all of them at once."""
    found: dict[Name, T] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for name in names:
        try:
            found[name] = read(name)
        except Mistake as mistake:
            problems += mistake.problems
            notes += mistake.notes
    if problems:
        raise Mistake(problems, notes=notes)
    return found


@contextmanager
def placed(source: str) -> Iterator[None]:
    """Give the problems of a source, which does not know its name, their place in the whole configuration."""
    prefix = ("data", "sources", source)
    try:
        yield
    except Mistake as mistake:
        raise Mistake(
            [it if it.path[:1] == ("data",) else replace(it, path=(*prefix, *it.path)) for it in mistake.problems],
            notes=mistake.notes,
        ) from None


def _parts(dataset: Dataset, found: Mapping[str, list[str]]) -> list[_Part]:
    """The base, then each join, with the names of its columns."""
    base = dataset.base_name
    added = frozenset(dataset.source.adds())
    parts = [_Part(base, ("data", "sources", base), {name: name for name in found[base]}, added)]
    taken = dict.fromkeys(found[base], base)
    problems: list[Problem] = []
    for i, join in enumerate(dataset.joins):
        where = ("data", "joins", i)
        problems += _keys_problems(join, where, taken, found[join.source])
        names: dict[str, str] = {}
        for own in found[join.source]:
            if own in join.pairs.values():
                continue
            name = own if own not in taken else f"{join.before}{own}"
            if name in taken:
                what = f'{join.source} would have a column "{name}", and {taken[name]} has one already.'
                problems.append(Problem(what, (*where, "prefix"), hint="Write another prefix."))
            names[name] = own
        taken.update(dict.fromkeys(names, join.source))
        added = frozenset(name for name, own in names.items() if own in dataset.sources[join.source].adds())
        parts.append(_Part(join.source, where, names, added, join))
    if problems:
        raise Mistake(problems)
    return parts


def _keys_problems(join: Join, where: Place, left: Mapping[str, str], right: list[str]) -> Iterator[Problem]:
    sides = [((*where, "by"), pair) for pair in join.pairs.items()]
    if join.as_of is not None:
        sides.append(((*where, "as_of"), (join.as_of.left, join.as_of.right)))
    for path, (here, there) in sides:
        if here not in left:
            what = f'there is no column "{here}" on the left side.'
            yield Problem(what, path, hint=did_you_mean(here, left, otherwise="Only sources joined before count."))
        if there not in right:
            hint = did_you_mean(there, right, otherwise="Write {left: right} where the two are called differently.")
            yield Problem(f'{join.source} has no column "{there}".', path, hint=hint)


def _all_there(dataset: Dataset, root: Path, parts: list[_Part], wanted: Mapping[str, AnyColumn]) -> None:
    here = [name for part in parts for name in part.names]
    missing = [name for name in wanted if name not in here]
    if missing:
        free = [name for name in here if name not in wanted]
        whole = source_name(dataset, root)
        who = f"{whole} has no" if len(parts) == 1 else f"none of {whole} has a"
        hint = "Remove it here, or add it to the data."
        raise Mistake(
            [
                Problem(
                    f'{who} column "{name}".',
                    ("data", "columns", name),
                    hint=did_you_mean(name, free, otherwise=hint),
                )
                for name in missing
            ]
        )


def _frames(
    dataset: Dataset, root: Path, parts: list[_Part], wanted: Mapping[str, AnyColumn], encode: Collection[str]
) -> list[pl.DataFrame]:
    """Of each part the columns that are wanted or joined by, under the names of its source."""
    needed = {*wanted, *(name for part in parts for name in part.found_by)}
    asked: dict[int, dict[str, AnyColumn]] = {}
    for i, part in enumerate(parts):
        keys = part.join.pairs if part.join is not None else {}
        asked[i] = {own: wanted.get(name, _TEXT) for name, own in part.names.items() if name in needed}
        asked[i] |= {own: wanted.get(name, _TEXT) for name, own in keys.items()}
        if part.join is not None and part.join.as_of is not None:
            asked[i].setdefault(part.join.as_of.right, _TEXT)
    plain = set(encode).difference(*(part.used for part in parts))

    def read(i: int) -> pl.DataFrame:
        own = [own for name, own in parts[i].names.items() if name in plain]
        return encoded(_read(dataset, root, parts[i].source, asked[i]), asked[i], own)

    return list(_each(asked, read).values())


def _read(dataset: Dataset, root: Path, name: str, types: dict[str, AnyColumn]) -> pl.DataFrame:
    source = dataset.sources[name]
    with placed(name):
        frame = source.read(root, types)
    if frame.height == 0:
        files = listed((file.name for file in source.files(root)), "and")
        raise Mistake(Problem(f"{files or name} has no rows.", ("data", "sources", name)))
    return frame


_TEXT = TextColumn(type="text")
_RECUR = 1 << 14


def _folded(
    dataset: Dataset, parts: list[_Part], frames: list[pl.DataFrame], wanted: Mapping[str, AnyColumn]
) -> Joined:
    import polars as pl

    numbers = [pl.int_range(1, frame.height + 1, eager=True) for frame in frames]
    frame = beside(frames[0], numbers[0].to_frame(NUMBER))
    breaches: list[Breach] = []
    notes: list[str] = []
    for part, raw, numbered in zip(parts[1:], frames[1:], numbers[1:], strict=True):
        assert part.join is not None
        names = {name: own for name, own in part.names.items() if own in raw.columns}
        left = Side(dataset.base_name, frame, wanted, frame[NUMBER])
        declared = {own: wanted[name] for name, own in names.items() if name in wanted}
        made = match(part.join, left, Side(part.source, raw, declared, numbered), part.where, dataset.timezone)
        frame = _together(frame, raw.select(pl.col(own).alias(name) for name, own in names.items()), made)
        breaches += made.breaches
        notes += made.notes
    extra = _extra(dataset, parts, wanted)
    origin = {name: part.source for part in parts[1:] for name in part.names}
    rows, left_numbers = frame.select(*wanted), frame[NUMBER]
    stored = tuple(parts[0].names)
    return Joined(rows, left_numbers, frames[0].height, extra, origin, stored, tuple(breaches), tuple(notes))


def _together(left: pl.DataFrame, right: pl.DataFrame, made: Match) -> pl.DataFrame:
    import polars as pl

    whole = made.left.equals(pl.int_range(left.height, eager=True))
    kept = left if whole else left.select(pl.all().gather(made.left))
    return beside(kept, pl.DataFrame([_gathered(column, made.right) for column in right]))


def _gathered(column: pl.Series, places: pl.Series) -> pl.Series:
    """The values at some places; of many words that recur by their number, since the few words then stay in the processor's cache."""
    import polars as pl

    if column.dtype == pl.String and column.len() > _RECUR:
        words = column.drop_nulls().unique()
        if words.len() <= _RECUR:
            return column.cast(pl.Enum(words)).gather(places).cast(pl.String)
    return column.gather(places)
