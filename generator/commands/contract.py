"""overture contract: the contract of a data set from and to the Open Data Contract Standard."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click

from overture.runtime.errors import Mistake

from ..cli import project_root


@click.group("contract")
def command() -> None:
    """Exchange the contract of a data set in the Open Data Contract Standard (ODCS); it needs the extra "odcs"."""


@command.command("export")
@click.argument("overrides", nargs=-1)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Where to; else it is printed.")
def export(overrides: tuple[str, ...], output: Path | None) -> None:
    """Write the contract of the project's data set; OVERRIDES as for train, for example data=customers.

    What only overture understands is kept as custom properties, and said.
    """
    from overture.runtime.config.load import load
    from overture.runtime.files import write
    from overture.runtime.terminal import say

    from ..odcs.exported import exported

    root = project_root()
    text, notes = exported(load(root, overrides).spec.data, _chosen(root, overrides))
    if output is None:
        say(text.rstrip("\n"))
    else:
        write(output, text)
        say(f"Wrote {output}.")
    say(*notes, file=sys.stderr)


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="What to call the data set; else as the contract does.")
@click.option("--object", "table", metavar="OBJECT", help="Which object of the contract, where it has several.")
@click.option("--force", is_flag=True, help="Write over conf/data/NAME.yaml where that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written and what was not kept as JSON.")
def import_(file: Path, name: str | None, table: str | None, force: bool, as_json: bool) -> None:
    """Write conf/data/NAME.yaml from the contract in FILE, and say everything of it that is not kept."""
    from overture.runtime.files import write
    from overture.runtime.terminal import say

    from ..odcs.imported import imported
    from ..odcs.written import written

    root = project_root()
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
    found = imported(text, file.name, table)
    name = name or found.name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise Mistake(f'"{name}" cannot name a data set.', hint="Letters, digits, _ and - can: --name customers")
    target = root / "conf" / "data" / f"{name}.yaml"
    if target.exists() and not force:
        what = f"conf/data/{name}.yaml is there already."
        raise Mistake(what, hint="Choose another name with --name, or write over it with --force.")
    write(target, written(found.content))
    if as_json:
        shown = {"file": f"conf/data/{name}.yaml", "columns": len(found.content["columns"]), "not_kept": found.notes}
        say(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    say(f"Wrote conf/data/{name}.yaml with {len(found.content['columns'])} columns. Use it with: data={name}")
    if found.notes:
        say("", "Not kept, or to be looked at:", *(f"  {note}" for note in found.notes))


def _chosen(root: Path, overrides: tuple[str, ...]) -> str:
    """The option of data that is chosen."""
    from overture.runtime.config.shared import chosen

    given = [word.removeprefix("data=") for word in overrides if word.startswith("data=")]
    return given[-1] if given else next(iter(sorted(chosen(root))), "data")
