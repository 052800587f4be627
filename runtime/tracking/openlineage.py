"""OpenLineage events of a training: START, then COMPLETE, FAIL or ABORT, appended to a file.

They follow the specification 2-0-2 of OpenLineage; what is of overture alone stands in the run facet `overture`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any, Literal

from ..errors import OvertureError
from ..runs.run import MODEL
from . import datasets

if TYPE_CHECKING:
    from ..project import Project
    from ..runs.run import Run
    from .training import Training

Type = Literal["START", "COMPLETE", "FAIL", "ABORT"]
_SPEC = "https://openlineage.io/spec"
_FACETS = {
    "schema": "1-2-0/SchemaDatasetFacet",
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
    "ownership": "1-0-1/OwnershipDatasetFacet",
    "documentation": "1-1-0/DocumentationDatasetFacet",
    "dataQualityMetrics": "1-0-3/DataQualityMetricsInputDatasetFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
}


def event(type: Type, training: Training, error: BaseException | None = None) -> dict[str, Any]:
    """One event of a training whose project is known, as plain JSON."""
    project, run = training.project, training.run
    assert project is not None
    assert project.spec.tracking.openlineage is not None
    facets = {"processing_engine": _facet("processing_engine", version=_version(), name="overture")}
    if run is not None:
        facets["overture"] = _ours(run)
    if error is not None:
        facets["errorMessage"] = _facet("errorMessage", message=_said(error, project), programmingLanguage="PYTHON")
    kind = _facet("jobType", processingType="BATCH", integration="OVERTURE", jobType="TRAINING")
    return {
        "eventType": type,
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "run": {"runId": training.id, "facets": facets},
        "job": {
            "namespace": project.spec.tracking.openlineage.namespace,
            "name": project.name,
            "facets": {"jobType": kind},
        },
        "inputs": list(_inputs(project, run)),
        "outputs": [] if run is None else [_output(run)],
        "producer": _producer(),
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }


def append(project: Project, found: dict[str, Any]) -> None:
    """Add an event to the file, as a whole line of its own, beside other processes that do the same.

    Raises OSError when it cannot be written.
    """
    from filelock import FileLock

    assert project.spec.tracking.openlineage is not None
    path = project.root / project.spec.tracking.openlineage.file
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    with FileLock(path.with_name(f".{path.name}.lock"), timeout=10), path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line  # what a kill cut short stays by itself
        file.write(line)


def _inputs(project: Project, run: Run | None) -> Iterator[dict[str, Any]]:
    data, facts = project.spec.data, {} if run is None else run.facts["data"]
    for source in data.used:
        facets: dict[str, Any] = {}
        if columns := datasets.fields(data, source, project.root):
            facets["schema"] = _facet("schema", fields=columns)
        if data.owner:
            facets["ownership"] = _facet("ownership", owners=[{"name": data.owner}])
        if data.description and source == data.base_name:
            facets["documentation"] = _facet("documentation", description=data.description)
        recorded = facts.get("sources", {}).get(source)
        if run is not None and recorded is not None:
            known = datasets.version(run.facts["inputs"]["data"], recorded)
            facets["version"] = _facet("version", datasetVersion=known)
        counted = {}
        if run is not None and source == data.base_name:
            lacking = {name: {"nullCount": count} for name, count in facts["missing"].items()}
            counted["dataQualityMetrics"] = _facet("dataQualityMetrics", rowCount=facts["read"], columnMetrics=lacking)
        for namespace, name in datasets.names(data.sources[source], source, project.root):
            origin = _facet("dataSource", name=source, uri=f"{'file://' if namespace == 'file' else ''}{name}")
            if namespace != "file":
                origin["uri"] = f"{namespace}/{name}" if "://" in namespace else f"{namespace}:{name}"
            yield {
                "namespace": namespace,
                "name": name,
                "facets": {**facets, "dataSource": origin},
                "inputFacets": counted,
            }


def _output(run: Run) -> dict[str, Any]:
    folder = (run.folder / MODEL).resolve().as_posix()
    facets = {
        "dataSource": _facet("dataSource", name=f"{run.name} {run.id}", uri=f"file://{folder}"),
        "version": _facet("version", datasetVersion=run.manifest_sha256),
    }
    return {"namespace": "file", "name": folder, "facets": facets, "outputFacets": {}}


def _ours(run: Run) -> dict[str, Any]:
    """What only overture says of a run."""
    kept = {key: run.facts[key] for key in ("id", "task", "objective", "metrics", "rows")}
    return {
        "_producer": _producer(),
        "_schemaURL": "urn:overture:facets:1:run",
        **kept,
        "model": run.model,
        "content": run.facts["data"].get("content"),
    }


def _said(error: BaseException, project: Project) -> str:
    """What went wrong, without the values of variables that hold addresses; the words of others may hold secrets."""
    if not isinstance(error, OvertureError):
        return type(error).__name__
    text = str(error)
    for source in project.spec.data.sources.values():
        value = os.environ.get(getattr(source, "connection_env", None) or "")
        text = text.replace(value, "…") if value else text
    return text


def _facet(kind: str, **content: Any) -> dict[str, Any]:
    place, name = _FACETS[kind].split("/")
    schema = f"{_SPEC}/facets/{place}/{name}.json#/$defs/{name}"
    return {"_producer": _producer(), "_schemaURL": schema, **content}


def _producer() -> str:
    return f"urn:overture:{_version()}"


def _version() -> str:
    return version_of("overture")
