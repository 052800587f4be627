"""How a command of ours ends: an exit code that means something, and never a traceback for what a person got wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol

from .errors import Mistake, OvertureError, Place, Problem
from .own import first_line, line
from .terminal import narrated, say, tell


def exit_code(work: Callable[[], int], *, debug: bool) -> int:
    """Do some work and tell what goes wrong: 0 done, 1 the answer is no, 2 something has to be mended.

    debug: let exceptions through, with their tracebacks.
    """
    try:
        return work()
    except KeyboardInterrupt:
        say("Stopped. Nothing was recorded.", file=sys.stderr)
        return 130
    except OvertureError as error:
        if debug:
            raise
        tell(error)
        return error.exit_code
    except Exception as error:
        if debug:
            raise
        return unexpected(error)


def unexpected(error: BaseException) -> int:
    """Tell a fault that nobody foresaw in one sentence, with where it happened."""
    hint = "Add --debug to see the whole traceback."
    tell(Mistake(Problem(f"this should not have happened: {sentence(error)}.", hint=hint)))
    return 2


def sentence(error: BaseException) -> str:
    """An exception in one line, with where it was raised."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return (f"{type(error).__name__}: {error}".splitlines() or [""])[0] + where


class ScoringWork(Protocol):
    """The function of a score.py."""

    __doc__: str | None

    def __call__(self, source: str, out: Path, *, explain: bool) -> None:
        """Score what `source` names into `out`."""


def scoring_script(work: ScoringWork) -> Callable[[], None]:
    """Make a function of (source, out, explain) the command line of its file: IN -o OUT, and --debug for tracebacks."""

    def main() -> None:
        import argparse

        parser = argparse.ArgumentParser(description=work.__doc__)
        parser.add_argument("source", metavar="IN", help="a CSV, Parquet or JSON lines file, or a source of conf/data/")
        parser.add_argument(
            "-o", "--out", required=True, metavar="OUT", type=Path, help="a CSV, Parquet or JSON lines file"
        )
        parser.add_argument("--explain", action="store_true", help="add what each column added to each raw score")
        parser.add_argument("--debug", action="store_true", help="show the whole traceback of an error")
        words = parser.parse_args()

        def run() -> int:
            with narrated():
                work(words.source, words.out, explain=words.explain)
            return 0

        raise SystemExit(exit_code(run, debug=words.debug))

    return main


def _tell_of_hooks(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A script imports hooks.py before any of our code runs; what fails there is told like everything else."""
    path = Path(sys.argv[0]).resolve().parent / "hooks.py"
    place = line(error, path)
    if isinstance(error, ModuleNotFoundError) and error.name == "hooks":
        problem = Problem("there is no hooks.py here.", hint="An empty file of that name is enough.")
    elif place:
        what = f"cannot be imported: {kind.__name__}: {first_line(error)}"
        problem = Problem(what, place=Place(path.name, place), hint="Add --debug to see the whole traceback.")
    else:
        sys.__excepthook__(kind, error, trace)
        return
    tell(Mistake(problem))
    raise SystemExit(2)


def _is_script_of_a_project() -> bool:
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return file is not None and (Path(file).resolve().parent / "conf" / "config.yaml").is_file()


if _is_script_of_a_project() and "--debug" not in sys.argv:
    sys.excepthook = _tell_of_hooks
