"""The rows to be scored: those of a file, or of a source of the project."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .data.unchanged import states, steady
from .errors import Mistake, did_you_mean
from .tables import about, batches, chosen, numbered

if TYPE_CHECKING:
    import polars as pl

    from .data.column import AnyColumn
    from .data.source import Source
    from .runs.run import Run


@dataclass(frozen=True)
class Rows:
    """Rows in an order, some at a time."""

    name: str
    total: int | None
    """How many there are, about; None where only reading them would tell."""
    identity: dict[str, Any] | None
    """What tells these rows from others; None where the same question may be answered otherwise tomorrow."""
    files: tuple[Path, ...]
    """Where they are read from."""
    batches: Callable[[], Generator[pl.DataFrame]]
    """The columns as stored, and `_row`; at most so many rows at a time as was asked for."""
    steady: Callable[[], AbstractContextManager[None]]
    """Within it rows are scored; it raises Mistake when a file is not as it was when it was first looked at."""


def of_file(
    file: Path, columns: Mapping[str, AnyColumn], optional: set[str], rows: int, run: Run, *, encoded: bool
) -> Rows:
    """The rows of a CSV, Parquet or JSON lines file; a CSV file is read as training read its own."""
    before = states([file])
    return Rows(
        file.name,
        about(file) if file.is_file() else None,
        _identity(before),
        (file,),
        lambda: batches(file, columns, optional, rows, lambda: _csv_settings(run), encoded=encoded),
        lambda: steady(lambda: states([file]), "scored", before=before),
    )


def of_source(
    source: Source, name: str, columns: dict[str, AnyColumn], optional: set[str], rows: int, run: Run
) -> Rows:
    """The rows of a source of the project, in its order."""
    root, files = run.root, source.files(run.root)
    before = states(files)

    def read() -> Generator[pl.DataFrame]:
        names = chosen(name, source.columns(root), columns, optional)
        with source.reading(root):
            scanned = source.scan(root, {column: columns[column] for column in names})
            blocks = (block.select(names) for block in scanned.collect_batches(chunk_size=rows, maintain_order=True))
            yield from numbered(blocks, rows, name)

    total = about(files[0]) if len(files) == 1 else None
    identity = {"source": source.model_dump_json(), **_identity(before)} if files else None
    path = ("data", "sources", name, "path")
    return Rows(
        name,
        total,
        identity,
        tuple(files),
        read,
        lambda: steady(lambda: states(source.files(root)), "scored", path, before),
    )


def named(run: Run, name: str) -> Source | None:
    """The source of the run's configuration that has this name, if one has."""
    from .data.source import SOURCES

    settings = _sources(run).get(name)
    if settings is None:
        return None
    return SOURCES.of(run.root)[settings["kind"]].model_validate(settings)


def no_such(given: str, run: Run) -> Mistake:
    """What is said when there is neither a file nor a source of that name."""
    hint = did_you_mean(given, _sources(run), otherwise=" " if Path(given).suffix else "").strip()
    return Mistake(f"there is no file {given}.", hint=hint)


def _identity(before: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The files in their states; a file that is written again is another."""
    return {"files": [[str(Path(path).resolve()), *state] for path, state in before.items()]}


def _csv_settings(run: Run) -> dict[str, Any]:
    """How the training data's CSV file was written, if it was one; the same is expected of files to score."""
    config = _config(run)
    sources = _sources(run)
    base = sources.get(config.data.get("base")) or next(iter(sources.values()))
    return {key: value for key, value in base.items() if key != "part"} if base.get("kind") == "csv" else {}


def _sources(run: Run) -> dict[str, Any]:
    from omegaconf import OmegaConf

    found: Any = OmegaConf.to_container(_config(run).data.sources, resolve=True)
    return dict(found)


def _config(run: Run) -> Any:
    from omegaconf import OmegaConf

    from .runs.run import CONFIG

    return OmegaConf.create((run.folder / CONFIG).read_text("utf-8"))
