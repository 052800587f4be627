"""What GET /model answers: who this model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..runs.run import Run
    from ..schema import Schema

FACTS = ("description", "objective", "metrics", "baseline", "baseline_label", "rows", "inputs", "git")
ADJUSTED = ("calibration", "threshold", "interval")
"""What run.json says and a caller may know; nothing in it names a secret."""


def card(run: Run, schema: Schema) -> dict[str, Any]:
    """The facts of a run, its contract included, in a fixed order."""
    return {
        "name": run.name,
        "version": run.id,
        "model": run.model,
        "task": schema.task,
        "target": schema.target,
        "classes": schema.classes,
        "positive": schema.positive,
        "created": run.created,
        **{key: run.facts[key] for key in (*ADJUSTED, *FACTS) if key in run.facts},
        "schema": schema.model_dump(
            mode="json", include={"features", "derived", "key", "key_column", "timezone", "unknown_category"}
        ),
    }
