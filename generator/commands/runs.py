"""overture runs: the table of runs, best first; or the leaderboard of a sweep."""

from __future__ import annotations

import json

import click

from overture.runtime.errors import Mistake

from ..cli import project_root


@click.command("runs")
@click.option("--sweep", "sweep_id", metavar="ID", help="The jobs of one sweep: its id, the beginning of it, or last.")
@click.option("--page", is_flag=True, help="With --sweep: write its leaderboard as an HTML page and print the path.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects, best first; of a sweep an object.")
def command(sweep_id: str | None, page: bool, as_json: bool) -> None:
    """List the runs, best first: what differed, the objective with its interval, how long it took."""
    from overture.runtime.terminal import say

    if page and (sweep_id is None or as_json):
        raise Mistake("--page draws a sweep.", hint="Name it: overture runs --sweep last --page")
    if sweep_id is not None:
        say(*_sweep(sweep_id, page, as_json))
        return
    from overture.runtime.runs.table import objects, rows

    root = project_root()
    say(json.dumps(objects(root), indent=2) if as_json else "\n".join(rows(root)))


def _sweep(sweep_id: str, page: bool, as_json: bool) -> list[str]:
    from overture.runtime.sweeps.leaderboard import objects, rows
    from overture.runtime.sweeps.page import kept
    from overture.runtime.sweeps.sweep import find

    sweep = find(project_root(), sweep_id)
    if page:
        return [kept(sweep)]
    return [json.dumps(objects(sweep), indent=2)] if as_json else rows(sweep)
