"""How names and values are written as YAML, so that Hydra reads back exactly what was meant.

Hydra reads YAML 1.1 and then resolves `${…}`. Text stands plain only where every reader takes it as the same text; anything else is
double-quoted, `${` is escaped, and what cannot be seen (controls, bidi marks, line separators) is written as its number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from overture.runtime.errors import Mistake

WIDTH = 120
_PLAIN = re.compile(r"([^\W\d]|\.{1,2}/)([\w ()/+%&'.<>=-]*[\w)/+%.])?\Z")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "none", "nan", "inf"}
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_INTERPOLATION = re.compile(r"(\\*)\$\{")
_LONGEST_KEY = 900  # YAML readers look at most 1,024 characters ahead for the colon of a key


def text(value: str) -> str:
    """Text as a YAML value.

    Raises Mistake for "???", which no spelling keeps from meaning "no value yet".

    assert text("One year") == "One year" and text("No") == '"No"' and text("${x}") == '"\\\\\\\\${x}"'
    """
    if value == "???":
        raise Mistake(
            'the word ??? cannot be written in conf/: Hydra reads it as "no value yet".', hint="Rename it in the data."
        )
    return key(_INTERPOLATION.sub(lambda found: found[1] * 2 + r"\${", value))


def key(name: str) -> str:
    """A name as a YAML key; nothing is resolved in keys."""
    if _PLAIN.match(name) and name.isprintable() and name.lower() not in _WORDS:
        return name
    return '"' + "".join(_character(c) for c in name) + '"'


def scalar(value: object) -> str:
    """Null, a boolean, a number or text as a YAML value.

    assert [scalar(v) for v in (None, True, 3, 0.5, 1e6, "3")] == ["null", "true", "3", "0.5", "1000000", '"3"']
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return _number(value)
        case str():
            return text(value)
    raise TypeError(f"{value!r} is nothing that a configuration holds")


def flow(value: object) -> str:
    """A value of any depth on one line: {type: category, values: [a, b]}."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{_flow_key(str(name))}: {flow(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def wrapped(value: object, indent: int, start: int) -> str:
    """A value like `flow` writes it, over several lines where one would be too long.

    indent: the spaces before lines that continue; start: the column where the value begins.
    """
    line = flow(value)
    if start + len(line) <= WIDTH or not isinstance(value, Mapping | list | tuple) or not value:
        return line
    opening, closing = ("{", "}") if isinstance(value, Mapping) else ("[\n" + " " * indent, "]")
    column = start + 1 if isinstance(value, Mapping) else indent
    made = opening
    for item in value.items() if isinstance(value, Mapping) else value:
        first = made == opening
        piece = _piece(item, isinstance(value, Mapping), indent, column + 2)
        if not first and column + 2 + len(piece.partition("\n")[0]) >= WIDTH:
            made, column = made + ",\n" + " " * indent, indent
            piece = _piece(item, isinstance(value, Mapping), indent, column)
        elif not first:
            made, column = made + ", ", column + 2
        made += piece
        column = len(piece.rpartition("\n")[2]) + (column if "\n" not in piece else 0)
    return made + closing


def _piece(item: object, named: bool, indent: int, start: int) -> str:
    """A list's item, or a mapping's key and value."""
    if not named or not isinstance(item, tuple):
        return flow(item)
    name = _flow_key(str(item[0]))
    return f"{name}: {wrapped(item[1], indent, start + len(name) + 2)}"


def entry(name: str, value: str, indent: int = 0, width: int = 0) -> str:
    """One line of a block mapping, the values of several lines below each other when they share a width."""
    written = key(name)
    if len(written) > _LONGEST_KEY:
        return f"{' ' * indent}? {written}\n{' ' * indent}: {value}"
    return f"{' ' * indent}{(written + ':').ljust(width)} {value}"


def comment(words: str) -> str:
    """A comment at the end of a line; whatever data says in it stays on that line."""
    return "  # " + "".join(c if c.isprintable() else " " for c in words)


def _flow_key(name: str) -> str:
    written = key(name)
    return f"? {written} " if len(written) > _LONGEST_KEY else written


def _number(value: float) -> str:
    written = repr(value)
    return written if "." in written or "e" not in written else written.replace("e", ".0e")


def _character(c: str) -> str:
    if c in _SHORT:
        return _SHORT[c]
    if c.isprintable():
        return c
    code = ord(c)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
