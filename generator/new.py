"""Make a project from a table of data: conf/, the skeleton, and all that is generated from them, or nothing at all."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from overture.runtime.config.places import Document, read
from overture.runtime.data.source import SOURCES
from overture.runtime.errors import Mistake, Place
from overture.runtime.files import new_folder, write

from . import conf
from .infer.inference import Question, infer
from .infer.inferred import Inferred, Note
from .infer.table import fitting
from .skeleton import skeleton

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}\Z")
_SUFFIXES = {".csv", ".tsv", ".txt", ".data", ".dat", ".parquet", ".pq", ".gz", ".zst", ".zstd"}
_MOST_NOTES = 25


@dataclass(frozen=True)
class Answers:
    """What the user said on the command line; what is None is found out."""

    name: str
    data: Path
    target: str
    test: Path | None = None
    task: str | None = None
    time: str | None = None
    key: str | None = None
    header: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()

    @property
    def question(self) -> Question:
        """What concerns the data."""
        return Question(
            self.data, self.target, self.test, self.task, self.time, self.key, self.header, tuple(self.ignore)
        )


@dataclass(frozen=True)
class Created:
    """A project that was made."""

    folder: Path
    inferred: Inferred
    files: int
    """How many, but for those in .overture/."""
    notes: tuple[tuple[Note, Place], ...]
    """What deserves an eye, and where it stands in the project."""

    @property
    def story(self) -> list[str]:
        """What was found, as lines for a person."""
        lines = [_read(self.inferred), _printable(f"Task: {self.inferred.task}. {self.inferred.answer}.")]
        if not self.notes:
            return lines
        shown = self.notes[:_MOST_NOTES]
        names = [_shortened(note.column or "the file", 24) for note, _ in shown]
        wide, long = max(map(len, names)), min(max(len(note.text) for note, _ in shown), 84)
        lines += ["", f"Worth a look, in {shown[0][1].file}"]
        lines += [
            f"  {name:{wide}}   {_printable(note.text):{long}}   line {place.line}"
            for name, (note, place) in zip(names, shown, strict=True)
        ]
        more = len(self.notes) - len(shown)
        return [*lines, f"  and {more:,} more: they stand there as comments"] if more else lines


def create(folder: Path, answers: Answers, generate: Callable[[Path], object]) -> Created:
    """Make a project in a folder that does not exist or is empty; a kill at any moment leaves no half of it.

    generate: renders all generated files into the folder it is given, whose conf/ is written.

    Raises Mistake when the folder is taken, the name is none, or the data cannot be understood.
    """
    folder = folder.resolve()
    name = slug(folder.name)
    _free(folder)
    if not _NAME.match(name):
        raise Mistake(
            f'"{folder.name}" cannot be the name of a project.',
            hint="Names start with a letter a to z; letters, digits and dashes follow, 63 at most.",
        )
    inferred = infer(answers.question)
    option = option_name(answers.data)
    paths = {part: _relative(Path(path), folder) for part, path in inferred.files.items()}
    data = f"conf/data/{option}.yaml"
    texts = {"conf/config.yaml": conf.config(inferred, name, option), data: conf.data(inferred, option, paths)}
    try:
        with new_folder(folder) as made:
            skeleton(made, name)
            for path, text in texts.items():
                write(made / path, text)
            places = _places(made, data, inferred)
            generate(made)
            files = [path.relative_to(made) for path in made.rglob("*") if path.is_file()]
    except FileExistsError as error:
        raise Mistake(f"{folder.name} came to exist in the meantime.", hint="Choose another name.") from error
    except OSError as error:
        raise Mistake(f"{folder} cannot be made: {error.strerror or error}.") from error
    return Created(folder, inferred, sum(path.parts[0] != ".overture" for path in files), places)


def slug(text: str) -> str:
    """Lower-case letters, digits and dashes.

    assert slug("my_churn") == "my-churn" and slug("Größe (m²)") == "groe-m2"
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def option_name(data: Path) -> str:
    """What a data file is called in conf/data/: its own name, in letters that every command line takes.

    assert option_name(Path("Telco-Customer-Churn.csv.gz")) == "telco-customer-churn"
    """
    name = Path(data.name)
    while name.suffix.lower() in _SUFFIXES:
        name = name.with_suffix("")
    option = slug(name.name)[:60].strip("-") or "data"
    taken = {"on", "off", "yes", "no", "y", "n", "true", "false", "null", *SOURCES.names(), *_packaged()}
    return f"data-{option}" if option in taken or option[0].isdigit() else option


def _packaged() -> set[str]:
    from importlib.resources import files

    folder = files("overture.conf") / "data"
    return {Path(found.name).stem for found in folder.iterdir()} if folder.is_dir() else set()


def _free(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise Mistake(f"the folder {folder.name} is not empty.", hint="Choose another name, or move it away.")
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise Mistake(f"{path.name} is a file.", hint="Choose another name.")
    if folder == Path.cwd():
        raise Mistake(
            "a project cannot be made in the folder you stand in.",
            hint="Go one up and name it: cd .. && overture new NAME …",
        )


def _relative(path: Path, folder: Path) -> str:
    """The path of a file as seen from the project folder, with forward slashes."""
    target = path.parent.resolve() / path.name  # a link to a file stays a link
    try:
        return Path(os.path.relpath(target, folder)).as_posix()
    except ValueError:  # another drive
        return target.as_posix()


def _places(folder: Path, file: str, inferred: Inferred) -> tuple[tuple[Note, Place], ...]:
    lines = Document(file, (), read(folder / file, file)).lines
    return tuple((note, Place(file, lines[conf.place(note, inferred)])) for note in inferred.notes)


def _read(inferred: Inferred) -> str:
    files = [Path(path) for path in inferred.files.values()]
    names, rows = (
        " and ".join(each) for each in ([path.name for path in files], [f"{rows:,}" for rows in inferred.rows.values()])
    )
    size = sum(each.stat().st_size for path in files for each in fitting(path))
    return f"Read {names}: {rows} rows, {inferred.width:,} columns, {_size(size)}."


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{max(size / 1e3, 0.1):.1f} kB"


def _shortened(text: str, most: int) -> str:
    text = _printable(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
