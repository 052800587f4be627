"""What is wrong with a request, said in a way that a caller can act on: the body of every 400."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from ..errors import nearest

MOST = 100
"""Details in one answer; a caller who sends more faults than that mends these first."""
SHOWN = 80
"""Characters of a value that an answer repeats."""
LABELS = 12
"""Labels that an answer lists."""
COMPARED = 300
"""Names that a misspelt one is compared with; more would let a bad request cost seconds."""


@dataclass(frozen=True)
class Detail:
    """One value that is not allowed: where it stands in the body, the kind of fault, and what is expected."""

    loc: list[str | int]
    type: str
    msg: str
    value: str = ""
    """What was sent, where the message may repeat it."""

    def told(self, hidden: frozenset[str] | None) -> dict[str, Any]:
        """The detail as an answer has it; hidden: columns whose values are not repeated, None: no value is."""
        column = self.loc[2] if len(self.loc) > 2 else None
        silent = hidden is None or (column in hidden if column is not None else bool(hidden))
        told = f"{self.value}: {self.msg}" if self.value and not silent else self.msg
        return {"loc": self.loc, "type": self.type, "msg": told}


class Invalid(Exception):
    """A request that breaks the contract; it is answered with 400."""

    def __init__(self, details: list[Detail], error: str = "") -> None:
        self.details = details[:MOST]
        self.error = error or _count(len(details))
        super().__init__(self.error)

    @classmethod
    def json(cls, what: str) -> Invalid:
        """A body that is no JSON at all."""
        return cls([Detail([], "json_invalid", what)], f"the body is not valid JSON: {what}")

    def body(self, hidden: frozenset[str] | None = frozenset()) -> dict[str, Any]:
        """The answer: {"error": …, "detail": [{"loc", "type", "msg"}, …]}; hidden: as Detail.told takes it."""
        return {"error": self.error, "detail": [detail.told(hidden) for detail in self.details]}


def message(error: Mapping[str, Any], expected: Any, known: list[str]) -> tuple[str, str]:
    """What one pydantic error means, and the value that was sent where it says more.

    expected: the type that the contract declares, where there is one. known: the names that could have been meant.
    """
    kind, value = error["type"], error["input"]
    if kind == "missing":
        nullable = type(None) in get_args(expected)
        return ("missing; send null when it is not known" if nullable else "missing; every row needs it"), ""
    if kind == "extra_forbidden":
        return f"nothing here has this name{_suggestion(str(error['loc'][-1]), known)}", ""
    expectation = _EXPECTED.get(kind)
    if kind == "literal_error":
        return _one_of(value, _labels(expected)), shown(value)
    text = expectation(error.get("ctx") or {}) if expectation else str(error["msg"])
    return (f"{_size(value)}: {text}", "") if kind in ("too_short", "too_long") else (text, shown(value))


def shown(value: Any) -> str:
    """A value as JSON writes it, cut when it is long."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, str) and len(value) > SHOWN:
        value = f"{value[:SHOWN]}…"
    if isinstance(value, int) and abs(value) >= 10**SHOWN:
        return f"a number of more than {SHOWN} digits"
    return json.dumps(value, ensure_ascii=False)


def _count(number: int) -> str:
    if number > MOST:
        return f"more than {MOST} values are not allowed; these are the first"
    return "1 value is not allowed" if number == 1 else f"{number} values are not allowed"


def _pattern(whole: str) -> str:
    """A pattern as the contract has it, without what makes it match the whole value."""
    return whole.removeprefix(r"\A(?:").removesuffix(r")\z")


def _size(value: Any) -> str:
    return f"{len(value):,} rows" if value else "no rows"


def _labels(expected: Any) -> list[Any]:
    found = []
    for item in get_args(expected):
        found.extend(_labels(item) if get_args(item) else [item] if item is not type(None) else [])
    return found


def _one_of(value: Any, labels: list[Any]) -> str:
    names = [str(label) for label in labels]
    if len(names) <= LABELS:
        text = f"one of {', '.join(names)}"
    else:
        text = f"one of {', '.join(names[:LABELS])} and {len(names) - LABELS} more"
    if isinstance(value, bool) or (not isinstance(value, str) and isinstance(labels[0], str)):
        return f"{text}, as text" if isinstance(labels[0], str) else text
    if isinstance(value, str) and not isinstance(labels[0], str):
        return f"{text}, as a number"
    return text + _suggestion(str(value), names)


def _suggestion(word: str, known: list[str]) -> str:
    found = nearest(word[: 2 * SHOWN], known) if len(known) <= COMPARED else None
    return f'. Did you mean "{found}"?' if found is not None else ""


_EXPECTED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "int_type": lambda ctx: "must be a whole number",
    "int_parsing_size": lambda ctx: "must fit in 64 bits",
    "float_type": lambda ctx: "must be a number",
    "finite_number": lambda ctx: "must be a finite number",
    "bool_type": lambda ctx: "must be true or false",
    "string_type": lambda ctx: "must be text",
    "string_pattern_mismatch": lambda ctx: f"must be written as {_pattern(ctx['pattern'])}",
    "list_type": lambda ctx: "must be a list of rows",
    "model_type": lambda ctx: "must be an object",
    "date_type": lambda ctx: "must be a day written as 2024-12-31",
    "datetime_type": lambda ctx: "must be a moment written as 2024-12-31T23:59:00Z",
    "timezone_aware": lambda ctx: "must say its zone, as in 2024-12-31T23:59:00Z or …+01:00",
    "greater_than_equal": lambda ctx: f"must be {ctx['ge']} or more",
    "less_than_equal": lambda ctx: f"must be {ctx['le']} or less",
    "too_short": lambda ctx: f"send at least {ctx['min_length']}",
    "too_long": lambda ctx: f"send at most {ctx['max_length']:,} in one request",
}
