"""Which files the key `path` of a source names: one file, or several that are told apart by an added column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictStr

from ..errors import Mistake, Problem, listed, nearest
from .column import AnyColumn, CategoryColumn

if TYPE_CHECKING:
    import polars as pl

FileName = Annotated[StrictStr, Field(min_length=1)]
Paths = FileName | Annotated[dict[Annotated[StrictStr, Field(min_length=1)], FileName], Field(min_length=1)]
"""A file, or the files of several parts: {train: a.csv, test: b.csv}. Relative paths start at the project folder."""


def named(paths: Paths, root: Path) -> dict[str, Path]:
    """The files by part, whether they exist or not; a single file is the part ""."""
    return {part: root / name for part, name in _written(paths).items()}


def located(paths: Paths, root: Path) -> dict[str, Path]:
    """The files by part, each proven to be a file that can be opened.

    Raises Mistake with a problem for each file that is missing, is no file or may not be read.
    """
    found = named(paths, root)
    problems = [
        problem
        for part, name in _written(paths).items()
        if (problem := _fault(found[part], name, where(part))) is not None
    ]
    if problems:
        raise Mistake(problems)
    return found


def part_column(paths: Paths, part: str) -> dict[str, AnyColumn]:
    """The column that several files are told apart by; none for a single file."""
    return {} if isinstance(paths, str) else {part: CategoryColumn(type="category", values=list(paths))}


def where(part: str) -> tuple[str, ...]:
    """The key of a part's file within its source."""
    return ("path", part) if part else ("path",)


def common_columns(files: Mapping[str, Path], part: str, names: Callable[[str, Path], list[str]]) -> list[str]:
    """The columns that every file has, in the order of the first one.

    Raises Mistake when a file has a column that is called like the one that tells the files apart.
    """
    found = {label: names(label, file) for label, file in files.items()}
    if "" not in files:
        clash = [label for label, columns in found.items() if part in columns]
        if clash:
            raise Mistake(
                Problem(
                    f'{files[clash[0]].name} has a column "{part}" already.',
                    ("part",),
                    hint="Give the added column another name.",
                )
            )
    first, *others = found.values()
    return [name for name in first if all(name in columns for columns in others)]


def stacked(
    files: Mapping[str, Path], part: str, wanted: Mapping[str, AnyColumn], scan: Callable[[str, Path], pl.LazyFrame]
) -> pl.LazyFrame:
    """The rows of all files below each other, in the order of the wanted columns, with the part of each where wanted.

    Raises Mistake when a column holds things in one file that cannot stand in one column with those of another.
    """
    import polars as pl

    scans = []
    for label, file in files.items():
        rows = scan(label, file)
        if label and part in wanted:
            rows = rows.with_columns(pl.lit(label).alias(part))
        scans.append(rows.select(*wanted))
    if len(scans) == 1:
        return scans[0]
    whole = pl.concat(scans, how="vertical_relaxed")
    try:
        whole.collect_schema()
    except pl.exceptions.PolarsError:
        schemas = [rows.collect_schema() for rows in scans]
        differing = [name for name in wanted if len({str(schema[name]) for schema in schemas}) > 1]
        names = listed((file.name for file in files.values()), "and")
        what = f"{names} store {listed(differing, 'and')} in types that do not go together."
        raise Mistake(Problem(what, ("path",))) from None
    return whole


def _written(paths: Paths) -> dict[str, str]:
    return {"": paths} if isinstance(paths, str) else paths


def _fault(file: Path, name: str, path: tuple[str, ...]) -> Problem | None:
    try:
        if file.is_dir():
            inside = sorted(found.name for found in file.iterdir() if found.is_file())[:5]
            hint = f"It holds {listed(inside, 'and')}." if inside else "It holds no files."
            return Problem(f"{name} is a folder, not a file.", path, hint=hint)
        with file.open("rb"):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return Problem(f"there is no file {name}.", path, hint=_suggestion(file, name))
    except PermissionError:
        return Problem(f"{name} may not be read: permission denied.", path)
    except (OSError, ValueError) as error:
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
