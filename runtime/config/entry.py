"""The command line of a training script: Hydra's, with every fault in overture's form and an exit code that means something."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..command_line import exit_code
from ..errors import Mistake, Problem
from ..form import unshown
from .compose import opened
from .followed import Followed
from .jobs import Jobs, Task
from .quick_yaml import quick_yaml

SWEEPS = ("-m", "--multirun")


def entry(config_path: str, config_name: str) -> Callable[[Task], Callable[[], None]]:
    """Make a function the command line of its file, as `hydra.main` does.

    The function takes the composed configuration and returns its objective. `--debug` shows tracebacks; overrides of
    keys that no file has (`model.params.depth=4`) need no `+`; with `-m` a job that fails is told and the others go on.
    Exit codes: 0 done, 1 the answer is no, 2 something has to be mended.
    """

    def decorate(task: Task) -> Callable[[], None]:
        @functools.wraps(task)
        def main() -> None:
            folder = Path(inspect.getfile(task)).resolve().parent
            os.chdir(folder)  # relative paths start at the project folder, those of hydra.searchpath too
            raise SystemExit(_run(task, folder, folder / config_path, config_name))

        return main

    return decorate


def _run(task: Task, folder: Path, config_path: Path, config_name: str) -> int:
    debug = "--debug" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--debug"]
    # argparse refuses a flag with overrides on both sides of it
    sweep = [word for word in words if word in SWEEPS]
    sys.argv = [sys.argv[0], *sweep, *opened(word for word in words if word not in sweep)]
    return exit_code(lambda: _hydra(task, folder, config_path, config_name, debug), debug=debug)


def _hydra(task: Task, folder: Path, config_path: Path, config_name: str, debug: bool) -> int:
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from .load import load

    if wrong := unshown(sys.argv[1:]):
        raise Mistake(wrong)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions reach us, in place of Hydra's own way of printing them
    followed = Followed(task)
    jobs = Jobs(followed, folder, debug)
    if not any(word.startswith("--") for word in sys.argv[1:] if word not in SWEEPS):
        _recordable(folder)
    try:
        if not (config_path / f"{config_name}.yaml").is_file():
            load(folder)
        _plugins()
        with quick_yaml(), jobs.gathered():
            hydra.main(version_base="1.3", config_path=str(config_path), config_name=config_name)(jobs)()
        followed.mirror(folder, jobs.sweep)
    except (HydraException, OmegaConfBaseException, YAMLError, RecursionError):
        _explain(folder, [argument for argument in sys.argv[1:] if not argument.startswith("-")])
        raise
    return jobs.exit_code()


def _recordable(folder: Path) -> None:
    """Raise Mistake where the run could not be kept, before hours went into it."""
    runs = folder / "runs"
    target = runs if runs.is_dir() else folder
    if not os.access(target, os.W_OK | os.X_OK):
        raise Mistake(
            f"{target} cannot be written, so no run could be kept.", hint="Make the folder writable, then train."
        )


def _plugins() -> None:
    """Have Hydra know our sweepers and launchers; where overture was installed in editable mode it does not find them."""
    from hydra.core.plugins import Plugins

    try:
        from hydra_plugins.overture import launchers, sweepers
    except ModuleNotFoundError as error:
        if not any(word in SWEEPS or word.startswith("sweep=") for word in sys.argv):
            return
        hint = "Install overture again: its packages have grown."
        raise Mistake("overture is not installed whole: hydra_plugins.overture is missing.", hint=hint) from error
    for plugin in (*sweepers.PLUGINS, *launchers.PLUGINS):
        Plugins.instance().register(plugin)


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
