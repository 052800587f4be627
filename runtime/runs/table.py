"""The table of runs: best first, what differed, how good, how long."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import figures
from ..errors import Mistake
from ..scores import Interval
from . import comparison
from .ledger import production
from .run import CONFIG, RUNS, Run
from .store import broken, comparable, runs

PASSED_OVER = (
    "serving.",
    "description",
    "data.description",
    "data.owner",
    "evaluation.gates",
    "evaluation.slices",
    "threads",
    "tracking",
)
"""Keys that make no run another."""
MOST_CHANGES = 3


def objects(root: Path, chosen: Sequence[Run] | None = None) -> list[dict[str, Any]]:
    """Every finished run, or those chosen, for a machine to read, best first; metrics are those on the test rows.

    `changed` holds the keys of the configuration in which runs differ; `test_rows` is the same for runs that can be compared.
    `behind` is by how much the best run is better in the objective, paired over the same test rows; null where that is unknown.
    """
    found = runs(root) if chosen is None else chosen
    serving = _in_production(root)
    changes = changed([flat(run) for run in found], [run.model for run in found])
    behind = [None, *map(_behind, comparison.differences(found[0], found[1:]))] if found else []
    return [
        _object(run, serving == run.id, change, much) for run, change, much in zip(found, changes, behind, strict=True)
    ]


def rows(root: Path, chosen: Sequence[Run] | None = None) -> list[str]:
    """The table of every run, or of those chosen, as lines for a terminal, and below it what a person should know."""
    found = runs(root) if chosen is None else chosen
    if not found:
        return ["There are no runs yet.  Train one:  python train.py", *_notes(root)]
    described = objects(root, found)
    lines = aligned([_head(described[0]), *(_cells(item, described[0]) for item in described)])
    parted = [lines[0]]
    for place, line in enumerate(lines[1:]):
        if place and comparable(found[place]) != comparable(found[place - 1]):
            parted.append("")
        parted.append(line)
    if len(parted) > len(lines):
        parted += ["", "An empty line parts runs that were scored on other rows; they cannot be compared."]
    return [*parted, *_notes(root)]


def changed(configs: Sequence[dict[str, Any]], models: Sequence[str]) -> list[dict[str, Any]]:
    """For each run the keys, with its own values, in which the runs differ; the model's only among runs of that model.

    configs: one a run, by dotted key. models: what the model of each run is called.
    """
    found = []
    for config, model in zip(configs, models, strict=True):
        alike = [other for other, name in zip(configs, models, strict=True) if name == model]
        found.append(
            {
                key: value
                for key, value in config.items()
                if any(other.get(key) != value for other in (alike if key.startswith("model.") else configs))
            }
        )
    return found


def typed(value: Any) -> str:
    """A value of the configuration as it is typed behind a key.

    assert [typed(None), typed(True), typed(0.1), typed(["a", 1])] == ["null", "true", "0.1", "[a,1]"]
    """
    if isinstance(value, list):
        return f"[{','.join(map(typed, value))}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Cells in columns, two spaces apart; a column without a word is left out."""
    columns = [column for column in zip(*table, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]


def _behind(found: Interval | None) -> dict[str, float | None] | None:
    """By how much the best run is better than another, as JSON has it."""
    if found is None:
        return None
    return {name: value if math.isfinite(value) else None for name, value in asdict(found).items()}


def _object(run: Run, serving: bool, change: dict[str, Any], behind: dict[str, float | None] | None) -> dict[str, Any]:
    facts = run.facts
    return {
        "id": run.id,
        "created": run.created,
        "model": run.model,
        "status": "finished",
        "production": serving,
        "objective": facts["objective"],
        "metrics": facts["metrics"],
        "behind": behind,
        "baseline": facts["baseline"],
        "folds": facts.get("folds"),
        "changed": change,
        "rows": facts["rows"],
        "seeds": facts["seeds"],
        "duration": round(sum(facts["durations"].values()), 3),
        "test_rows": facts["test_rows"],
    }


def _head(first: dict[str, Any]) -> list[str]:
    return [
        "run",
        "model",
        first["objective"],
        "behind the best by",
        "over folds",
        _second(first),
        "time",
        "changed",
        "",
    ]


def _cells(item: dict[str, Any], first: dict[str, Any]) -> list[str]:
    """A line of the table; a metric that is not the one in the head says its name."""
    objective = item["objective"]
    changes = [f"{key}={typed(value)}" for key, value in item["changed"].items()]
    more = f" and {len(changes) - MOST_CHANGES} more" if len(changes) > MOST_CHANGES else ""
    return [
        item["id"],
        item["model"],
        f"{'' if objective == first['objective'] else f'{objective} '}{_scored(item['metrics'][objective])}",
        _apart(item["behind"]),
        _over_folds(item),
        _value(item["metrics"].get(_second(first), {})),
        f"{item['duration']:.1f} s",
        " ".join(changes[:MOST_CHANGES]) + more,
        "in production" if item["production"] else "",
    ]


def _apart(behind: dict[str, float | None] | None) -> str:
    """By how much a run is worse than the best one, and whether that may be the luck of the test rows."""
    if behind is None or behind["value"] is None:
        return ""
    low = behind["low"]
    if not any(behind.values()):
        return "nothing"
    return figures.figure(behind["value"]) if low is not None and low > 0 else "not clear"


def _over_folds(item: dict[str, Any]) -> str:
    """The objective by cross-validation: its mean and standard deviation."""
    if item["folds"] is None:
        return ""
    found = item["folds"]["metrics"][item["objective"]]
    return figures.spread(*(math.nan if found[name] is None else found[name] for name in ("mean", "deviation")))


def _second(item: dict[str, Any]) -> str:
    """The metric shown beside the objective."""
    return next((name for name in item["metrics"] if name != item["objective"]), "")


def _scored(metric: dict[str, float | None]) -> str:
    value, low, high = metric["value"], metric["low"], metric["high"]
    return _value(metric) if value is None or low is None or high is None else figures.interval(value, low, high)


def _value(metric: dict[str, float | None]) -> str:
    value = metric.get("value")
    return figures.figure(value) if value is not None else "undefined" if metric else ""


def _in_production(root: Path) -> str | None:
    try:
        current = production(root)
    except Mistake:
        return None
    return current.run_id if current else None


def _notes(root: Path) -> Iterator[str]:
    problems = [str(problem) for problem in broken(root)]
    try:
        current = production(root)
    except Mistake as mistake:
        problems += map(str, mistake.problems)
        current = None
    if current is not None and not (root / RUNS / current.run_id).is_dir():
        problems.append(f"{current.run_id} is in production, but runs/{current.run_id} is not here.")
    if problems:
        yield ""
        yield from problems


def flat(run: Run) -> dict[str, Any]:
    """The configuration of a run as it was composed, by dotted key; data by its keys but for the columns."""
    import yaml

    try:
        text = (run.folder / CONFIG).read_text(encoding="utf-8")
        config = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (OSError, ValueError, yaml.YAMLError):  # told by verify, where it matters
        return {}
    return {key: value for key, value in _dotted(config, "") if not key.startswith(PASSED_OVER)}


def _dotted(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _dotted(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value
