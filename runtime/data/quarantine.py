"""Rows that break the contract, set aside into a file with the reasons."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..files import write
from .breach import Breach

if TYPE_CHECKING:
    import polars as pl

FILE = "quarantine.parquet"
_OF_ALL = ("rows", "fresh", "previous")


def quarantined(breach: Breach) -> Breach:
    """A breach whose rows are set aside, where it is one of certain rows, and not of all of them together."""
    whole = breach.path[:3] in [("data", "checks", name) for name in _OF_ALL] or breach.path[:2] == ("data", "joins")
    return breach if whole or breach.severity != "error" else replace(breach, severity="quarantine")


def set_aside(rows: pl.DataFrame, reasons: pl.Series, root: Path) -> None:
    """Write the rows that have a reason into the file, as they are stored; without any there is no file.

    rows: `_row`, and the columns as they are stored.
    """
    file = root / FILE
    if reasons.null_count() == reasons.len():
        file.unlink(missing_ok=True)
        return
    bad = rows.with_columns(reasons.alias("_reasons")).filter(reasons.is_not_null())
    content = io.BytesIO()
    bad.write_parquet(content)
    write(file, content.getvalue())
