"""A mirror of runs in MLflow. What MLflow says or fails to say changes nothing here: the folder of a run is only read."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.connection import without_secrets
from ..errors import Mistake, Problem
from ..runs.run import CONFIG, HELD, PREDICTIONS, RUNS, Run
from .settings import Mlflow

if TYPE_CHECKING:
    from ..sweeps.job import Job
    from ..sweeps.sweep import Sweep

_BRIEF = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""How long an answer is waited for, unless the environment says otherwise; and nobody else is told."""
_PASSED_OVER = ("data.columns", "serving.", "tracking.", "description", "explanations.")
_LONGEST = 500  # characters of a parameter
_AT_ONCE = 100  # parameters in one request


@dataclass
class Mirrored:
    """What became of the runs that were to be mirrored."""

    new: int = 0
    there: int = 0
    """Mirrored before."""
    lost: int = 0
    why: str = ""
    """Why some are not there."""

    @property
    def said(self) -> str:
        """The one warning, or nothing."""
        if not self.lost:
            return ""
        what = "1 run is" if self.lost == 1 else f"{self.lost:,} runs are"
        return f"{what} not in MLflow: {self.why.rstrip('.')}. Bring {'it' if self.lost == 1 else 'them'} there: overture track"


def mirror(root: Path, name: str, settings: Mlflow, runs: Sequence[Run], sweep: Sweep | None = None) -> Mirrored:
    """Bring runs into MLflow that are not there; those of a sweep, and its trials, below one parent. Nothing is raised.

    root: the project folder. name: what the project is called.
    """
    made, jobs = Mirrored(), [] if sweep is None else [job for job in sweep.jobs() if job.over and not job.run]
    planned = len(runs) + len(jobs)
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    try:
        store = _Store.open(root, name, settings)
        parent = None if sweep is None else store.parent(sweep)
        for run in runs:
            made.new, made.there = (made.new + 1, made.there) if store.run(run, parent) else (made.new, made.there + 1)
        for job in jobs:
            made.new, made.there = (
                (made.new + 1, made.there) if store.trial(job, parent) else (made.new, made.there + 1)
            )
    except Mistake as mistake:
        made.why = " ".join(map(str, mistake.problems))
    except Exception as error:  # a client, its transport and its store have errors of their own
        made.why = _reason(error, settings)
    made.lost = planned - made.new - made.there
    return made


def of_sweep(sweep: Sweep) -> list[Run]:
    """The runs that the jobs of a sweep left, and of a search its best; those that are gone are passed over."""
    ids = [*(job.run for job in sweep.jobs()), (sweep.best() or {}).get("run")]
    found = []
    for name in dict.fromkeys(filter(None, ids)):
        with suppress(Mistake):
            found.append(Run.open(sweep.root / RUNS / name))
    return found


@dataclass
class _Store:
    client: Any
    experiment: str
    settings: Mlflow

    @classmethod
    def open(cls, root: Path, name: str, settings: Mlflow) -> _Store:
        for variable, value in _BRIEF.items():
            os.environ.setdefault(variable, value)
        try:
            from mlflow import MlflowClient
        except ModuleNotFoundError as error:
            what = f"the mirror needs the package {error.name}, which is not installed."
            raise Mistake(what, hint='Run: pip install "overture[mlflow]"') from None
        if settings.uri_env is not None:
            uri = _address(settings.uri_env)
        else:
            uri = f"sqlite:///{(root / str(settings.path)).resolve().as_posix()}"
        client, wanted = MlflowClient(tracking_uri=uri), settings.experiment or name
        found = client.get_experiment_by_name(wanted)
        place = None if settings.path is None else (root / f"{settings.path}.artifacts").resolve().as_uri()
        return cls(client, found.experiment_id if found else client.create_experiment(wanted, place), settings)

    def parent(self, sweep: Sweep) -> str:
        found = self._found("overture.sweep", sweep.id)
        if found is None:
            tags = {"overture.sweep": sweep.id}
            words = " ".join(sweep.facts["words"])
            tags["mlflow.note.content"] = words
            found = self.client.create_run(self.experiment, tags=tags, run_name=f"sweep {sweep.id}")
        self.client.set_terminated(found.info.run_id, "FINISHED")
        return str(found.info.run_id)

    def run(self, run: Run, parent: str | None) -> bool:
        """Was it new?"""
        found = self._found("overture.run", run.id)
        if found is not None and found.info.status == "FINISHED":
            return False
        start = int(datetime.fromisoformat(run.created).timestamp() * 1000)
        seconds = sum(run.facts["durations"].values())
        if found is None:
            name = f"{run.model} {run.id}"
            tags = {"overture.run": run.id, **_below(parent)}
            found = self.client.create_run(self.experiment, start - int(seconds * 1000), tags, name)
        self._log(found.info.run_id, _parameters(run), dict(_metrics(run)), dict(_tags(run)), start)
        if self.settings.artifacts:
            self._files(found.info.run_id, run)
        self.client.set_terminated(found.info.run_id, "FINISHED", start)
        return True

    def trial(self, job: Job, parent: str | None) -> bool:
        """Was it new? A trial, or a job that failed, leaves no run but is known by its sweep."""
        key = f"{parent}:{job.number}"
        if self._found("overture.job", key) is not None:
            return False
        tags = {"overture.job": key, "overture.state": job.state, **_below(parent)}
        made = self.client.create_run(self.experiment, tags=tags, run_name=f"job {job.number}").info.run_id
        words = [word.lstrip("+").partition("=") for word in job.overrides]
        scores = {f"valid.{name}": value for name, value in job.scores.items()}
        self._log(
            made, {key: value for key, _, value in words}, scores, {"overture.errors": " ".join(job.errors)[:_LONGEST]}
        )
        self.client.set_terminated(made, "FAILED" if job.state == "failed" else "FINISHED")
        return True

    def _found(self, tag: str, value: str) -> Any:
        found = self.client.search_runs([self.experiment], f"tags.`{tag}` = '{value}'", max_results=1)
        return found[0] if found else None

    def _log(
        self,
        run: str,
        parameters: Mapping[str, str],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        at: int = 0,
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        values = [Metric(_key(name), value, at, 0) for name, value in metrics.items()]
        named = [RunTag(name, text) for name, text in tags.items() if text]
        self.client.log_batch(run, metrics=values, tags=named)
        written = [Param(_key(name), text[:_LONGEST]) for name, text in parameters.items()]
        for start in range(0, len(written), _AT_ONCE):
            self.client.log_batch(run, params=written[start : start + _AT_ONCE])

    def _files(self, run_id: str, run: Run) -> None:
        for path in sorted(run.folder.rglob("*")):
            if path.is_file() and path.name not in (PREDICTIONS, HELD):
                folder = path.parent.relative_to(run.folder).as_posix()
                self.client.log_artifact(run_id, str(path), None if folder == "." else folder)


def _address(variable: str) -> str:
    if address := os.environ.get(variable, "").strip():
        return address
    what = f"the environment variable {variable} is not set."
    raise Mistake(Problem(what, ("tracking", "mlflow", "uri_env"), hint=f"Set it: export {variable}=http://host:5000"))


def _below(parent: str | None) -> dict[str, str]:
    return {} if parent is None else {"mlflow.parentRunId": parent}


def _parameters(run: Run) -> dict[str, str]:
    """The configuration by dotted key, as it was written, so that what stands in for a secret is still a name."""
    import yaml

    config = yaml.safe_load((run.folder / CONFIG).read_text("utf-8"))
    return {key: str(value) for key, value in _dotted(config, "") if not key.startswith(_PASSED_OVER)}


def _dotted(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _dotted(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _metrics(run: Run) -> Iterator[tuple[str, float]]:
    """Each metric on the test rows with the ends of its interval, the baseline's, and how long each step took."""
    facts = run.facts
    for name, interval in facts["metrics"].items():
        for part, value in interval.items():
            if value is not None:
                yield (name if part == "value" else f"{name}.{part}"), value
    yield from ((f"baseline.{name}", value) for name, value in facts["baseline"].items() if value is not None)
    yield from ((f"seconds.{name}", value) for name, value in facts["durations"].items())
    yield from ((f"rows.{name}", float(value)) for name, value in facts["rows"].items() if isinstance(value, int))


def _tags(run: Run) -> Iterator[tuple[str, str]]:
    facts = run.facts
    yield "overture.project", run.name
    yield "overture.model", run.model
    yield "overture.objective", facts["objective"]
    yield "overture.manifest_sha256", run.manifest_sha256
    yield "mlflow.note.content", facts.get("description") or ""
    yield "mlflow.source.git.commit", (facts.get("git") or {}).get("commit") or ""


def _key(name: str) -> str:
    """A name as MLflow takes it: letters, digits and _ - . / and blanks."""
    return re.sub(r"[^\w\-./ ]", "_", name, flags=re.ASCII)


def _reason(error: Exception, settings: Mlflow) -> str:
    """What went wrong, in one line without the address."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if settings.uri_env is not None and (address := os.environ.get(settings.uri_env)):
        text = without_secrets(text, address).replace(address, settings.uri_env)
    if re.search(r"Max retries|refused|timed out|resolve", text):
        return "the server cannot be reached"
    return text[:300]
