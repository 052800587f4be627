"""Words that YAML 1.1 does not read as they are written: `No` is false, `010` is 8, `12:30` is 750."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Place, Problem, key_path
from .places import Document, KeyPath, Places, scalars

_WORDS = {"", "~", "null", "true", "false", "yes", "no", "on", "off"}
_PLAIN_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")


def problems(places: Places) -> list[Problem]:
    """Every label and column name whose plain text YAML reads as something else, with its file and line."""
    return [problem for document in places.documents for problem in _in(document)]


def changed(text: str) -> str | None:
    """What the configuration makes of a plain word, or None when it stays the same text or is a plain whole number.

    assert changed("No") == "false" and changed("010") == "8" and changed("12:30") == "750"
    assert changed("tenure") is None and changed("12") is None
    """
    if text.lower() not in _WORDS and text[:1] not in "0123456789+-.":
        return None
    from omegaconf import OmegaConf

    value = OmegaConf.create(f"- {text}")[0]
    if value is None:
        return "no value at all"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return None if _PLAIN_INTEGER.match(text) else str(value)
    return f"the number {value}" if isinstance(value, float) else None


def _in(document: Document) -> Iterator[Problem]:
    for path, node, is_key in scalars(document.root):
        whole = (*document.package, *path)
        # the C loader calls a plain style "", the Python loader None
        if not node.style and _is_label(whole, is_key, node.value) and (seen := changed(node.value)) is not None:
            place = Place(document.file, node.start_mark.line + 1)
            said = f"YAML reads {node.value or 'nothing'} as {seen}."
            yield Problem(said, whole, key=key_path(path), place=place, hint=f'Quote it: "{node.value}".')


def _is_label(path: KeyPath, is_key: bool, word: str) -> bool:
    """Is this where the name of a column or one of its values stands?"""
    match path:
        case ("positive",):
            return not is_key and word not in ("true", "false", "null")
        case ("target",) | ("data", "key" | "time" | "weight") | ("split", "column"):
            return not is_key and word != "null"
        case ("data", "columns", _):
            return is_key
        case ("data", "columns", _, "values", int()) | ("data", "ignore", int()):
            return True
        case ("data", "sources", _, "missing" | "header", int()):
            return True
        case ("data", "sources", _, "replace", _, *_):
            return True
    return False
