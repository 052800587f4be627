"""Score rows with the model in production:  python score.py IN -o OUT

Written by overture from conf/. Change conf/ first; what you change here is kept
when `overture generate` runs again.
"""

from pathlib import Path

from overture.runtime import scoring_script
from overture.runtime.scoring import Scorer, read, write

import hooks


@scoring_script  # the command line: IN -o OUT [--explain], with overture's errors
def main(source: str, out: Path, *, explain: bool) -> None:
    """Score each row; those that break the contract go to a side file, with the reasons."""
    scorer = Scorer.in_production("tickets", hooks, explain=explain)
    with write(out, scorer, read(source, scorer, rows=65536)) as output:
        for rows in output.left():
            output.add(scorer.score(rows))


if __name__ == "__main__":
    main()
