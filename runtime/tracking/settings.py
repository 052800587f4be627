"""The section `tracking`: who else is told of trainings. Nobody is, unless it is written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictStr, model_validator

from ..form import EnvironmentVariable
from ..section import Section

_Word = Annotated[StrictStr, Field(min_length=1)]


class OpenLineage(Section):
    """OpenLineage events of every training, a JSON object a line, in a file; nothing is sent anywhere."""

    file: _Word = "runs/openlineage.jsonl"
    """Where they are appended; a relative path starts at the project folder."""
    namespace: _Word = "overture"
    """The namespace of the job, whose name is the project's."""


class Mlflow(Section):
    """A mirror of every run in MLflow: parameters, metrics with their intervals, files. It needs the extra "mlflow"."""

    uri_env: EnvironmentVariable | None = None
    """The environment variable that holds the address of the server or store, for example MLFLOW_TRACKING_URI."""
    path: _Word | None = None
    """In place of it: a SQLite file, from the project folder on; its artifacts stand beside it. It needs all of MLflow."""
    experiment: _Word | None = None
    """The experiment that runs are in; null: it is called like the project."""
    artifacts: StrictBool = True
    """Copy the files of the run too, but for predictions.parquet and rows that are kept for a while."""

    @model_validator(mode="after")
    def _one_place(self) -> Mlflow:
        if (self.uri_env is None) == (self.path is None):
            raise ValueError("write either uri_env (an environment variable with the address) or path")
        return self


class Tracking(Section):
    """Who else is told of trainings."""

    openlineage: OpenLineage | None = None
    """null: no events are written."""
    mlflow: Mlflow | None = None
    """null: nothing is mirrored."""
