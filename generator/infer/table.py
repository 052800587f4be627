"""The rows of one file, or of a training and a test file, as they are written: text stays text, nothing is yet missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overture.runtime.errors import Mistake, Problem, did_you_mean, listed

from .inferred import Note
from .layout import Layout, damaged, layout
from .written import plainly

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Table:
    """All rows, those of the training file first."""

    layout: Layout
    files: dict[str, Path]
    """By part: "" for a single file, else train and test. One may be a pattern, as usage-*.csv, that several files fit."""
    frame: pl.DataFrame
    """Columns that have a name; strings in a CSV file, where "" is not null and numbers and days are written plainly, else as they are stored."""
    train: int
    """How many of the rows are the training file's."""
    written: dict[str, Any] = field(default_factory=dict)
    """Keys of the source that say how the file writes what `frame` has in plain form."""
    notes: tuple[Note, ...] = ()
    """What that deserves to be said about."""

    @property
    def parts(self) -> list[pl.DataFrame]:
        """The rows of each file."""
        return [self.frame[: self.train], self.frame[self.train :]] if len(self.files) > 1 else [self.frame]

    @property
    def names(self) -> str:
        """The files for people: "a.csv and b.csv"."""
        return " and ".join(path.name for path in self.files.values())


def read(data: Path, test: Path | None = None, header: tuple[str, ...] | None = None) -> Table:
    """Read one file or two.

    Raises Mistake when a file cannot be read, the files do not go together, or there are too few rows to learn from.
    """
    files = {"": data} if test is None else {"train": data, "test": test}
    parts = [fitting(path) for path in files.values()]
    every = [path for part in parts for path in part]
    common = _common([layout(path, header) for path in every], every)
    frames = [_below([_frame(path, common) for path in part], part) for part in parts]
    few = [
        f"{path.name} has {('no rows', 'one row only')[frame.height]}."
        for path, frame in zip(files.values(), frames, strict=True)
        if frame.height < 2
    ]
    if few:
        raise Mistake([Problem(what, hint="There is nothing to learn from.") for what in few])
    frame = _below(frames, [*files.values()])
    if common.kind != "csv":
        return Table(common, files, frame, frames[0].height)
    plain = plainly(frame, common.decimal)
    return Table(common, files, plain.frame, frames[0].height, plain.keys, plain.notes)


def fitting(path: Path) -> list[Path]:
    """The file; or all that fit a pattern as usage-*.csv, in the order of their names.

    Raises Mistake when no file fits.
    """
    from overture.runtime.data.paths import files

    found = files(str(path), Path())
    if not found:
        hint = "Look at the path; a pattern stands in quotes, or the shell resolves it."
        raise Mistake(f"no file fits {path}.", hint=hint)
    return found


def _below(frames: list[pl.DataFrame], paths: list[Path]) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        names = listed([path.name for path in paths[:5]], "and")
        raise Mistake(f"{names} store their columns in types that do not go together.") from error


def _common(layouts: list[Layout], paths: list[Path]) -> Layout:
    """One way of reading that fits all files."""
    from dataclasses import replace

    encodings = {each.encoding for each in layouts} - {"ascii"}
    if len(encodings) == 1:
        layouts = [replace(each, encoding=min(encodings)) for each in layouts]
    first, data = layouts[0], paths[0]
    problems = []
    for other, path in zip(layouts[1:], paths[1:], strict=True):
        problems += [
            Problem(
                f'{path.name} has no column "{name}", which {data.name} has.',
                hint=did_you_mean(name, other.columns, otherwise=" "),
            )
            for name in first.columns
            if name not in other.columns
        ]
        for what in ("kind", "delimiter", "encoding", "quote", "decimal"):
            if getattr(first, what) != getattr(other, what):
                here, there = getattr(first, what), getattr(other, what)
                said = f"{data.name} and {path.name} differ in their {what}: {here} and {there}."
                problems.append(Problem(said, hint="Save them alike."))
    if problems:
        raise Mistake(problems)
    return first


def _frame(path: Path, found: Layout) -> pl.DataFrame:
    import polars as pl

    named = [name for name in found.columns if name]
    if not named:
        raise Mistake(f"{path.name} names no column in its first line.", hint="Name them: --header a,b,c")
    if found.kind == "parquet":
        try:
            return pl.read_parquet(path, columns=named)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damaged(path, error) from error
    from overture.runtime.data.column import AnyColumn, TextColumn
    from overture.runtime.data.sources.csv import Csv

    text: dict[str, AnyColumn] = dict.fromkeys(named, TextColumn(type="text"))
    keys: dict[str, Any] = {"kind": "csv", "path": str(path.resolve()), "missing": [], **found.keys}
    try:
        frame = Csv.model_validate(keys).read(path.resolve().parent, text)
    except Mistake as error:  # the keys of the source are not written yet, so there is no place to name
        raise Mistake([Problem(problem.what, hint=problem.hint) for problem in error.problems]) from error
    return frame
