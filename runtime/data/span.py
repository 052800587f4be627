"""A length of time as it is written in YAML, or the difference of two numbers where moments are numbers."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StrictFloat, StrictInt, StrictStr

from ..form import Form

_TIME = r"^\d{1,9}[wdhms]$"
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}  # seconds


def _positive(span: str | float) -> str | float:
    if isinstance(span, str) and not re.fullmatch(_TIME, span):
        raise ValueError(f'"{span}" is no length of time; write it as 7d, 12h or 30m')
    if isinstance(span, int | float) and not 0 <= span < float("inf"):
        raise ValueError(f"{span} is less than nothing or without end")
    return span


Time = Annotated[str, Form(_TIME, "a span of time, as 30m, 12h or 7d")]
"""A length of time alone."""
Span = Annotated[StrictStr | StrictInt | StrictFloat, AfterValidator(_positive)]
"""For example 7d (w, d, h, m, s), or a number."""


def seconds(span: str | float | None) -> int | None:
    """How long it is, where it is a length of time.

    assert [seconds("2h"), seconds(3), seconds(None)] == [7200, None, None]
    """
    return int(span[:-1]) * _UNITS[span[-1]] if isinstance(span, str) else None
