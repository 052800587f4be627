"""Rows from a function of the project."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import StrictStr

from ... import hooks, own
from ...errors import Mistake, Problem, did_you_mean
from ...form import Form
from .. import content
from ..column import AnyColumn
from ..source import Source

if TYPE_CHECKING:
    import polars as pl


class Python(Source):
    """Rows from a function in hooks.py that gives a polars DataFrame or LazyFrame.

    It is called for every reading, with the arguments of `arguments`. A run remembers what it gave.
    """

    kind: Literal["python"]
    function: Annotated[str, Form(r"^[A-Za-z_]\w*$", "the name of a function")]
    """Its name in hooks.py."""
    arguments: dict[StrictStr, Any] = {}
    """What it is called with, by name; nothing secret, since the configuration is kept with every run."""

    def columns(self, root: Path) -> list[str]:
        """The names of what the function gives.

        Raises Mistake, with the line in hooks.py, when there is no such function, or it fails or gives no table.
        """
        return self._called(root).collect_schema().names()

    def scan(self, root: Path, wanted: dict[str, AnyColumn]) -> pl.LazyFrame:
        """The wanted columns of what the function gives.

        Raises Mistake as `columns` does.
        """
        return self._called(root).select(*wanted)

    def misread(self, error: Exception, root: Path) -> Mistake:
        """What the function gave cannot be computed."""
        return Mistake(own.failure(self._function(root), error))

    def snapshot(self, root: Path) -> dict[str, str]:
        """The hash of all it gives.

        Raises Mistake as `columns` does.
        """
        return {"function": self.function, "rows": content.fingerprint(self, root)}

    @classmethod
    def example(cls, folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
        """Write a hooks.py whose function gives the frame."""
        frame.write_parquet(folder / "example.parquet")
        text = (
            "from pathlib import Path\n\nimport polars as pl\n\n\ndef rows(name: str) -> pl.LazyFrame:\n"
            "    return pl.scan_parquet(Path(__file__).with_name(name))\n"
        )
        (folder / "hooks.py").write_text(text, "utf-8")
        return {"kind": "python", "function": "rows", "arguments": {"name": "example.parquet"}}

    def _function(self, root: Path) -> Callable[..., Any]:
        module = hooks.import_hooks(root)
        found = getattr(module, self.function, None)
        if not callable(found):
            known = [
                name for name, it in vars(module).items() if inspect.isfunction(it) and it.__module__ == module.__name__
            ]
            hint = did_you_mean(self.function, known, otherwise=f"Write def {self.function}() -> pl.DataFrame there.")
            raise Mistake(Problem(f"{hooks.HOOKS} has no function {self.function}.", ("function",), hint=hint))
        return found  # type: ignore[no-any-return]

    def _called(self, root: Path) -> pl.LazyFrame:
        import polars as pl

        function = self._function(root)
        try:
            inspect.signature(function).bind(**self.arguments)
        except TypeError as error:
            raise Mistake(Problem(f"{self.function} cannot be called so: {error}.", ("arguments",))) from None
        try:
            found = function(**self.arguments)
            if isinstance(found, pl.DataFrame | pl.LazyFrame):
                found.lazy().collect_schema()
        except Mistake:
            raise
        except Exception as error:
            raise Mistake(own.failure(function, error)) from error
        if not isinstance(found, pl.DataFrame | pl.LazyFrame):
            what = f"must give a polars DataFrame or LazyFrame; it gave {type(found).__name__}."
            raise Mistake(own.fault(function, what, "pl.from_pandas(frame) makes one of a pandas DataFrame."))
        return found.lazy()
