"""overture score: score the rows of a file with the model in production."""

from __future__ import annotations

from pathlib import Path

import click

from overture.runtime.errors import Mistake

from ..cli import project_root


@click.command("score")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, metavar="OUT", type=click.Path(path_type=Path), help="A CSV or Parquet file."
)
def command(source: Path, out: Path) -> None:
    """Score the rows of IN (CSV, Parquet or JSON lines) into OUT, some at a time.

    Rows that break the contract go to a side file beside OUT, with the reasons.
    """
    from overture.runtime.config.load import load
    from overture.runtime.scoring import score
    from overture.runtime.terminal import narrated

    root = project_root()
    batch = load(root).spec.serving.batch
    if batch is None:
        raise Mistake(
            "batch is not among the serving targets.", hint="Write in conf/config.yaml: override serving: [http, batch]"
        )
    with narrated():
        score(root, source, out, rows=batch.rows)
