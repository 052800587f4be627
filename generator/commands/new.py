"""overture new: make a project from a table of data."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from overture.runtime.errors import Mistake

if TYPE_CHECKING:
    from ..new import Answers, Created


@click.command("new")
@click.argument("name")
@click.option(
    "--data",
    required=True,
    metavar="FILE",
    help="A CSV or Parquet file, or a quoted pattern as 'usage-*.csv'; it stays where it is.",
)
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@click.option("--test", metavar="FILE", help="A file of rows to evaluate on; --data is then for training.")
@click.option(
    "--task", type=click.Choice(["binary", "multiclass", "regression"]), help="What to predict; else inferred."
)
@click.option("--time", metavar="COLUMN", help="The column that orders the rows; the latest are evaluated on.")
@click.option("--key", metavar="COLUMN", help="The column that identifies a row.")
@click.option("--header", metavar="NAMES", help="Column names, separated by commas, of a file that has none.")
@click.option("--ignore", metavar="COLUMN", multiple=True, help="A column to leave out; can be repeated.")
def command(name: str, **words: object) -> None:
    """Make a project in the folder NAME from a table of data.

    The data is read, never copied; task, types, ranges and categories are inferred and written to NAME/conf,
    where you edit them from then on.
    """
    from overture.runtime.terminal import say

    from ..new import create
    from ..project import regenerate

    answers = _answers(name, words)
    created = create(Path(name), answers, regenerate)
    say(*_story(created, name))


def _answers(name: str, words: dict[str, object]) -> Answers:
    from ..new import Answers

    header = words["header"]
    return Answers(
        name=name,
        data=Path(str(words["data"])),
        target=str(words["target"]) if words["target"] is not None else _ask(Path(str(words["data"])), header),
        test=Path(str(words["test"])) if words["test"] is not None else None,
        task=words["task"],  # type: ignore[arg-type]
        time=words["time"],  # type: ignore[arg-type]
        key=words["key"],  # type: ignore[arg-type]
        header=_names(header),
        ignore=tuple(words["ignore"]),  # type: ignore[arg-type]
    )


def _names(header: object) -> tuple[str, ...] | None:
    import csv

    return tuple(name.strip() for name in next(csv.reader([str(header)]))) if header is not None else None


def _ask(data: Path, header: object) -> str:
    """The target, asked for where somebody can answer."""
    from ..infer import candidates

    columns = candidates(data, _names(header))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Mistake(
            "--target is missing: which column is to be predicted?", hint=f"The file has {', '.join(columns[:12])}."
        )
    answer: str = click.prompt("Which column is to be predicted?", type=click.Choice(columns[:50]), default=columns[0])
    return answer


def _story(created: Created, name: str) -> list[str]:
    return [*created.story, "", f"Wrote {name}/ ({created.files} files).  Next:  cd {quote(name)} && python train.py"]
