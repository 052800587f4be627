"""How values become Python source: as literals, and in no other way.

The Jinja environment made here fails closed: what a template puts out is written as a literal unless it is `Code`, and `Code` is made
here alone. Whatever Jinja itself would pass as ready text (safe, tojson, the result of a macro) is refused.
"""

from __future__ import annotations

import datetime as dt
import keyword
import math
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

WIDTH = 100  # columns of a generated line
UNSAFE_FILTERS = frozenset({"safe", "tojson", "escape", "e", "forceescape", "xmlattr", "urlize", "striptags"})
_PRAGMA = re.compile(
    r"\W*(fmt|type|noqa|ruff|pragma|isort|mypy|pyright|pylint|yapf|nosec|flake8)\b|.*coding[:=]", re.IGNORECASE
)


class Code(str):
    """Text that is already Python source. Joined or formatted with other text it is plain text again, and so becomes a literal."""

    __slots__ = ()


def literal(value: object) -> Code:
    """Python source for a plain value: None, bool, int, float, str, bytes, date, datetime, and lists, tuples and mappings of them.

    Characters that cannot be seen are written as escapes. Dates need `import datetime as dt` in the file.
    Raises TypeError for everything else, subclasses of these included.

    assert literal({"a": [1, "x'y"]}) == '''{'a': [1, "x'y"]}'''
    """
    match value:
        case None | bool() | int() | str() | bytes() if type(value) in (type(None), bool, int, str, bytes):
            return Code(repr(value))
        case float() if type(value) is float:
            return Code(repr(value) if math.isfinite(value) else f'float("{value}")')
        case dt.datetime():
            return _moment(value)
        case dt.date():
            return call("dt.date", value.year, value.month, value.day)
        case list():
            return Code(f"[{_listed(value)}]")
        case tuple():
            return Code(f"({_listed(value)}{',' if len(value) == 1 else ''})")
        case Mapping():
            return Code("{" + ", ".join(f"{source(key)}: {source(item)}" for key, item in value.items()) + "}")
    raise TypeError(f"a {type(value).__qualname__} cannot be written as Python")


def source(value: object) -> Code:
    """Code as it is, any other value as a literal."""
    return value if isinstance(value, Code) else literal(value)


def name(text: str) -> Code:
    """A name in Python source, for example an attribute; dots are allowed between names.

    Raises ValueError for what is no ASCII identifier.
    """
    for part in text.split("."):
        if not (part.isascii() and part.isidentifier()) or keyword.iskeyword(part):
            raise ValueError(f"{text!r} is no name in Python")
    return Code(text)


def call(function: str, *values: object, **named: object) -> Code:
    """A call with each value as source.

    assert call("Field", ge=0, alias="x") == "Field(ge=0, alias='x')"
    """
    words = [source(value) for value in values] + [f"{name(key)}={source(value)}" for key, value in named.items()]
    return Code(f"{name(function)}({', '.join(words)})")


def subscript(generic: str, *items: object) -> Code:
    """A generic type with its items.

    assert subscript("Annotated", name("int"), call("Field", ge=0)) == "Annotated[int, Field(ge=0)]"
    """
    return Code(f"{name(generic)}[{_listed(items)}]")


def union(*types: Code) -> Code:
    """A union of types that are already Code.

    assert union(name("float"), name("None_")) == "float | None_"
    """
    return Code(" | ".join(source(item) for item in types))


def doc(text: str, indent: int = 0) -> Code:
    """A docstring that holds any text, wrapped; `indent` is the number of spaces before it. Lines and paragraphs stay as they are."""
    body = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in _lines(text).replace("\\", "\\\\"))
    body = re.sub(r'"{3,}|"+\Z', lambda quotes: quotes[0].replace('"', '\\"'), body)
    margin, width = " " * indent, WIDTH - indent
    if "\n" not in body and len(body) + 6 <= width:
        return Code(f'"""{body}"""')
    lines = [piece for line in f'"""{body}'.split("\n") for piece in _wrapped(line, width)]
    return Code("\n".join([lines[0], *(f"{margin}{line}".rstrip() for line in lines[1:]), f'{margin}"""']))


def comment(text: str, indent: int = 0) -> Code:
    """Comment lines that hold any text, wrapped; no tool takes one for an instruction."""
    visible = "".join(c if c.isprintable() or c == "\n" else " " for c in _lines(text))
    lines = [piece for line in visible.split("\n") for piece in _wrapped(line, WIDTH - indent - 4)]
    harmless = (
        re.sub(r"(coding)([:=])", r"\1 \2", f'"{line}"', flags=re.IGNORECASE) if _PRAGMA.match(line) else line
        for line in lines
    )
    return Code(f"\n{' ' * indent}".join(f"# {line}".rstrip() for line in harmless))


def environment(loader: BaseLoader) -> Environment:
    """A Jinja environment whose output is literals and Code; a name that is not defined is an error.

    Filters of its own: name, doc, comment, and join, which puts commas between items written as source.
    """
    from jinja2 import Environment, StrictUndefined

    made = Environment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=True,  # has Jinja mark what it takes for ready text, so that _finalize can refuse it
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for unsafe in UNSAFE_FILTERS:
        del made.filters[unsafe]
    made.filters.update(name=name, doc=doc, comment=comment, join=_join)
    return made


def _finalize(value: Any) -> Any:
    from jinja2 import Undefined
    from markupsafe import Markup

    return value if isinstance(value, Undefined) else Markup(source(value))  # noqa: S704 - source() is what makes it safe


def _join(items: Iterable[object]) -> Code:
    return Code(_listed(items))


def _listed(items: Iterable[object]) -> str:
    return ", ".join(source(item) for item in items)


def _moment(value: dt.datetime) -> Code:
    parts: list[object] = [
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
    ]
    while len(parts) > 4 and parts[-1] == 0:
        parts.pop()
    offset = value.utcoffset()
    if offset is None:
        return call("dt.datetime", *parts)
    seconds = offset.total_seconds()
    seconds = int(seconds) if seconds.is_integer() else seconds
    zone = call("dt.timezone", call("dt.timedelta", seconds=seconds)) if offset else name("dt.UTC")
    return call("dt.datetime", *parts, tzinfo=zone)


def _lines(text: str) -> str:
    """The text without blanks around it, at ends of lines, and at most one empty line in a row."""
    stripped = "\n".join(line.rstrip() for line in str(text).expandtabs(4).splitlines())
    return re.sub(r"\n{3,}", "\n\n", stripped).strip()


def _wrapped(line: str, width: int) -> list[str]:
    indent = " " * min(len(line) - len(line.lstrip()), width // 2)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
