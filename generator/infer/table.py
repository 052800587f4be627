"""The rows of one file, or of a training and a test file, as they are written: text stays text, nothing is yet missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overture.runtime.errors import Mistake, Problem, did_you_mean

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
    """By part: "" for a single file, else train and test."""
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
    import polars as pl

    files = {"": data} if test is None else {"train": data, "test": test}
    layouts = [layout(path, header) for path in files.values()]
    common = layouts[0] if test is None else _common(layouts, data, test)
    frames = [_frame(path, common) for path in files.values()]
    few = [
        f"{path.name} has {('no rows', 'one row only')[frame.height]}."
        for path, frame in zip(files.values(), frames, strict=True)
        if frame.height < 2
    ]
    if few:
        raise Mistake([Problem(what, hint="There is nothing to learn from.") for what in few])
    try:
        frame = pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        raise Mistake(f"{data.name} and {test} store their columns in types that do not go together.") from error
    if common.kind != "csv":
        return Table(common, files, frame, frames[0].height)
    plain = plainly(frame, common.decimal)
    return Table(common, files, plain.frame, frames[0].height, plain.keys, plain.notes)


def _common(layouts: list[Layout], data: Path, test: Path) -> Layout:
    """One way of reading that fits both files."""
    from dataclasses import replace

    first, second = layouts
    encodings = {each.encoding for each in layouts} - {"ascii"}
    if len(encodings) == 1:
        first, second = (replace(each, encoding=min(encodings)) for each in layouts)
    problems = [
        Problem(
            f'{test.name} has no column "{name}", which {data.name} has.',
            hint=did_you_mean(name, second.columns, otherwise=" "),
        )
        for name in first.columns
        if name not in second.columns
    ]
    for what in ("kind", "delimiter", "encoding", "quote", "decimal"):
        if getattr(first, what) != getattr(second, what):
            problems.append(
                Problem(
                    f"{data.name} and {test.name} differ in their {what}: {getattr(first, what)} and {getattr(second, what)}.",
                    hint="Save them alike.",
                )
            )
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
