"""overture card: the model card of a run, with what conf/card.yaml says now."""

from __future__ import annotations

from pathlib import Path

import click

from ..cli import project_root


@click.command("card")
@click.argument("run")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write it into a file instead.")
def command(run: str, output: str | None) -> None:
    """Print the model card of RUN (an id, its beginning, or "best"): Markdown, as Hugging Face reads it.

    A run keeps the card.md of the day it was trained. This one says what conf/card.yaml says now, with the numbers of the run.
    """
    from overture.runtime.config.card import stated
    from overture.runtime.files import write
    from overture.runtime.report.card import card
    from overture.runtime.runs.completion import complete
    from overture.runtime.runs.store import find
    from overture.runtime.terminal import say

    root = project_root()
    found = complete(find(root, run))
    facts = {**found.facts, "card": stated(root).model_dump(exclude_defaults=True)}
    text = card(facts, found.schema(), found.explanations())
    if output is None:
        say(text.rstrip("\n"))
        return
    write(Path(output), text)
    say(output)
