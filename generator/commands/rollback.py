"""overture rollback: put the run before back into production."""

from __future__ import annotations

import click

from ..cli import project_root


@click.command("rollback")
@click.option("--why", default="", help="The reason, for the history.")
@click.option("--challenger", is_flag=True, help="Only try the challenger no more; production stays.")
def command(why: str, challenger: bool) -> None:
    """Put the run that was in production before back there; once more goes back further."""
    from overture.runtime.runs.promote import rollback, withdraw
    from overture.runtime.terminal import say

    if challenger:
        say(
            f"{withdraw(project_root(), why)} is the challenger no more.  A server knows when it starts anew:  bentoml serve"
        )
        return
    run = rollback(project_root(), why)
    say(f"{run.id} is in production again.  A server takes it when it starts anew:  bentoml serve")
