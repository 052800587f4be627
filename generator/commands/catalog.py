"""overture catalog: the data sets that projects share, and whether each project still fits them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overture.runtime.errors import Mistake

from ..cli import project_root

if TYPE_CHECKING:
    from ..catalog import Entry

_FOLDER = click.option(
    "--folder", metavar="CATALOG", type=click.Path(path_type=Path), help="The catalog; else the one of this project."
)
_PROJECTS = click.option(
    "--projects",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where projects are looked for, three folders deep; else the folder that holds the catalog.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")


@click.group("catalog", invoke_without_command=True)
@_FOLDER
@_PROJECTS
@click.option("--data", "read", is_flag=True, help="Read the data and hold the rows to their contract, too.")
@_JSON
@click.pass_context
def command(context: click.Context, folder: Path | None, projects: Path | None, read: bool, as_json: bool) -> None:
    """List the data sets of a shared catalog: whose they are, how old, how large, and who uses them.

    A catalog is a folder of options that projects name in hydra.searchpath, as file://../catalog.
    """
    if context.invoked_subcommand is not None:
        context.obj = (folder, projects)
        return
    from overture.runtime.terminal import say

    from ..catalog import listing, users

    catalog, below = _where(folder, projects)
    found = listing(catalog, below, users(catalog, below), read=read)
    if as_json:
        say(json.dumps([entry.as_dict() for entry in found], indent=2, ensure_ascii=False))
    elif not found:
        say(f"{catalog.name} has no data sets: there is no file in {catalog.name}/data.")
    else:
        say(*_table(found))


@command.command("check")
@_FOLDER
@_PROJECTS
@_JSON
@click.pass_obj
def check(given: tuple[Path | None, Path | None], folder: Path | None, projects: Path | None, as_json: bool) -> int:
    """Check every project that uses the catalog, and its model in production, against the contracts of today.

    Exits with 1 when a project is broken.
    """
    from overture.runtime.terminal import problem_lines, say

    from ..catalog import problems, users

    catalog, below = _where(folder or given[0], projects or given[1])
    found = dict(problems(catalog, users(catalog, below)))
    broken = [name for name, faults in found.items() if faults]
    if as_json:
        say(json.dumps({name: [fault.as_dict() for fault in faults] for name, faults in found.items()}, indent=2))
        return int(bool(broken))
    for name, faults in found.items():
        say(f"{name}  {'broken' if faults else 'fits'}", *(f"  {line}" for line in problem_lines(faults)))
    if not found:
        say(f"No project below {below} uses {catalog.name}.")
    return int(bool(broken))


def _where(folder: Path | None, projects: Path | None) -> tuple[Path, Path]:
    """The catalog, and the folder below which projects are looked for."""
    from overture.runtime.config.catalogs import named

    if folder is None:
        if (Path.cwd() / "data").is_dir() and not (Path.cwd() / "conf").is_dir():
            folder = Path.cwd()
        elif not (known := list(named(project_root()))):
            hint = "Add to hydra.searchpath in conf/config.yaml: file://../catalog"
            raise Mistake("this project uses no shared catalog.", hint=hint)
        else:
            folder = known[0]
    catalog = folder.resolve()
    if not (catalog / "data").is_dir():
        raise Mistake(f"{folder} is no catalog: it has no folder data.", hint="Data sets are in data/NAME.yaml.")
    below = projects.resolve() if projects is not None else catalog.parent
    if not below.is_dir():
        raise Mistake(f"there is no folder {projects}.")
    return catalog, below


def _table(found: list[Entry]) -> list[str]:
    head = ["data set", "owner", "age", "size", "contract", "used by", "description"]
    rows = [head, *([*_cells(entry)] for entry in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cells(entry: Entry) -> list[str]:
    uses = [
        f"{use.project} ({use.production} in production)" if use.production else use.project for use in entry.used_by
    ]
    return [
        entry.name,
        entry.owner or "-",
        "-" if entry.changed is None else _age(time.time() - entry.changed),
        "-" if entry.size is None else _size(entry.size),
        entry.contract,
        ", ".join(uses) or "-",
        entry.description,
    ]


def _age(seconds: float) -> str:
    for length, noun in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {noun}"
    return "now"


def _size(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"
