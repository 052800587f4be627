"""Exact types: what JSON says is what a column gets, or an error.

pydantic alone takes true and 1.0 for the label 1, "1700000000" for a moment, and whole numbers that no column can hold.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError, PydanticKnownError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


@dataclass(frozen=True)
class Zone:
    """The zone of moments that name none: `Annotated[datetime, Zone("Europe/Berlin")]`."""

    name: str


def exact(annotation: Any, metadata: list[Any]) -> BeforeValidator | None:
    """What must be checked before pydantic looks at a value of this type; None where pydantic is exact by itself."""
    kinds = {kind for kind in _members(annotation) if kind is not type(None)}
    if dt.datetime in kinds:
        zone = next((item for item in metadata if isinstance(item, Zone)), None)
        return BeforeValidator(_Moment(ZoneInfo(zone.name) if zone else None))
    if dt.date in kinds:
        return BeforeValidator(_day)
    if int in kinds:
        return BeforeValidator(_integer)
    if any(isinstance(kind, int) for kind in kinds):
        return BeforeValidator(_integer_label)
    return None


def base(annotation: Any) -> tuple[type | tuple[Any, ...], bool]:
    """The plain type, or the labels, that an annotation stands for, and whether null is allowed.

    assert base(int | None) == (int, True)
    assert base(Literal["a", "b"]) == (("a", "b"), False)
    """
    members = _members(annotation)
    nullable, kinds = type(None) in members, [kind for kind in members if kind is not type(None)]
    return (kinds[0] if isinstance(kinds[0], type) else tuple(kinds)), nullable


def _members(annotation: Any) -> list[Any]:
    arguments = get_args(annotation)
    if not arguments:
        return [annotation]
    if get_origin(annotation) is Literal:
        return list(arguments)
    return [member for argument in arguments for member in _members(argument)]


def _integer(value: Any) -> Any:
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise PydanticCustomError("int_parsing_size", "must fit in 64 bits")
    return value


def _integer_label(value: Any) -> Any:
    if isinstance(value, bool | float):
        raise PydanticKnownError("literal_error", {"expected": "a whole number"})
    return value


def _day(value: Any) -> Any:
    if value is None:
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise PydanticKnownError("date_type")
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise PydanticKnownError("date_type") from error


@dataclass(frozen=True)
class _Moment:
    zone: ZoneInfo | None

    def __call__(self, value: Any) -> Any:
        if value is None:
            return value
        found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise PydanticKnownError("datetime_type")
        if found["zone"] is None and self.zone is None:
            raise PydanticKnownError("timezone_aware")
        try:
            clock = dt.datetime.fromisoformat(value)
            moment = (clock if found["zone"] else clock.replace(tzinfo=self.zone)).astimezone(dt.UTC)
            skipped = self.zone is not None and moment.astimezone(self.zone).replace(tzinfo=None) != clock
        except (ValueError, OverflowError) as error:
            raise PydanticKnownError("datetime_type") from error
        if skipped and found["zone"] is None:
            raise PydanticCustomError("datetime_skipped", "the clock never showed this; summer time began")
        return moment
