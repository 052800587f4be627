"""overture report: where the report of a run is, or two runs beside each other."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..cli import project_root


@click.command("report")
@click.argument("run")
@click.argument("other", required=False)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Where the comparison goes; else into runs/.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(run: str, other: str | None, output: str | None, as_json: bool) -> None:
    """Print the path of the report of RUN (an id, its beginning, or "best"): one HTML file for any browser.

    It is made first where a sweep left it for later. With OTHER, both runs are compared in one page: what differed, the scores on
    the same rows, where they disagree, what they look at.
    """
    from contextlib import nullcontext

    from overture.runtime.errors import Mistake
    from overture.runtime.runs.completion import complete
    from overture.runtime.runs.run import REPORT
    from overture.runtime.runs.store import find
    from overture.runtime.terminal import narrated, say

    if output is not None and other is None:
        raise Mistake("-o is for the comparison of two runs.", hint="The report of one run is in its folder.")
    root = project_root()
    chosen = [find(root, word) for word in (run, other) if word is not None]
    if len(chosen) > len({one.id for one in chosen}):
        raise Mistake(f"{run} and {other} are the same run.", hint="overture runs lists them.")
    with nullcontext() if as_json else narrated():
        found = [complete(one) for one in chosen]
    if len(found) == 1:
        path = found[0].folder / REPORT
        say(json.dumps({"run": found[0].id, "report": str(path)}) if as_json else str(path))
        return
    from overture.runtime.files import write
    from overture.runtime.report.beside import page
    from overture.runtime.runs.beside import beside

    pair = beside(*found)
    path = Path(output) if output else found[0].folder.parent / f"{found[0].id}-{found[1].id}.html"
    write(path, page(pair))
    say(json.dumps({**pair.as_dict(), "report": str(path)}, indent=2) if as_json else str(path))
