"""Keep a run: one folder with everything a person or a machine may ask of it later."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import conformal
from ..files import new_folder
from ..progress import step
from ..sweeps.job import left
from ..tracking.training import leaves
from . import git, manifest
from .completion import is_put_off, tell
from .inputs import by_source
from .run import (
    CHANGES,
    CONFIG,
    FACTS,
    HELD,
    MODEL,
    OUT_OF_FOLD,
    PACKAGES,
    PREDICTIONS,
    REPORT,
    RUNS,
    SCHEMA,
    Run,
    runs_folder,
)

if TYPE_CHECKING:
    import polars as pl

    from ..explanations.held import Held
    from ..model import Fitted
    from ..parts import Parts
    from ..project import Project
    from ..scores import CrossValidation, Interval, Scores


def record(project: Project, parts: Parts, model: Fitted, scores: Scores) -> Run:
    """Write runs/<id>/: complete or not at all. When a training beside this one was faster, its run is the run.

    Raises Mistake when the folder is there and holds something else, and when the data was written to meanwhile.
    """
    project.hold(parts.rows)
    folder = runs_folder(project.root) / project.inputs.run_id
    held = _held(project, parts, scores)
    explanations = (
        None
        if held is None or is_put_off()
        else _explained(project, model, held, scores.objective, scores.rows["train"])
    )
    with step("record") as now:
        facts = _facts(project, parts, model, scores)
        try:
            with new_folder(folder) as making:
                _fill(making, project, facts, parts, model, scores)
                if not is_put_off():
                    _write(making, tell(facts, parts.schema, scores.predictions, project.config_text, explanations))
                elif held is not None:
                    held.frame.write_parquet(making / HELD)
                manifest.seal(making, facts["id"])
        except FileExistsError:
            now.say("a training beside this one kept the same run first")
        run = Run.open(folder)
        left(run.id)
        leaves(run)
        shown = f"{RUNS}/{run.id}"
        report = f"  report {shown}/{REPORT}" if run.told else ""
        now.say(f"{shown}{report}" if folder.parent.name == RUNS else f"{run.id}, only to be compared")
    return run


def rows_scored(predictions: pl.DataFrame) -> str:
    """The SHA-256 of which rows were scored and what was true of them; runs that share it can be compared."""
    return hashlib.sha256(predictions.select("_row", "target").write_csv().encode()).hexdigest()


def _fill(folder: Path, project: Project, facts: dict[str, Any], parts: Parts, model: Fitted, scores: Scores) -> None:
    texts = {
        FACTS: json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        CONFIG: project.config_text,
        SCHEMA: parts.schema.model_dump_json(indent=1) + "\n",
        PACKAGES: packages(),
    }
    if facts["git"] is not None and facts["git"]["dirty"] and (changes := git.changes(project.root)):
        texts[CHANGES] = changes
    _write(folder, texts)
    (folder / MODEL).mkdir()
    model.save(folder / MODEL)
    scores.predictions.write_parquet(folder / PREDICTIONS)
    if scores.folds is not None:
        scores.folds.predictions.write_parquet(folder / OUT_OF_FOLD)


def _write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())


def _held(project: Project, parts: Parts, scores: Scores) -> Held | None:
    """The rows that the model is explained on; None where nothing is to be explained."""
    from ..explanations.held import Held

    settings = project.spec.explanations
    if settings is None:
        return None
    return Held.choose(parts.test, scores.predictions, parts.schema, settings, project.spec.seed)


def _explained(project: Project, model: Fitted, held: Held, objective: str, learned: int) -> dict[str, Any] | None:
    from ..explanations.explaining import explained, said
    from ..explanations.subject import Subject

    settings = project.spec.explanations
    if settings is None:
        return None
    with step("explain") as now:
        subject = Subject.of(model, project.hooks, held, settings, objective, project.spec.seed, learned)
        found = explained(subject)
        for line in said(found):
            now.say(line)
    return found


@cache
def packages() -> str:
    """Every installed package with its version, one a line, as pip reads them."""
    found = {(it.metadata["Name"] or "").lower(): it.version for it in distributions()}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()) if name)


def _facts(project: Project, parts: Parts, model: Fitted, scores: Scores) -> dict[str, Any]:
    """What run.json says: plain JSON, numbers that are not defined are null."""
    spec, schema, written = project.spec, parts.schema, _written(project.config_text)
    return {
        "id": project.inputs.run_id,
        "name": project.name,
        "description": written.get("description") or "",
        "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "git": git.state(project.root),
        "inputs": asdict(project.inputs),
        "seeds": {"project": spec.seed, "split": project.split.seed, "model": project.model.seed},
        "task": schema.task,
        "target": schema.target,
        "positive": schema.positive,
        "classes": schema.classes,
        "model": {
            "kind": spec.model.kind,
            "label": spec.model.label(schema.task),
            "params": _plain(written.get("model", {}).get("params", {})),
            "rounds": model.rounds,
        },
        **_adjusted(model, scores),
        "split": _plain(written.get("split", {})),
        "rows": scores.rows,
        "data": {**_data(written.get("data", {}).get("description") or "", parts), **_origin(project, parts)},
        "test_rows": rows_scored(scores.predictions),
        "objective": scores.objective,
        "greater_is_better": project.evaluation.metric(scores.objective, schema.task).greater_is_better,
        "metrics": {name: _interval(interval) for name, interval in scores.metrics.items()},
        "baseline": {name: _number(value) for name, value in scores.baseline.items()},
        "baseline_label": scores.baseline_label,
        "baselines": [
            {
                "name": it.name,
                "label": it.label,
                "metrics": {name: _number(value) for name, value in it.metrics.items()},
            }
            for it in scores.baselines
        ],
        "gain": _interval(scores.gain),
        "folds": _folds(scores.folds),
        "slices": [
            {
                "column": part.column,
                "value": part.value,
                "rows": part.rows,
                "metrics": {name: _interval(interval) for name, interval in part.metrics.items()},
            }
            for part in scores.slices
        ],
        "importance": {name: _number(share) for name, share in model.importance().items()},
        "card": project.stated.model_dump(exclude_defaults=True),
        "explanations": None if spec.explanations is None else spec.explanations.model_dump(),
        "durations": {name: round(seconds, 3) for name, seconds in project.durations.items()},
        "notes": list(dict.fromkeys([*parts.rows.notes, *parts.notes, *model.notes, *scores.notes])),
    }


def _adjusted(model: Fitted, scores: Scores) -> dict[str, Any]:
    """What a person should know of how the answers were adjusted; of an interval also how it did on the test rows."""
    told = model.facts()
    found = conformal.covered(scores.predictions)
    if found is None or "interval" not in told:
        return told
    return {**told, "interval": {**told["interval"], "test_coverage": found[0], "test_width": found[1]}}


def _folds(folds: CrossValidation | None) -> dict[str, Any] | None:
    """What cross-validation found, by metric; null where there were no folds."""
    if folds is None:
        return None
    metrics = {
        name: {
            "mean": _number(found.mean),
            "deviation": _number(found.deviation),
            "low": _number(found.low),
            "high": _number(found.high),
            "folds": [_number(value) for value in found.folds],
        }
        for name, found in folds.metrics.items()
    }
    learned, held = zip(*folds.rows, strict=True)
    return {"learned": list(learned), "held": list(held), "rounds": list(folds.rounds), "metrics": metrics}


def _data(description: str, parts: Parts) -> dict[str, Any]:
    rows, frame = parts.rows, parts.rows.frame
    missing = {name: frame[name].null_count() for name in parts.schema.inputs if name in frame.columns}
    return {
        "description": description,
        "source": rows.source,
        "read": rows.read,
        "dropped": rows.dropped,
        "missing": {name: count for name, count in missing.items() if count},
        "unknown": dict(rows.unknown),
        "extra": list(rows.extra),
        "stored": asdict(rows.stored),
        "aside": rows.aside,
        "breaches": [breach.as_dict() for breach in rows.breaches],
    }


def _origin(project: Project, parts: Parts) -> dict[str, Any]:
    """Which inputs are of which source, and the fingerprint of the rows where it is asked for."""
    data = project.spec.data
    found: dict[str, Any] = {"sources": by_source(data, project.root, project.inputs.data)}
    return {**found, "content": parts.rows.content} if data.content else found


def _written(config: str) -> dict[str, Any]:
    """The configuration as it was written: what stands in for a secret is still a name there."""
    import yaml

    found = yaml.load(config, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    return found if isinstance(found, dict) else {}


def _plain(value: Any) -> Any:
    """A value from YAML as JSON has it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    finite = not isinstance(value, float) or math.isfinite(value)
    return value if isinstance(value, str | int | float | None) and finite else str(value)


def _interval(interval: Interval) -> dict[str, float | None]:
    return {name: _number(value) for name, value in asdict(interval).items()}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
