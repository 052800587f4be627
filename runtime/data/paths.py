"""Which files the key `path` of a source names: one, those that fit a pattern, or several parts told apart by an added column."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote

from pydantic import Field, StrictStr

from ..errors import Mistake, Problem, listed, nearest
from . import storage
from .column import AnyColumn, CategoryColumn
from .storage import Remote
from .stores.fault import fault

if TYPE_CHECKING:
    import polars as pl

FileName = Annotated[StrictStr, Field(min_length=1)]
Paths = FileName | Annotated[dict[Annotated[StrictStr, Field(min_length=1)], FileName], Field(min_length=1)]
"""A file, or the files of several parts: {train: a.csv, test: b.csv}. Relative paths start at the project folder, and
s3://, gs:// and az:// name object stores. With *, ? or [ in it, and ** for any folders, a path means all files that fit."""

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Found:
    """A file, and the part of the rows that it holds; "" where parts are not told apart."""

    part: str
    file: Path | Remote
    written: str
    """The path as it stands in the configuration."""
    inside: str = ""
    """The file as seen from where relative paths start."""

    @property
    def folders(self) -> dict[str, str | None]:
        """What the folders called key=value that it is in say of all its rows; null: no value."""
        parts = self.inside.replace("\\", "/").split("/")[:-1]
        pairs = (folder.split("=", 1) for folder in parts if re.fullmatch(r"[^=]+=.*", folder))
        return {unquote(key): None if value == _NO_VALUE else unquote(value) for key, value in pairs}


def is_pattern(name: str) -> bool:
    """Does a path mean all files that fit it, where none has that very name?"""
    return any(mark in name for mark in "*?[")


def named(paths: Paths, root: Path) -> list[Path | Remote]:
    """The files, sorted, whether they exist or not; those that fit a pattern do.

    Raises Mistake when an object store cannot be listed.
    """
    found = (it.file for part, name in _written(paths).items() for it in _found(part, name, root))
    return sorted(dict.fromkeys(found), key=str)


def files(paths: Paths, root: Path) -> list[Path]:
    """Those files of `named` that are on this machine."""
    local = {part: name for part, name in _written(paths).items() if not storage.is_remote(name)}
    return [it for it in named(local, root) if isinstance(it, Path)]


def objects(paths: Paths, root: Path) -> list[Remote]:
    """Those files of `named` that are in an object store."""
    remote = {part: name for part, name in _written(paths).items() if storage.is_remote(name)}
    return [it for it in named(remote, root) if isinstance(it, Remote)]


def located(paths: Paths, root: Path) -> list[Found]:
    """The files, part by part and sorted, each proven to be a file that can be opened.

    Raises Mistake with a problem for each file that is missing, is no file or may not be read, and for each pattern
    that no file fits.
    """
    found: list[Found] = []
    problems: list[Problem] = []
    for part, name in _written(paths).items():
        try:
            these = _found(part, name, root)
        except Mistake as mistake:
            problems += mistake.problems
            continue
        if not these:
            hint = "A relative path starts at the project folder." if not storage.is_remote(name) else ""
            problems.append(Problem(f"no file fits {name}.", where(part), hint=hint))
        problems += [fault for it in these if (fault := _fault(it)) is not None]
        found += these
    if problems:
        raise Mistake(problems)
    return found


def part_column(paths: Paths, part: str) -> dict[str, AnyColumn]:
    """The column that several parts are told apart by; none for a single path."""
    return {} if isinstance(paths, str) else {part: CategoryColumn(type="category", values=list(paths))}


def where(part: str) -> tuple[str, ...]:
    """The key of a part's file within its source."""
    return ("path", part) if part else ("path",)


def common_columns(found: Sequence[Found], part: str, names: Callable[[Found], list[str]]) -> list[str]:
    """The columns that every file has, in the order of the first one.

    Raises Mistake when a file has a column that is called like the one that tells the parts apart.
    """
    columns = [names(it) for it in found]
    clash = [it.file.name for it, own in zip(found, columns, strict=True) if it.part and part in own]
    if clash:
        hint = "Give the added column another name."
        raise Mistake(Problem(f'{clash[0]} has a column "{part}" already.', ("part",), hint=hint))
    first, *others = columns
    return [name for name in first if all(name in own for own in others)]


def stacked(
    found: Sequence[Found], part: str, wanted: Mapping[str, AnyColumn], scan: Callable[[Found], pl.LazyFrame]
) -> pl.LazyFrame:
    """The rows of all files below each other, in the order of the wanted columns, with the part of each where wanted.

    Raises Mistake when a column holds things in one file that cannot stand in one column with those of another.
    """
    import polars as pl

    scans = []
    for it in found:
        rows = scan(it)
        if it.part and part in wanted:
            rows = rows.with_columns(pl.lit(it.part).alias(part))
        scans.append(rows.select(*wanted))
    if len(scans) == 1:
        return scans[0]
    whole = pl.concat(scans, how="vertical_relaxed")
    try:
        whole.collect_schema()
    except pl.exceptions.PolarsError:
        schemas = [rows.collect_schema() for rows in scans]
        differing = [name for name in wanted if len({str(schema[name]) for schema in schemas}) > 1]
        names = [it.file.name for it in found]
        who = listed(names, "and") if len(names) <= 3 else f"{names[0]} and {len(names) - 1:,} more files"
        what = f"{who} store {listed(differing, 'and')} in types that do not go together."
        raise Mistake(Problem(what, ("path",))) from None
    return whole


def _written(paths: Paths) -> dict[str, str]:
    return {"": paths} if isinstance(paths, str) else paths


def _found(part: str, name: str, root: Path) -> list[Found]:
    """The files of one path: a file of that very name, else all that fit it as a pattern."""
    pattern = is_pattern(name)
    if storage.is_remote(name):
        if not pattern:
            return [Found(part, Remote(name), name, name)]
        try:
            remote = storage.matching(name, _expression(name))
        except OSError as error:
            raise Mistake(fault(name, error, where(part))) from None
        return [Found(part, it, name, it.url) for it in remote]
    if not pattern or (root / name).exists():
        return [Found(part, root / name, name, name)]
    names = glob.glob(name, root_dir=root, recursive=True)  # noqa: PTH207  Path.glob takes no absolute pattern
    fitting = sorted(it for it in names if (root / it).is_file())
    return [Found(part, root / it, name, it) for it in fitting]


def _expression(pattern: str) -> re.Pattern[str]:
    """A pattern of paths as a regular expression; * and ? stay within a folder, ** does not."""
    marks = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    one_of = re.compile(r"\[[^\]/]+\]")
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern)
    return re.compile(
        "".join(
            marks.get(it) or (it.replace("[!", "[^", 1) if one_of.fullmatch(it) else re.escape(it)) for it in pieces
        )
    )


def _fault(found: Found) -> Problem | None:
    file, name, path = found.file, found.written, where(found.part)
    try:
        if isinstance(file, Remote):
            file.stamp()
            return None
        if file.is_dir():
            inside = sorted(it.name for it in file.iterdir() if it.is_file())[:5]
            hint = f"It holds {listed(inside, 'and')}." if inside else "It holds no files."
            return Problem(f"{name} is a folder, not a file.", path, hint=hint)
        with file.open("rb"):
            return None
    except (OSError, ValueError) as error:
        if isinstance(file, Remote):
            return fault(file.url, error, path)
        return _closed(file, name, path, error)


def _closed(file: Path, name: str, path: tuple[str, ...], error: Exception) -> Problem:
    """Why a file of this machine cannot be opened."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Problem(f"there is no file {name}.", path, hint=_suggestion(file, name))
    if isinstance(error, PermissionError):
        return Problem(f"{name} may not be read: permission denied.", path)
    return Problem(f"{name} cannot be opened: {getattr(error, 'strerror', None) or error}.", path)


def _suggestion(file: Path, name: str) -> str:
    if "\\" in name:
        return f"Write paths with forward slashes: {name.replace(chr(92), '/')}"
    if not file.parent.is_dir():
        return f"There is no folder {Path(name).parent.as_posix()} in the project folder either."
    close = nearest(file.name, sorted(found.name for found in file.parent.iterdir() if found.is_file()))
    if close is not None:
        return f'Did you mean "{Path(name).with_name(close).as_posix()}"?'
    return "" if Path(name).is_absolute() else "A relative path starts at the project folder."
