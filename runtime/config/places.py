"""Where in which file a key of the composed configuration was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from ..errors import Mistake, Place, Problem, key_path

KeyPath = tuple[str | int, ...]
COMMAND_LINE = "command line"


@dataclass(frozen=True)
class Document:
    """One YAML file of the composition and the package its keys go to."""

    file: str
    """As a person knows it: relative to the project folder."""
    package: tuple[str, ...]
    root: yaml.Node | None

    @property
    def packaged(self) -> bool:
        """Is it a file of overture, which nobody is to change?"""
        return self.file.startswith("pkg://")

    @cached_property
    def lines(self) -> dict[KeyPath, int]:
        """The line of every key and list item, by its path in the whole configuration."""
        return {(*self.package, *path): line for path, line in _lines(self.root)}


@dataclass(frozen=True)
class Places:
    """Every file that was composed, in the order in which later ones win, and what the command line said."""

    documents: Sequence[Document]
    overrides: Sequence[tuple[KeyPath, str]] = field(default=())
    chosen: Sequence[tuple[KeyPath, str]] = field(default=())
    """Of the command line, what chose options: the file of an option says where a key of it is."""

    def locate(self, problem: Problem) -> Problem:
        """The problem with the file, the line and the key that a person has to look at."""
        if problem.place or not problem.path:
            return problem
        if typed := _typed(problem, self.overrides):
            return typed
        best = self._written(problem.path)
        written = best is not None and best[0] == len(problem.path)
        if not written and any(_starts(path, problem.path) for path, _ in self.overrides):
            return _at(problem, Place(COMMAND_LINE), "", problem.path)
        if best is None or best[1].packaged:
            if typed := _typed(problem, self.chosen):
                return typed
            best = 0, self._home(problem.path), 0
        _, document, line = best
        inside = problem.path[len(document.package) :] if _starts(problem.path, document.package) else problem.path
        return _at(problem, Place(document.file, line), "", inside)

    def packaged(self, path: KeyPath) -> bool:
        """Does overture itself give a key its value, and nobody else?"""
        if any(_starts(path, typed) for typed, _ in self.overrides):
            return False
        best = self._written(path)
        return best is not None and best[1].packaged

    def _written(self, path: KeyPath) -> tuple[int, Document, int] | None:
        """The document that decides on a path: how much of the path it writes, and in which line."""
        best: tuple[int, Document, int] | None = None
        for document in self.documents:
            found = _longest(document, path)
            if found and (best is None or found[0] >= best[0]):
                best = (found[0], document, found[1])
        return best

    def _home(self, path: KeyPath) -> Document:
        """The project's own file that a key belongs in which nobody wrote there."""
        own = [document for document in self.documents if not document.packaged and _starts(path, document.package)]
        return max(reversed(own), key=lambda document: len(document.package))


def read(path: Path, name: str) -> yaml.Node | None:
    """The nodes of a YAML file, which know their lines.

    Raises Mistake for a file that is not YAML or says a key twice.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Mistake(
            Problem(
                f"this is not YAML: {error.problem}.",
                place=Place(name, mark.line + 1 if mark else 0),
                hint=_advice(error),
            )
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Mistake(Problem(f"this is not YAML in UTF-8: {error}.", place=Place(name))) from error
    except OSError as error:
        raise Mistake(Problem(f"cannot be read: {error.strerror}.", place=Place(name))) from error
    twice = [
        Problem("this key stands here twice.", key=key_path(path), place=Place(name, line))
        for path, line in _twice(node)
    ]
    if twice:
        raise Mistake(twice)
    return node


def scalars(node: yaml.Node | None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, yaml.ScalarNode, bool]]:
    """Every scalar with its path; the flag tells keys from values."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, _word(key))
            if isinstance(key, yaml.ScalarNode):
                yield here, key, True
            yield from scalars(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from scalars(value, (*path, position))
    elif isinstance(node, yaml.ScalarNode):
        yield path, node, False


def _lines(node: yaml.Node | None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, _word(key)), key.start_mark.line + 1
            yield from _lines(value, (*path, _word(key)))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield (*path, position), value.start_mark.line + 1
            yield from _lines(value, (*path, position))


def _twice(node: yaml.Node | None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if (word := _word(key)) in seen:
                yield (*path, word), key.start_mark.line + 1
            seen.add(word)
            yield from _twice(value, (*path, word))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _twice(value, (*path, position))


def _word(key: yaml.Node) -> str:
    return key.value if isinstance(key, yaml.ScalarNode) else ""


def _longest(document: Document, path: KeyPath) -> tuple[int, int] | None:
    """The longest beginning of a path that the document writes, and its line."""
    for length in range(len(path), len(document.package), -1):
        if path[:length] in document.lines:
            return length, document.lines[path[:length]]
    return None


def _starts(path: KeyPath, package: KeyPath) -> bool:
    return path[: len(package)] == package


def _typed(problem: Problem, overrides: Sequence[tuple[KeyPath, str]]) -> Problem | None:
    """The problem with the override that its key comes from; None: from none of these."""
    for path, text in reversed(overrides):
        if _starts(problem.path, path):
            return _at(problem, Place(COMMAND_LINE), text.partition("=")[0].lstrip("+~"), problem.path[len(path) :])
    return None


def _at(problem: Problem, place: Place, typed: str, rest: KeyPath) -> Problem:
    from dataclasses import replace

    tail = key_path(rest)
    key = f"{typed}{'' if tail.startswith('[') or not tail else '.'}{tail}" if typed else tail
    return replace(problem, place=place, key=problem.key or key)


def _advice(error: Any) -> str:
    text = str(error.problem)
    if "cannot start any token" in text:
        return "Quote the value, or use spaces where there is a tab."
    if "mapping values are not allowed" in text:
        return "Look for a missing line break, or quote a value that holds a colon."
    if "expected" in text:
        return "Look for an open bracket or quote, or a wrong indentation, here or just above."
    return "Look at this line and the one above."
