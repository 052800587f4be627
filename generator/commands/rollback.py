"""overture rollback: put the run before back into production."""

from __future__ import annotations

import click

from ..cli import project_root


@click.command("rollback")
@click.option("--why", default="", help="The reason, for the history.")
def command(why: str) -> None:
    """Put the run that was in production before back there; once more goes back further."""
    from overture.runtime.runs.promote import rollback
    from overture.runtime.terminal import say

    run = rollback(project_root(), why)
    say(f"{run.id} is in production again.  A server takes it when it starts anew:  bentoml serve")
