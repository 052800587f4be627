"""The command line of a training script: Hydra's, with every fault in overture's form and an exit code that means something."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..command_line import exit_code, unexpected
from ..errors import Mistake, OvertureError, Problem
from ..terminal import narrated, say, tell
from .compose import opened

if TYPE_CHECKING:
    from omegaconf import DictConfig

Task = Callable[["DictConfig"], float]


def entry(config_path: str, config_name: str) -> Callable[[Task], Callable[[], None]]:
    """Make a function the command line of its file, as `hydra.main` does.

    The function takes the composed configuration and returns its objective. `--debug` shows tracebacks; overrides of
    open mappings (`model.params.depth=4`) need no `+`; with `-m` a job that fails is told and the others go on.
    Exit codes: 0 done, 1 the answer is no, 2 something has to be mended.
    """

    def decorate(task: Task) -> Callable[[], None]:
        @functools.wraps(task)
        def main() -> None:
            folder = Path(inspect.getfile(task)).resolve().parent
            raise SystemExit(_run(task, folder, folder / config_path, config_name))

        return main

    return decorate


def _run(task: Task, folder: Path, config_path: Path, config_name: str) -> int:
    debug = "--debug" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--debug"]
    # argparse refuses a flag with overrides on both sides of it
    sweep = [word for word in words if word in ("-m", "--multirun")]
    sys.argv = [sys.argv[0], *sweep, *opened(word for word in words if word not in sweep)]
    return exit_code(lambda: _hydra(task, folder, config_path, config_name, debug), debug=debug)


def _hydra(task: Task, folder: Path, config_path: Path, config_name: str, debug: bool) -> int:
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from .load import load

    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions reach us, in place of Hydra's own way of printing them
    jobs = _Jobs(task, folder, debug)
    try:
        if not (config_path / f"{config_name}.yaml").is_file():
            load(folder)
        hydra.main(version_base="1.3", config_path=str(config_path), config_name=config_name)(jobs)()
    except (HydraException, OmegaConfBaseException, YAMLError, RecursionError):
        _explain(folder, [argument for argument in sys.argv[1:] if not argument.startswith("-")])
        raise
    if jobs.many:
        jobs.close(folder)
    return jobs.exit_code()


def _explain(folder: Path, words: list[str]) -> None:
    """Tell in our form what Hydra stumbled over; of a sweep, each value is tried once.

    Raises Mistake when anything is wrong.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    from .load import load

    try:
        choices = [list(_values(override)) for override in OverridesParser.create().parse_overrides(words)]
    except HydraException:
        choices = [[word] for word in words]
    first = [values[0] for values in choices]
    problems: dict[str, Problem] = {}
    for place, values in enumerate(choices or [[]]):
        for value in values or [""]:
            try:
                load(folder, [*first[:place], *([value] if value else []), *first[place + 1 :]])
            except Mistake as mistake:
                problems.update({str(problem): problem for problem in mistake.problems})
    if problems:
        raise Mistake(problems.values())


def _values(override: Any) -> Iterator[str]:
    """An override for each value that a sweep gives its key; itself, when it sweeps over nothing."""
    if not override.is_sweep_override():
        yield override.input_line
        return
    for value in override.sweep_string_iterator():
        yield f"{override.input_line.partition('=')[0]}={value}"


def _locate(error: OvertureError, folder: Path, words: Sequence[str]) -> None:
    """Give each problem that names a key its file and line, which the steps of a training do not know."""
    from .load import examine

    if any(problem.path and not problem.place for problem in error.problems):
        loaded, _ = examine(folder, words)
        if loaded is not None:
            error.problems = tuple(loaded.places.locate(problem) for problem in error.problems)


class _Jobs:
    """Runs the jobs of a command line and keeps what failed, so that one failure does not end a sweep."""

    def __init__(self, task: Task, folder: Path, debug: bool) -> None:
        functools.update_wrapper(self, task)
        self.task, self.folder, self.debug = task, folder, debug
        self.failed: list[BaseException] = []
        self.many = False
        self.process = os.getpid()

    def __call__(self, config: DictConfig) -> float:
        from hydra.core.hydra_config import HydraConfig

        settings = HydraConfig.get()
        self.many = settings.mode is not None and settings.mode.name == "MULTIRUN"
        words = " ".join(settings.overrides.task).replace("++", "")
        try:
            with narrated():
                if self.many:
                    say(f"\n{words or 'defaults'}")
                return self.task(config)
        except Exception as error:
            if isinstance(error, OvertureError):
                _locate(error, self.folder, settings.overrides.task)
            if self.many:
                self._tell(error, words)
            if self.process != os.getpid():
                raise  # in a worker process: the launcher brings it home
            self.failed.append(error)
            return float("nan")

    def _tell(self, error: Exception, words: str) -> None:
        if isinstance(error, OvertureError) and not self.debug:
            tell(error, closing=f"This job failed: {words}")
        elif self.debug:
            import traceback

            traceback.print_exc()
        else:
            unexpected(error)

    def close(self, folder: Path) -> None:
        """Say how the sweep went: which run is best, and how many jobs failed."""
        from ..runs.table import rows

        say("", *rows(folder))
        if self.failed:
            count = len(self.failed)
            say(f"{count} {'job' if count == 1 else 'jobs'} failed; the reasons stand above.", file=sys.stderr)

    def exit_code(self) -> int:
        """What the command line says in the end; a single run gives its error on."""
        if self.failed and not self.many:
            raise self.failed[0]
        return max((error.exit_code if isinstance(error, OvertureError) else 2 for error in self.failed), default=0)
