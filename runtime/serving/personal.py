"""What says something of a person is repeated by no answer and no log."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..schema import Schema


def personal(schema: Schema) -> frozenset[str]:
    """The columns that a caller sends whose values are personal."""
    found = {name for name, column in schema.features.items() if column.personal}
    if schema.key is not None and schema.key_column is not None and schema.key_column.personal:
        found.add(schema.key)
    return frozenset(found)


def traced(error: BaseException, *, told: bool) -> str:
    """An error as the log has it; told: with its message, which may hold a value."""
    if told:
        return "".join(traceback.format_exception(error)).rstrip()
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback, without the message that may hold a value:\n{frames}{type(error).__name__}"
