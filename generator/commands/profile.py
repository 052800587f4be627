"""overture profile: what a table holds, column by column, drawn in one HTML file."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overture.runtime.errors import Mistake, did_you_mean

from ..cli import project_root

if TYPE_CHECKING:
    from ..profile.profile import Profile
    from ..profile.subject import Subject

_FIRST = 12  # notes, and columns that go with the target, that the terminal shows


@click.command("profile")
@click.argument("words", metavar="[WHAT] [OVERRIDES]...", nargs=-1)
@click.option("--target", metavar="COLUMN", help="The column to be predicted; in a project it is known.")
@click.option(
    "-o", "--out", metavar="PAGE", type=click.Path(path_type=Path), help="The HTML file; else NAME.profile.html, here."
)
@click.option("--json", "as_json", is_flag=True, help="Print the profile as JSON; a page is made with --out only.")
def command(words: tuple[str, ...], target: str | None, out: Path | None, as_json: bool) -> None:
    """Look at every column of WHAT: types, missing and far-out values, spread, what goes with the target, suspected leaks.

    WHAT is a CSV, Parquet, JSON lines or Excel file, a quoted pattern of such, or the name of a source of conf/data/; without it, the whole data set
    of the project, joined and held to its contract. Values of columns marked personal are never shown.
    """
    from overture.runtime.files import write
    from overture.runtime.terminal import narrated, say

    from ..profile.page import page
    from ..profile.profile import profile

    with nullcontext() if as_json else narrated():
        found = profile(_subject(words, target))
    if as_json:
        say(json.dumps(found.as_dict(), indent=2, ensure_ascii=False, default=str))
    else:
        say(*_told(found))
    if out is not None or not as_json:
        path = out or Path(f"{_name(found.source)}.profile.html")
        if path.parent != Path() and not path.parent.is_dir():
            raise Mistake(f"there is no folder {path.parent}.", hint="Make it, or name another --out.")
        write(path, page(found).encode())
        if not as_json:
            say("", f"{path}")


def _name(source: str) -> str:
    """Of a page: that of the file, of a pattern what stands before its first mark."""
    return re.split(r"[.*?[]", source)[0].rstrip("-_") or "data"


def _subject(words: tuple[str, ...], target: str | None) -> Subject:
    from overture.runtime.config.load import load
    from overture.runtime.data.paths import is_pattern
    from overture.runtime.progress import step

    from ..profile.subject import of_file, of_project, of_source

    named = [word for word in words if "=" not in word or Path(word).is_file()]
    if len(named) > 1:
        raise Mistake(
            f"one table at a time: {' and '.join(named)} are two.", hint="Overrides are written as key=value."
        )
    with step("read") as now:
        if named and (Path(named[0]).is_file() or (is_pattern(named[0]) and "=" not in named[0])):
            found = of_file(Path(named[0]), target)
        else:
            if named and Path(named[0]).is_dir():
                raise Mistake(f"{named[0]} is a folder, not a file.", hint="Name a file in it.")
            root = _root(named[0] if named else None)
            spec = load(root, [word for word in words if word not in named]).spec
            if not named:
                found = of_project(root, spec)
            elif named[0] in spec.data.sources:
                found = of_source(root, spec, named[0], target)
            else:
                known = list(spec.data.sources)
                hint = did_you_mean(named[0], known, otherwise=f"The sources are {', '.join(known)}.")
                raise Mistake(f"there is no file and no source {named[0]}.", hint=hint)
        now.say(f"{found.frame.height:,} rows of {found.name}")
    return found


def _root(named: str | None) -> Path:
    """The project we stand in."""
    try:
        return project_root()
    except Mistake:
        if named is None:
            hint = "Name a file: overture profile FILE --target COLUMN"
            raise Mistake(
                "this folder is no overture project, so there is no data set to look at.", hint=hint
            ) from None
        raise Mistake(f"there is no file {named}.") from None


def _told(found: Profile) -> list[str]:
    """The profile for people: what breaks the contract, what deserves an eye, what goes with the target."""
    from overture.runtime.figures import percent

    lines = [""]
    for breach in found.breaches[:_FIRST]:
        lines.append(f"breaks the contract: {breach.remark}")
    for note in found.notes[:_FIRST]:
        lines.append(f"{note.column} {note.text}" if note.column else note.text)
    if (more := len(found.notes) - _FIRST) > 0:
        lines.append(f"… and {more:,} more in the page")
    if related := [(it.name, it.relation.explains) for it in found.related if it.relation][:_FIRST]:
        width = max(len(name) for name, _ in related)
        lines += ["", f"explains of {found.target}, each by itself"]
        lines += [f"  {name:<{width}}  {percent(share):>7}" for name, share in related]
    return lines
