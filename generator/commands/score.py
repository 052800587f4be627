"""overture score: score the rows of a file or a source with the model in production."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import click

from overture.runtime.errors import Mistake

from ..cli import project_root


@click.command("score")
@click.argument("source", metavar="IN")
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="A CSV, Parquet or JSON lines file.",
)
@click.option("--explain", is_flag=True, help="Add what each column added to each raw score.")
@click.option("--json", "as_json", is_flag=True, help="Print how many rows were scored and rejected, for a machine.")
def command(source: str, out: Path, explain: bool, as_json: bool) -> None:
    """Score the rows of IN into OUT, some at a time.

    IN is a CSV, Parquet or JSON lines file, or the name of a source of conf/data/. Rows that break the contract go to a side file
    beside OUT, with the reasons. After a kill the same command goes on where it stood.
    """
    from overture.runtime.config.load import load
    from overture.runtime.scoring import score
    from overture.runtime.terminal import narrated, say

    root = project_root()
    batch = load(root).spec.serving.batch
    if batch is None:
        raise Mistake(
            "batch is not among the serving targets.", hint="Write in conf/config.yaml: override serving: [http, batch]"
        )
    with nullcontext() if as_json else narrated():
        done = score(root, source, out, rows=batch.rows, explain=explain)
    if as_json:
        side = str(done.side_file) if done.side_file else None
        found = {"scored": done.scored, "rejected": done.rejected, "unknown": done.unknown, "out": str(out)}
        say(json.dumps({**found, "side_file": side}, ensure_ascii=False))
