"""overture lineage: where a run came from and where it went."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from overture.runtime import figures
from overture.runtime.errors import Mistake

from ..cli import project_root

if TYPE_CHECKING:
    from overture.runtime.lineage.chain import Lineage, Period
    from overture.runtime.lineage.today import Input, Origin

_SHORT = 12  # digits of a hash that a person reads


@click.command("lineage")
@click.argument("run")
@click.option("--content", "content", is_flag=True, help="Read the rows, where the run kept no fingerprint of them.")
@click.option("--same-as", metavar="OTHER", help='Is OTHER, a run or "now", of the same rows, however they are stored?')
@click.option("--recorded", is_flag=True, help="Only what was recorded: the data of today is not looked at.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(run: str, content: bool, same_as: str | None, recorded: bool, as_json: bool) -> int:
    """Follow RUN (an id, its beginning, or "best") back to its data and on to its service.

    With --same-as, exits with 1 when the rows are others.
    """
    from overture.runtime.lineage.chain import lineage
    from overture.runtime.lineage.rows import content as content_of
    from overture.runtime.lineage.rows import content_named
    from overture.runtime.runs.store import find
    from overture.runtime.terminal import say

    if recorded and (content or same_as):
        what = "--recorded looks at no data, which --content and --same-as may have to."
        raise Mistake(what, hint="Leave one of them out.")
    root = project_root()
    found = lineage(root, find(root, run), look=not recorded)
    facts, same, lines = found.as_dict(), True, list(_lines(found))
    if content or same_as:
        facts["data"]["content"] = content_of(found.run, root)
    if same_as:
        name, other = content_named(same_as, root)
        same = other == facts["data"]["content"]
        facts["same_as"] = {"other": name, "content": other, "same": same}
        lines += ["", f"{found.run.id} and {name} are of {'the same' if same else 'other'} rows."]
    if as_json:
        say(json.dumps(facts, indent=2, ensure_ascii=False))
        return int(not same)
    if facts["data"]["content"]:
        lines.insert(_end_of_data(lines), f"{'':<{_WIDTH}}content {facts['data']['content']}")
    say(*lines)
    return int(not same)


_WIDTH = 12


def _end_of_data(lines: list[str]) -> int:
    return next(place for place, line in enumerate(lines) if line.startswith("contract"))


def _lines(found: Lineage) -> Iterator[str]:
    facts = found.as_dict()
    parts = {
        "data": _data(found, facts["data"]),
        "contract": _contract(facts),
        "split": _split(facts["split"]),
        "run": _run(found, facts["run"]),
        "model": _model(facts["model"]),
        "production": map(_period, reversed(found.periods)) if found.periods else ["never"],
        "service": _service(facts["service"]),
    }
    for name, lines in parts.items():
        for place, line in enumerate(lines):
            yield f"{name if place == 0 else '':<{_WIDTH}}{line}"


def _data(found: Lineage, data: dict[str, Any]) -> Iterator[str]:
    for origin in found.origins:
        for place, it in enumerate(origin.inputs):
            yield f"{f'{origin.name}: ' if place == 0 and origin.name else '  ' * bool(place)}{_input(it, origin)}"
    said = [f"{figures.counted(data['read'], 'row')} read"]
    said += [f"{figures.count(data['left_out'])} without target left out"] if data["left_out"] else []
    said += [f"{figures.count(data['set_aside'])} set aside"] if data["set_aside"] else []
    yield ", ".join(said)


def _input(it: Input, origin: Origin) -> str:
    is_hash = len(it.recorded) == 64 and all(c in "0123456789abcdef" for c in it.recorded)
    kept = f"sha256 {it.recorded[:_SHORT]}" if is_hash else " ".join(it.recorded.split())
    said = "" if it.today == "not looked at" else f"{it.today}: {it.why}" if it.why else it.today
    return "  ".join(part for part in (it.name, kept, said) if part)


def _contract(facts: dict[str, Any]) -> Iterator[str]:
    contract = facts["contract"]
    schema, configuration = contract["schema"] or "", contract["configuration"] or ""
    yield f"schema.json sha256 {schema[:_SHORT]}  configuration {configuration[:_SHORT]}"


def _split(split: dict[str, Any]) -> Iterator[str]:
    rows = "  ".join(f"{part} {figures.count(number)}" for part, number in (split["rows"] or {}).items())
    yield f"{split.get('kind', '')}: {rows}"


def _run(found: Lineage, run: dict[str, Any]) -> Iterator[str]:
    git = run["git"] or {}
    commit = f"commit {git['commit'][:_SHORT]}{' with changes' if git.get('dirty') else ''}" if git else "no commit"
    yield f"{run['id']}  {run['created']}  {commit}"
    yield from found.damage


def _model(model: dict[str, Any]) -> Iterator[str]:
    yield f"{model['label']}  {model['objective']} {_value(model)}".rstrip()
    for path, hash_ in model["files"].items():
        yield f"{path}  sha256 {hash_[:_SHORT]}"


def _value(model: dict[str, Any]) -> str:
    value = model["metrics"][model["objective"]]["value"]
    return "" if value is None else figures.figure(value)


def _period(it: Period) -> str:
    when = f"now, since {it.since}" if it.until is None else f"from {it.since} until {it.until}"
    return f"{when} by {it.by}{f': {it.why}' if it.why else ''}"


def _service(service: dict[str, Any]) -> Iterator[str]:
    for name, settings in service["targets"].items():
        where = f" on port {settings['port']}" if "port" in settings else ""
        image = f" {settings['image']}" if "image" in settings else ""
        yield f"{name}{where}{image}"
    for tag in service["bentos"]:
        yield f"Bento {tag}"
    if not service["targets"] and not service["bentos"]:
        yield "none"
