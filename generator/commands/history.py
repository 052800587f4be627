"""overture history: what was promoted, when, by whom and why."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from ..cli import project_root


@click.command("history")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects, oldest first.")
def command(as_json: bool) -> None:
    """Tell what was promoted, rolled back or tried beside production, oldest first."""
    from overture.runtime.runs.ledger import history
    from overture.runtime.terminal import say

    entries = history(project_root())
    if as_json:
        say(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    if not entries:
        say("Nothing was promoted yet.  Do it:  overture promote best")
    for entry in entries:
        say(f"{entry.at}  {entry.action:<11}  {entry.run}  {entry.by}{f'  {entry.why}' if entry.why else ''}")
