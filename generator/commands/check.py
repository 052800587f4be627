"""overture check: configuration and data against each other, all problems at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from overture.runtime.errors import Mistake, OvertureError, Problem, Refusal

from ..cli import project_root


@click.command("check")
@click.argument("overrides", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def command(overrides: tuple[str, ...], as_json: bool) -> int:
    """Check configuration and data, without training; OVERRIDES as for train, for example model=logistic.

    Exits with 0 when all is well, 1 when only the data breaks the contract, 2 when something has to be mended.
    """
    from overture.runtime.terminal import narrated, say, tell

    root = project_root()
    error: OvertureError | None = None
    try:
        if as_json:
            problems, notes, code = examine(root, overrides)
        else:
            with narrated():
                problems, notes, code = examine(root, overrides)
    except OvertureError as unreadable:
        problems, notes, code = list(unreadable.problems), list(unreadable.notes), unreadable.exit_code
    if as_json:
        say(json.dumps({"problems": [problem.as_dict() for problem in problems], "notes": notes}, indent=2))
        return code
    if problems:
        error = (Refusal if code == 1 else Mistake)(problems, notes=notes)
        sys.stdout.flush()
        tell(error)
    else:
        say("No problems.")
    return code


_UNCHECKED = "The data was not checked, because the configuration does not say what it should hold."


def examine(root: Path, overrides: tuple[str, ...]) -> tuple[list[Problem], list[str], int]:
    """Every problem of a project, what could not be checked, and the exit code they mean.

    Raises Mistake when not even the files can be read.
    """
    from overture.runtime.config.load import examine as examine_config
    from overture.runtime.data.rows import Data, check, load
    from overture.runtime.hooks import Hooks

    loaded, problems = examine_config(root, overrides)
    if loaded is None:
        return problems, [_UNCHECKED], 2
    code = 2 if problems else 0
    try:
        schema = loaded.spec.contract
    except OvertureError:  # problems says why
        return problems, [_UNCHECKED], 2
    try:
        hooks = Hooks.open(root)
        rows = load(Data(loaded.spec.data, schema, root, hooks.features))
        check(rows, schema)
    except OvertureError as error:
        problems = [*problems, *(loaded.places.locate(problem) for problem in error.problems)]
        code = max(code, error.exit_code)
    return problems, [], code
