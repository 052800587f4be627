"""overture check: configuration and data against each other, all problems at once."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from overture.runtime.errors import Mistake, OvertureError, Problem, Refusal

from ..cli import project_root

if TYPE_CHECKING:
    from overture.runtime.data.breach import Breach


@click.command("check")
@click.argument("overrides", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def command(overrides: tuple[str, ...], as_json: bool) -> int:
    """Check configuration and data, without training; OVERRIDES as for train, for example model=logistic.

    Exits with 0 when all is well, 1 when only the data breaks the contract, 2 when something has to be mended.
    """
    from overture.runtime.terminal import narrated, say, tell

    root = project_root()
    try:
        if as_json:
            found = examine(root, overrides)
        else:
            with narrated():
                found = examine(root, overrides)
    except OvertureError as unreadable:
        found = Examined(list(unreadable.problems), list(unreadable.notes), unreadable.exit_code)
    if as_json:
        say(json.dumps(found.as_dict(), indent=2))
        return found.code
    for breach in found.breaches:
        if breach.severity != "error":
            say(f"warning: {breach.remark}" if breach.severity == "warn" else breach.remark)
    if found.problems:
        sys.stdout.flush()
        tell((Refusal if found.code == 1 else Mistake)(found.problems, notes=found.notes))
    else:
        say("No problems.")
    return found.code


@dataclass
class Examined:
    """What was found in configuration and data."""

    problems: list[Problem]
    notes: list[str]
    """What could not be checked."""
    code: int
    """The exit code that the problems mean."""
    read: int | None = None
    """How many rows the base has."""
    breaches: list[Breach] = field(default_factory=list)
    """How the data breaks the contract, also where the work may go on."""

    def as_dict(self) -> dict[str, Any]:
        """The whole for a machine to read."""
        return {
            "problems": [problem.as_dict() for problem in self.problems],
            "notes": self.notes,
            "rows": self.read,
            "breaches": [breach.as_dict() for breach in self.breaches],
        }


_UNCHECKED = "The data was not checked, because the configuration does not say what it should hold."


def examine(root: Path, overrides: tuple[str, ...]) -> Examined:
    """Every problem of a project, what could not be checked, and how the data breaks the contract.

    Raises Mistake when not even the files can be read.
    """
    from overture.runtime.config.load import examine as examine_config
    from overture.runtime.data.audit import audit
    from overture.runtime.data.rows import Data, refused
    from overture.runtime.hooks import Hooks
    from overture.runtime.runs.before import before

    loaded, problems = examine_config(root, overrides)
    if loaded is None:
        return Examined(problems, [_UNCHECKED], 2)
    found = Examined(problems, [], 2 if problems else 0)
    try:
        schema = loaded.spec.contract
    except OvertureError:  # problems says why
        return Examined(problems, [_UNCHECKED], 2)
    try:
        hooks = Hooks.open(root)
        last = before(root) if loaded.spec.data.checks.previous else None
        whole = audit(Data(loaded.spec.data, schema, root, hooks.features, before=last))
        found.read, found.breaches = whole.read, list(whole.breaches)
        if broken := refused(whole.breaches):
            raise Refusal([breach.problem() for breach in broken])
    except OvertureError as error:
        found.problems = [*problems, *(loaded.places.locate(problem) for problem in error.problems)]
        found.code = max(found.code, error.exit_code)
    return found
