"""overture build: a Bento that serves the model in production on another machine."""

from __future__ import annotations

import json

import click

from ..cli import project_root


@click.command("build")
@click.option("--json", "as_json", is_flag=True, help="Print the tag and the path, for a machine.")
def command(as_json: bool) -> None:
    """Build a Bento of the model in production, with everything it needs to serve.

    It holds the run, overture's wheel and a lock of all packages with their hashes. Building the same again gives the Bento that
    is there.
    """
    from overture.runtime.packaging.bento import build
    from overture.runtime.terminal import say

    built = build(project_root())
    if as_json:
        say(json.dumps({"tag": built.tag, "path": str(built.path), "packages": built.packages, "new": built.new}))
        return
    what = "holds the model, overture and" if built.new else "was built before; it pins"
    say(f"{built.tag} {what} {built.packages:,} packages.  Serve it:  bentoml serve {built.tag}")
