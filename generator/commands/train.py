"""overture train: the same as python train.py."""

from __future__ import annotations

import os
import sys

import click

from overture.runtime.errors import Mistake

from ..cli import project_root


@click.command(
    "train",
    context_settings={"ignore_unknown_options": True, "help_option_names": [], "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> None:
    """Train one model, or a sweep with -m: the same as python train.py WORDS."""
    root = project_root()
    if not (root / "train.py").is_file():
        raise Mistake("there is no train.py here.", hint="Bring it back: overture generate --restore train.py")
    os.chdir(root)
    os.execv(sys.executable, [sys.executable, "train.py", *words])  # noqa: S606 - a list of words, no shell
