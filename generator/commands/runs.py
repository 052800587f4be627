"""overture runs: the table of runs, best first."""

from __future__ import annotations

import json

import click

from ..cli import project_root


@click.command("runs")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects, best first.")
def command(as_json: bool) -> None:
    """List the runs, best first: what differed, the objective with its interval, how long it took."""
    from overture.runtime.runs.table import objects, rows
    from overture.runtime.terminal import say

    root = project_root()
    say(json.dumps(objects(root), indent=2) if as_json else "\n".join(rows(root)))
