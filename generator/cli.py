"""The overture command: it reads words, calls what does the work, prints, and exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from overture.runtime.errors import Mistake, did_you_mean

COMMANDS = {
    "new": "Make a project from a table of data.",
    "profile": "Look at a table: types, gaps, spread, what goes with the target.",
    "check": "Check configuration and data, without training.",
    "generate": "Bring the generated files up to date with conf/.",
    "train": "Train one model, or a sweep with -m.",
    "runs": "List the runs, best first.",
    "report": "Print the path of a run's report, or compare two runs.",
    "lineage": "Follow a run back to its data and on to its service.",
    "card": "Print the model card of a run, with what conf/card.yaml says now.",
    "reproduce": "Train a run once more and compare, to the last bit.",
    "promote": "Put a run into production, if it passes the gates.",
    "rollback": "Put the run before back into production.",
    "history": "Tell what was promoted, when, by whom and why.",
    "catalog": "List the data sets that projects share, and who uses them.",
    "contract": "Exchange the contract of a data set in the Open Data Contract Standard.",
    "track": "Mirror the runs that MLflow does not have yet.",
    "build": "Build a Bento that serves the model in production anywhere.",
    "score": "Score the rows of a file or a source with the model in production.",
}


class Commands(click.Group):
    """The commands, each loaded when it is called; a wrong word is answered with the nearest right one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a project meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__package__}.commands.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """A command and the words that are left for it."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise Mistake(
                f'there is no command "{args[0]}".',
                hint=did_you_mean(args[0], COMMANDS, otherwise="See: overture --help"),
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="overture", message="overture %(version)s")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def cli(debug: bool) -> None:
    """From a table and a few lines of YAML to a model in production.

    Every command runs in the folder of a project, but for `new`, which makes one.
    """


def main() -> None:
    """Run the command line and exit: 0 done, 1 the answer is no, 2 something has to be mended."""
    raise SystemExit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Run one command and give its exit code; nothing a user got wrong ends in a traceback."""
    from overture.runtime.command_line import exit_code

    debug = "--debug" in words

    def work() -> int:
        try:
            code = cli.main([word for word in words if word != "--debug"], prog_name="overture", standalone_mode=False)
        except click.Abort as error:
            raise KeyboardInterrupt from error
        except click.ClickException as error:
            error.show()
            return 2
        return code if isinstance(code, int) else 0

    return exit_code(work, debug=debug)


def project_root() -> Path:
    """The folder of the project we stand in, or stand somewhere inside of.

    Raises Mistake when there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "conf" / "config.yaml").is_file():
            return folder
    raise Mistake(
        "this folder is no overture project: there is no conf/config.yaml.",
        hint="Go to one, or make one: overture new NAME --data FILE --target COLUMN",
    )
