"""overture report: where the report of a run is."""

from __future__ import annotations

import click

from ..cli import project_root


@click.command("report")
@click.argument("run")
def command(run: str) -> None:
    """Print the path of the report of RUN (an id, its beginning, or "best"): one HTML file for any browser."""
    from overture.runtime.runs.store import find
    from overture.runtime.terminal import say

    say(str(find(project_root(), run).folder / "report.html"))
