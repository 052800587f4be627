"""overture track: mirror runs in MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from overture.runtime.errors import Mistake

from ..cli import project_root

if TYPE_CHECKING:
    from pathlib import Path

    from overture.runtime.runs.run import Run
    from overture.runtime.sweeps.sweep import Sweep


@click.command("track")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(as_json: bool) -> int:
    """Mirror every run, and every sweep, that MLflow does not have yet, as tracking.mlflow in conf/config.yaml says.

    Trainings do so by themselves; this brings what they could not. Exits with 1 when some are still not there.
    """
    from overture.runtime.config.load import load
    from overture.runtime.terminal import say
    from overture.runtime.tracking.mlflow import Mirrored, mirror

    root = project_root()
    spec = load(root).spec
    if spec.tracking.mlflow is None:
        hint = "Write in conf/config.yaml: tracking: {mlflow: {uri_env: MLFLOW_TRACKING_URI}}"
        raise Mistake("tracking.mlflow is not set, so there is no mirror.", hint=hint)
    found = Mirrored()
    planned = list(_everything(root))
    for place, (sweep, runs) in enumerate(planned):
        made = mirror(root, spec.name, spec.tracking.mlflow, runs, sweep)
        found.new, found.there, found.lost = found.new + made.new, found.there + made.there, found.lost + made.lost
        if made.lost:
            found.lost += sum(len(others) for _, others in planned[place + 1 :])
            found.why = made.why
            break
    if as_json:
        say(json.dumps({"new": found.new, "there": found.there, "lost": found.lost, "why": found.why}, indent=2))
    else:
        say(f"{found.new:,} mirrored, {found.there:,} there before.", *([found.said] if found.lost else []))
    return int(bool(found.lost))


def _everything(root: Path) -> Iterator[tuple[Sweep | None, list[Run]]]:
    """Every sweep with its runs, then the runs that are of none, the oldest first."""
    from overture.runtime.runs.store import runs
    from overture.runtime.sweeps.sweep import sweeps
    from overture.runtime.tracking.mlflow import of_sweep

    seen: set[str] = set()
    for sweep in reversed(sweeps(root)):
        found = [run for run in of_sweep(sweep) if run.id not in seen]
        seen.update(run.id for run in found)
        yield sweep, found
    yield None, sorted((run for run in runs(root) if run.id not in seen), key=lambda run: (run.created, run.id))
