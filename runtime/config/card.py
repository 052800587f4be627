"""conf/card.yaml: read for itself, because it shapes no run, and told with file and line where it is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml
from pydantic import ValidationError

from ..errors import Mistake, Place, Problem, key_path
from ..stated import Stated
from . import explain
from .places import Document, read

FILE = "conf/card.yaml"


def stated(root: Path) -> Stated:
    """What the people of a project state of its models; nothing where there is no conf/card.yaml.

    Raises Mistake with every problem of the file.
    """
    if not (root / FILE).is_file():
        return Stated()
    node = read(root / FILE, FILE)
    text = (root / FILE).read_text("utf-8-sig")
    found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    if not isinstance(found or {}, dict):
        raise Mistake(Problem("must be keys with what is stated.", key=FILE, hint='Such as: intended_use: "…"'))
    try:
        return Stated.model_validate(found or {})
    except ValidationError as error:
        document = Document(FILE, (), node)
        raise Mistake([_placed(it, document) for it in explain.problems(error, Stated, found)]) from error


def problems(root: Path) -> list[Problem]:
    """What is wrong with conf/card.yaml."""
    try:
        stated(root)
    except Mistake as mistake:
        return list(mistake.problems)
    return []


def _placed(problem: Problem, document: Document) -> Problem:
    lines = document.lines
    line = next((lines[problem.path[:i]] for i in range(len(problem.path), 0, -1) if problem.path[:i] in lines), 0)
    return replace(problem, path=(), key=key_path(problem.path), place=Place(document.file, line))
