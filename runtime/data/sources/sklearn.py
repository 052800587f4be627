"""Rows from the data sets that come with scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..column import AnyColumn
from ..source import Source

if TYPE_CHECKING:
    import polars as pl


class Bundled(Source):
    """A small data set that comes with scikit-learn, for trying things; nothing is fetched."""

    kind: Literal["sklearn"]
    name: Literal["breast_cancer", "diabetes", "iris", "wine"]
    """Which one. Its column "target" is the class by name, or the number to predict."""

    def columns(self, root: Path) -> list[str]:
        """The names of the features, then "target"."""
        return self._frame().columns

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns."""
        return self._frame().lazy().select(*wanted)

    def snapshot(self, root: Path) -> dict[str, str]:
        """The data set and the version of scikit-learn that holds it."""
        from importlib.metadata import version

        return {"scikit-learn": version("scikit-learn"), "name": self.name}

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> None:
        """None: its rows are its own."""

    def _frame(self) -> pl.DataFrame:
        import polars as pl
        from sklearn import datasets

        found: Any = getattr(datasets, f"load_{self.name}")()
        frame = pl.DataFrame(found.data, schema=[str(name) for name in found.feature_names])
        labels = getattr(found, "target_names", None)
        target = found.target if labels is None else [str(labels[i]) for i in found.target]
        return frame.with_columns(pl.Series("target", target))
