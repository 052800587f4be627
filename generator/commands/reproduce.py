"""overture reproduce: train a run once more and compare, to the last bit."""

from __future__ import annotations

import json

import click

from ..cli import project_root


@click.command("reproduce")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON, without the steps.")
def command(run: str, as_json: bool) -> int:
    """Train RUN (an id, its beginning, or "best") once more from what its folder says, and compare.

    Nothing is kept of the second training. Exits with 1 when a prediction is another, or when what went in is and the model, too.
    """
    from contextlib import nullcontext

    from overture.runtime.runs.reproduce import reproduce
    from overture.runtime.runs.store import find
    from overture.runtime.terminal import narrated, say

    root = project_root()
    chosen = find(root, run)
    with nullcontext() if as_json else narrated():
        found = reproduce(root, chosen)
    if as_json:
        facts = {
            "run": chosen.id,
            "same": found.same,
            "model": found.model,
            "rows": found.rows,
            "apart": found.apart if found.rows else None,
            "inputs": list(found.inputs),
        }
        say(json.dumps(facts, indent=2))
        return 0 if found.same else 1
    say("", *(found.inputs or ["data, configuration, code and packages are as they were"]))
    written = "written otherwise, as some libraries write in no fixed order" if found.same else "another"
    say(f"the model is {'the same, byte for byte' if found.model else written}")
    if not found.rows:
        say("other test rows were predicted, so predictions cannot be compared")
    elif found.apart:
        say(f"predictions of {found.rows:,} test rows differ by at most {found.apart:.2g}")
    else:
        say(f"predictions of {found.rows:,} test rows are the same, bit for bit")
    say(f"{chosen.id} is reproduced." if found.same else f"{chosen.id} is not reproduced: {_advice(found.inputs)}")
    return 0 if found.same else 1


def _advice(inputs: tuple[str, ...]) -> str:
    if not inputs:
        return "nothing that overture knows of is another; look at what train.py and hooks.py read."
    return "bring back what is another. Its folder has packages.txt, the commit in run.json, and changes.patch if there were any."
