"""Any text to a Python identifier: always one, never the same for two texts, whatever their order.

Identifiers are ASCII because Python folds others while it reads: two columns that look different could become one attribute.
"""

from __future__ import annotations

import builtins
import functools
import hashlib
import keyword
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

_LONGEST = 60
_WORD_STARTS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_NO_LETTERS = "field"


def identifiers(names: Iterable[str], reserved: Iterable[str] = frozenset()) -> dict[str, str]:
    """A snake_case identifier for each of these distinct names, in their order.

    An identifier depends on the set of names alone. A name that is added changes those of others only where they are spelled alike;
    those carry a piece of their own hash, unless one is itself the identifier.
    Never a keyword, a builtin, an attribute of pydantic models, private, or one of `reserved`.
    Raises ValueError when a name is there twice.

    assert identifiers(["TotalCharges", "class"]) == {"TotalCharges": "total_charges", "class": "class_"}
    """
    names = list(names)
    if len(set(names)) != len(names):
        raise ValueError("a name is there twice")
    taken = _taken() | frozenset(reserved)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[snake_case(name)].append(name)
    claimed = taken | groups.keys() | {f"{stem}_" for stem in groups}
    made: dict[str, str] = {}
    for stem, members in groups.items():
        made.update(_distinct(stem, members, taken, claimed))
    return {name: made[name] for name in names}


def class_name(text: str, reserved: Iterable[str] = frozenset()) -> str:
    """A name in CamelCase for a class; where Python or `reserved` has that name already, it begins with My.

    assert class_name("telco churn") == "TelcoChurn" and class_name("exception") == "MyException"
    """
    words = [word for word in re.split(r"[^0-9A-Za-z]+", _ascii(text)) if word]
    name = "".join(word[0].upper() + word[1:] for word in words)[:_LONGEST]
    if not name:
        return f"My{_hash(text)[:6].upper()}"
    return f"My{name}" if name[0].isdigit() or name in _taken() or name in frozenset(reserved) else name


def snake_case(text: str) -> str:
    """Text in lower case with underscores between its words; two texts may become the same, and a keyword stays one.

    assert [snake_case(t) for t in ("customerID", "HTTPServer", "1stFlrSF", "日本")] == ["customer_id", "http_server", "f_1st_flr_sf", "field"]
    """
    words = _WORD_STARTS.sub("_", _ascii(text))
    stem = re.sub(r"[^0-9a-z]+", "_", words.lower()).strip("_")[:_LONGEST].rstrip("_")
    return f"f_{stem}" if stem[:1].isdigit() else stem or _NO_LETTERS


def _distinct(stem: str, members: list[str], taken: frozenset[str], claimed: frozenset[str]) -> dict[str, str]:
    """Identifiers for the names that share a stem."""
    plain = f"{stem}_" if stem in taken else stem
    if len(members) == 1 and plain not in taken and (stem != _NO_LETTERS or members == [stem]):
        return {members[0]: plain}
    made = {stem: stem} if stem in members and stem not in taken else {}
    rest = [name for name in members if name not in made]
    for length in (6, 12, 24, 64):  # 64 always ends it: no claimed name is that long
        tagged = {name: f"{stem}_x{_hash(name)[:length]}" for name in rest}
        if len(set(tagged.values())) == len(rest) and claimed.isdisjoint(tagged.values()):
            break
    return made | tagged


@functools.cache
def _taken() -> frozenset[str]:
    from pydantic import BaseModel

    return frozenset([*dir(builtins), *keyword.kwlist, *keyword.softkwlist, *dir(BaseModel)])


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
