"""The section `tracking`: who else is told of trainings. Nobody is, unless it is written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictStr

from ..section import Section

_Word = Annotated[StrictStr, Field(min_length=1)]


class OpenLineage(Section):
    """OpenLineage events of every training, a JSON object a line, in a file; nothing is sent anywhere."""

    file: _Word = "runs/openlineage.jsonl"
    """Where they are appended; a relative path starts at the project folder."""
    namespace: _Word = "overture"
    """The namespace of the job, whose name is the project's."""


class Tracking(Section):
    """Who else is told of trainings."""

    openlineage: OpenLineage | None = None
    """null: no events are written."""
