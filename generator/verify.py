"""Three nets under generated code.

`misplaced` reads the templates: nothing may be put out inside a string or a comment that the template itself opens.
`compare` reads what was rendered: text from the configuration may change constants, never the structure of the code.
`broken` reads what was merged: a merge without conflicts can still make code that uses a name nobody defines any more.
"""

from __future__ import annotations

import ast
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .format import ruff
from .literals import UNSAFE_FILTERS

if TYPE_CHECKING:
    from jinja2 import Environment

_OUTPUT, _BLOCK = "\x01", "\x02"
_QUOTED = re.compile(
    r'"""(?:\\.|[^\\])*?"""'
    r"|'''(?:\\.|[^\\])*?'''"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'"
    r"|\#[^\n]*"
    r"|\b[fFrRbBuU]{1,2}\x01"
    r"|[\"']",
    re.DOTALL,
)


def misplaced(environment: Environment, names: Sequence[str]) -> list[str]:
    """What is wrong with these templates, as lines "train.py.jinja:3: …"; none when all is well.

    Refused everywhere: filters and blocks that would pass text as it is. In templates of Python also: anything put out, and any block,
    inside a string or a comment of the template.
    """
    assert environment.loader is not None
    found = []
    for name in names:
        text = environment.loader.get_source(environment, name)[0]
        faults = [
            *_unsafe(environment, text),
            *(_inside_quotes(environment, text) if name.endswith(".py.jinja") else ()),
        ]
        found += [f"{name}:{line}: {what}" for line, what in sorted(faults)]
    return found


def compare(made: Mapping[str, str], harmless: Mapping[str, str]) -> None:
    """Compare what was rendered with a render of the same configuration in which every text is a harmless one.

    Both map paths to texts, and must have the same paths. Raises ValueError when a Python file has another structure, is read in
    another encoding, or cannot be parsed: then text from the configuration became code.
    """
    if made.keys() != harmless.keys():
        raise ValueError(
            f"text from the configuration decides which files there are: {sorted(made.keys() ^ harmless.keys())}"
        )
    for path in made:
        if not path.endswith(".py"):
            continue
        if any(re.match(r"[ \t\f]*#.*?coding[:=]", line) for line in made[path].split("\n")[:2]):
            raise ValueError(f"{path}: a comment changes the encoding of the file")
        one, other = _shape(made[path], path), _shape(harmless[path], path)
        if one != other:
            found, expected = next(
                (pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]), ("more", "an end")
            )
            raise ValueError(f"{path}: text from the configuration became code ({found} where {expected} was expected)")


def broken(merges: Mapping[str, tuple[str, str, str]]) -> dict[str, list[str]]:
    """What is newly wrong in files that were merged: what neither side had.

    merges: the texts (mine, theirs, merged) by path. Returns findings by path, for paths that have some, such as
    "Undefined name `math`". Raises Mistake when ruff is missing.
    """
    python = {path: texts for path, texts in merges.items() if path.endswith(".py")}
    if not python:
        return {}
    with tempfile.TemporaryDirectory(prefix="overture-") as folder:
        for number, texts in enumerate(python.values()):
            for side, text in zip(("mine", "theirs", "merged"), texts, strict=True):
                Path(folder, f"{number}-{side}.py").write_bytes(text.encode())
        findings = _findings(folder)
    new = {}
    for number, path in enumerate(python):
        sides = [findings.get(f"{number}-{side}.py", Counter()) for side in ("mine", "theirs", "merged")]
        if worse := sides[2] - (sides[0] | sides[1]):
            new[path] = sorted(worse)
    return new


def _findings(folder: str) -> dict[str, Counter[str]]:
    """What ruff finds in the files of a folder, by file name; lines and counts in messages are left out, as merging moves them."""
    done = ruff("check", "--select", "F", "--exit-zero", "--output-format", "json", folder)
    if done.returncode:
        raise ValueError(f"ruff could not look at merged files: {done.stderr.decode(errors='replace').strip()}")
    found: dict[str, Counter[str]] = {}
    for item in json.loads(done.stdout):
        message = "it is no Python any more" if item["code"] in (None, "invalid-syntax") else item["message"]
        found.setdefault(Path(item["filename"]).name, Counter())[re.sub(r" from line \d+", "", message)] += 1
    return {
        name: Counter({what: 1 if "no Python" in what else n for what, n in some.items()})
        for name, some in found.items()
    }


def _unsafe(environment: Environment, text: str) -> Iterator[tuple[int, str]]:
    from jinja2 import nodes

    tree = environment.parse(text)
    for used in tree.find_all(nodes.Filter):
        if used.name in UNSAFE_FILTERS:
            yield used.lineno, f"the filter {used.name} passes text as it is"
    passing = (nodes.EvalContextModifier, nodes.Macro, nodes.CallBlock, nodes.AssignBlock)
    for block in tree.find_all(passing):
        yield block.lineno, f"{type(block).__name__} passes text as it is; use include"


def _inside_quotes(environment: Environment, text: str) -> Iterator[tuple[int, str]]:
    flat, lines = _flattened(environment, text)
    for quoted in _QUOTED.finditer(flat):
        line = lines[quoted.start()]
        if quoted[0] in ('"', "'"):
            yield line, "a string is not closed"
        elif _OUTPUT in quoted[0]:
            yield line, "a value is put out inside a string or a comment, or after the prefix of a string"
        elif _BLOCK in quoted[0]:
            yield line, "a block stands inside a string or a comment"


def _flattened(environment: Environment, text: str) -> tuple[str, list[int]]:
    """The template's own text with one character for whatever is put out and one for every block, and the line of each character."""
    flat, lines = "", []
    opened = {"variable_begin": _OUTPUT, "block_begin": _BLOCK, "raw_begin": _BLOCK, "comment_begin": _BLOCK}
    for number, sort, value in environment.lex(text):
        piece = value if sort == "data" else opened.get(sort, "")
        flat += piece
        for character in piece:
            lines.append(number)
            number += character == "\n"
    return flat, lines


def _shape(text: str, path: str) -> list[str]:
    """The structure of Python source: types of nodes and of constants, where each stands in its parent, and what is imported."""
    try:
        stack: list[tuple[str, ast.AST]] = [("", ast.parse(text))]
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path}: what was rendered is no Python: {error}") from error
    words = []
    while stack:
        field, node = stack.pop()
        before = len(stack)
        for name in node._fields:
            value = getattr(node, name, None)
            children = value if isinstance(value, list) else (value,)
            stack += [(name, child) for child in children if isinstance(child, ast.AST)]
        words.append(f"{field} {_word(node)} of {len(stack) - before}")
    return words


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return type(node.value).__name__
    if isinstance(node, ast.alias):
        return f"import {node.name}"
    if isinstance(node, ast.ImportFrom):
        return f"from {node.module}"
    return type(node).__name__
