"""A project's own code: hooks.py, and kinds of its own in the folders models/, sources/, splits/ and metrics/."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import Mistake, Place, Problem

FOLDERS = ("metrics", "models", "sources", "splits")
_TEXT = "_overture_text"


def files(root: Path) -> list[Path]:
    """Every Python file in the folders of a project that may hold kinds of its own, sorted."""
    return sorted(file for folder in FOLDERS for file in (root / folder).rglob("*.py"))


def module(root: Path, file: str) -> ModuleType:
    """The module of a file of a project, for example "hooks.py" or "models/two_rates.py".

    It is the same module as long as the text stays the same, and the one that a script of the project has imported
    itself; so a class in it is one class, however it was reached.
    Raises Mistake with its line when importing it fails.
    """
    path, name = (root / file).resolve(), file.removesuffix(".py").replace("/", ".")
    text, here = path.read_bytes(), sys.modules.get(name)
    if here is not None and _file(here) == path and getattr(here, _TEXT, text) == text:
        return here
    spec = util.spec_from_file_location(name, path)
    if spec is None:
        raise ImportError(f"{path} is no Python file")
    made = util.module_from_spec(spec)
    setattr(made, _TEXT, text)
    sys.modules[name] = made
    try:
        with _beside(root):
            # The text that was read, not its bytecode: a file changed twice in a second has the stamp of the first change.
            exec(compile(text, str(path), "exec", dont_inherit=True), vars(made))  # noqa: S102
    except Exception as error:
        sys.modules.pop(name, None)
        what = f"cannot be imported: {type(error).__name__}: {first_line(error)}"
        raise Mistake(Problem(what, place=Place(file, line(error, path)))) from error
    return made


def line(error: BaseException, path: Path) -> int:
    """The last line of a file that an error went through; 0: none."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename) == path:
        return error.lineno or 0
    lines = [step.lineno or 0 for step in traceback.extract_tb(error.__traceback__) if Path(step.filename) == path]
    return lines[-1] if lines else 0


def first_line(error: BaseException) -> str:
    """What an error says, cut to what fits one line; without the name of the file, which is said before it."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return (text.splitlines() or [""])[0][:200]


def failure(function: Callable[..., Any], error: Exception, hint: str = "") -> Problem:
    """What went wrong in a function of the project, and in which line of its file."""
    path = _source(function)
    what = f"{function.__name__} fails: {type(error).__name__}: {first_line(error)}"
    return Problem(what, place=Place(path.name, line(error, path)), hint=hint)


def fault(function: Callable[..., Any], what: str, hint: str = "") -> Problem:
    """What a function of the project did not keep to, and where it begins."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    place = Place(_source(function).name, code.co_firstlineno if code else 0)
    return Problem(f"{function.__name__} {what}", place=place, hint=hint)


@contextmanager
def _beside(root: Path) -> Iterator[None]:
    """While a file of the project is imported, it finds its siblings, as it does when a script of the project runs."""
    folder = str(root.resolve())
    if folder in sys.path:
        yield
        return
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _source(function: Callable[..., Any]) -> Path:
    return Path(inspect.getsourcefile(inspect.unwrap(function)) or "hooks.py")


def _file(here: ModuleType) -> Path | None:
    found = getattr(here, "__file__", None)
    return Path(found).resolve() if found else None
