"""overture report: where the report of a run is."""

from __future__ import annotations

import click

from ..cli import project_root


@click.command("report")
@click.argument("run")
def command(run: str) -> None:
    """Print the path of the report of RUN (an id, its beginning, or "best"): one HTML file for any browser."""
    from overture.runtime.runs.completion import complete
    from overture.runtime.runs.run import REPORT
    from overture.runtime.runs.store import find
    from overture.runtime.terminal import narrated, say

    with narrated():
        found = complete(find(project_root(), run))
    say(str(found.folder / REPORT))
