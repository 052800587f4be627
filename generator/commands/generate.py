"""overture generate: bring the generated files up to date with conf/, keeping what a person edited."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overture.runtime.errors import Mistake

from ..cli import project_root

if TYPE_CHECKING:
    from ..plan import Step


@click.command("generate")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 and show the diff when a file is not up to date."
)
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would happen to each file.")
@click.option("--restore", metavar="FILE", help="Bring one file back as generated; your text is saved beside it.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done, or would be, as JSON.")
def command(check: bool, diff: bool, dry_run: bool, restore: str | None, as_json: bool) -> int:
    """Bring the generated files up to date with conf/. What you edited is merged, never lost.

    Exits with 1 when conflicts are left for you to solve.
    """
    from overture.runtime.terminal import say

    from .. import apply, changelog, manifest, project, report

    if sum((check, diff, dry_run, restore is not None)) > 1:
        raise Mistake("--check, --diff, --dry-run and --restore exclude each other.", hint="Choose one.")
    root = project_root()
    if restore is not None:
        return _restore(root, restore, as_json)
    writes = not (check or diff or dry_run)
    news = changelog.news(manifest.read(root).overture, version("overture"))
    steps = project.regenerate(root) if writes else apply.survey(root, project.wanted(root))
    stale = report.pending(steps)
    code = int(bool(stale)) if check else int(bool(report.conflicts(steps)))
    if as_json:
        say(json.dumps([report.as_dict(step) for step in steps], indent=2))
    elif diff:
        say(report.diff(steps).rstrip("\n") or "Everything is up to date.")
    elif check:
        say(
            *([report.diff(steps).rstrip("\n"), *news, report.stale(steps)] if stale else ["Everything is up to date."])
        )
    else:
        say(*report.lines(steps), *news, report.closing(steps) if writes else _would(stale))
    return code


def _would(stale: list[Step]) -> str:
    if not stale:
        return "Everything is up to date."
    return f"{len(stale)} {'file' if len(stale) == 1 else 'files'} would change. Nothing was written."


def _restore(root: Path, path: str, as_json: bool) -> int:
    from overture.runtime.terminal import say

    from .. import apply, project

    restored = apply.restore(root, project.wanted(root), path)
    if as_json:
        say(json.dumps({"path": path, "saved": restored.saved}))
    else:
        say(f"{path} is as generated again.{f' Your text is in {restored.saved}.' if restored.saved else ''}")
    return 0
