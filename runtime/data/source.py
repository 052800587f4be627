"""What every source of rows does. A kind of source is one file in `sources/`: its typed fields are its YAML keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, listed
from ..kinds import Kinds
from ..own import first_line
from ..section import Section
from .stores.fault import fault
from .unchanged import states, steady

if TYPE_CHECKING:
    import polars as pl

    from .column import AnyColumn
    from .storage import Remote


class Source(Section):
    """Where rows come from."""

    kind: str

    def columns(self, root: Path) -> list[str]:
        """The names of the columns, in their order, without reading the rows.

        Raises Mistake when the source cannot be opened.
        """
        raise NotImplementedError

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns of all rows in the order of the source, each as text or in the type it is stored in; missing values are null.

        Nothing more is held in memory than the format asks for. Collect it within `reading`.
        root: the project folder, where relative paths start.
        Raises Mistake when the source cannot be opened.
        """
        raise NotImplementedError

    def read(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.DataFrame:
        """What `scan` gives, in memory.

        Raises Mistake when the source cannot be opened or read.
        """
        with self.reading(root):
            return self.scan(root, wanted).collect()

    @contextmanager
    def reading(self, root: Path) -> Iterator[None]:
        """While a scan is collected: what the engine says of the source becomes a Mistake with its place.

        Raises Mistake too when a file is not the same at the end as it was at the start.
        """
        import polars as pl

        with steady(lambda: self.stamps(root), path=("path",)):
            try:
                yield
            except (pl.exceptions.PolarsError, OSError) as error:
                raise self.misread(error, root) from None

    def stamps(self, root: Path) -> dict[str, object]:
        """What tells a file that was written to from one that was not, by path or address.

        Raises Mistake when an object store cannot be listed.
        """
        found: dict[str, object] = {**states(self.files(root))}
        for remote in self.objects(root):
            with suppress(OSError):
                found[remote.url] = remote.stamp()
        return found

    def misread(self, error: Exception, root: Path) -> Mistake:
        """What an engine's error means to the person who described the source."""
        names = listed((file.name for file in self.files(root)), "and") or f"the {self.kind} source"
        return Mistake(f"{names} cannot be read: {first_line(error).rstrip('.')}.")

    def adds(self) -> dict[str, AnyColumn]:
        """Columns that the source makes by itself, as the part a row's file belongs to."""
        return {}

    def files(self, root: Path) -> list[Path]:
        """The local files that the rows come from, sorted; none for a source that is no file."""
        return []

    def objects(self, root: Path) -> list[Remote]:
        """The files in an object store that the rows come from, sorted."""
        return []

    def snapshot(self, root: Path) -> dict[str, str]:
        """What else tells the rows of today from those of another day, as {"snapshot": "8741…"} of a table with
        versions or {"query": "select …"} of a database; none where the files say it all. It never holds a secret.

        Raises Mistake when the source cannot be opened.
        """
        found = {}
        for remote in self.objects(root):
            try:
                found[remote.url] = remote.stamp()
            except OSError as error:
                raise Mistake(fault(remote.url, error, ("path",))) from None
        return found

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any] | None:
        """Write a frame into a folder and give the YAML keys that read it back; None: the kind has rows of its own.

        The contract test of all kinds uses it.
        """
        raise NotImplementedError


SOURCES: Kinds[Source] = Kinds("source", "overture.runtime.data.sources", Source)
