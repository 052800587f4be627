"""Contracts of data sets in the Open Data Contract Standard: https://bitol-io.github.io/open-data-contract-standard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from overture.runtime.errors import Mistake

VENDOR = "overture"
API = "v3.2.0"
NO_ROWS = "SELECT COUNT(*) FROM ${table} WHERE NOT ("
"""How an expression that is true of every row is asked for in SQL; the query has to give 0."""


def standard() -> ModuleType:
    """The package that has the standard's classes.

    Raises Mistake with the command that installs it, when it is not there.
    """
    try:
        from open_data_contract_standard import model
    except ModuleNotFoundError as error:
        what = f"the Open Data Contract Standard needs the package {error.name}, which is not installed."
        raise Mistake(what, hint='Run: pip install "overture[odcs]"') from None
    return model  # type: ignore[no-any-return]


def left(model: Any, known: set[str], where: str, usual: Mapping[str, Any] | None = None) -> Iterator[str]:
    """What a part of the contract says that nobody took."""
    for key in sorted(model.model_fields_set - known):
        value = getattr(model, key)
        if value not in (None, [], {}, False) and (usual or {}).get(key) != value:
            yield f"{where}{key.rstrip('_')}" + (f": {value}" if isinstance(value, str | int | float) else "")
