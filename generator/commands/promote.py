"""overture promote: put a run into production, or have it tried beside production, if it passes the gates."""

from __future__ import annotations

import json

import click

from ..cli import project_root


@click.command("promote")
@click.argument("run")
@click.option("--why", default="", help="The reason, for the history.")
@click.option("--challenger", is_flag=True, help="Only try it beside production, as serving.http.challenger says.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(run: str, why: str, challenger: bool, as_json: bool) -> None:
    """Put RUN (an id, its beginning, or "best") into production, if it passes the gates.

    Every run has to beat the baseline; evaluation.gates in conf/ asks for more. Exits with 1 when a gate fails.
    """
    from overture.runtime.config.load import load
    from overture.runtime.runs.promote import challenge, promote
    from overture.runtime.runs.store import find
    from overture.runtime.terminal import say

    root = project_root()
    spec = load(root).spec
    found = (challenge if challenger else promote)(root, spec.evaluation.gates, find(root, run), why)
    if as_json:
        gates = [{"name": gate.name, "found": gate.text, "verdict": gate.verdict} for gate in found.gates]
        say(
            json.dumps(
                {"run": found.run.id, "model": f"{spec.name}:{found.run.id}", "changed": found.changed, "gates": gates}
            )
        )
        return
    width = max((len(gate.name) for gate in found.gates), default=0)
    for gate in found.gates:
        say(f"gate  {gate.name:<{width}}   {gate.text}{'' if gate.passed is None else f'   {gate.verdict}'}")
    state = "is" if found.changed else "was already"
    if not challenger:
        say(f"{found.run.id} {state} {spec.name}:{found.run.id} in production.  Serve it:  bentoml serve")
        return
    http = spec.serving.http
    served = (
        ""
        if http and http.challenger
        else "  Say how in conf/config.yaml:  serving: {http: {challenger: {mode: shadow}}}"
    )
    say(f"{found.run.id} {state} the challenger; a server takes it when it starts anew.{served}")
