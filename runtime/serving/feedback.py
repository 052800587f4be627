"""What came of predictions: outcomes that callers send to POST /feedback, kept beside the request log and joined with it.

from overture.runtime.serving.feedback import joined
joined("log")  # the rows of the request log, each with its outcome where one is known

An outcome is on the disk before the caller is told that it was accepted.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError
from starlette.responses import JSONResponse

from . import request_log, spool
from .exact import Zone
from .invalid import Detail, Invalid
from .request import Row, Rows

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema
    from ..targets import Log
    from .meter import Meter

log = logging.getLogger("bentoml.serve")
FEEDBACK = "feedback"
"""The folder of the outcomes within that of the log, and the path that takes them."""
MOST = 10_000
"""Outcomes in one request."""
_LONGEST = 256  # characters of an id
_ID = {
    "anyOf": [{"type": "string", "minLength": 1, "maxLength": _LONGEST}, {"type": "integer"}],
    "description": "the row's key; without one, X-Request-ID:position",
}
_BY_PLACE = re.compile(r".+:\d+")


class Accepted(BaseModel):
    """How many outcomes were kept."""

    accepted: int


def outcomes(schema: Schema) -> type[Rows]:
    """The body of a request: {"rows": [{"id": …, "outcome": …, "time": …}, …]}, its outcomes as the target is typed."""
    zone = [Zone(schema.timezone)] if schema.timezone else []
    fields: dict[str, Any] = {
        "id": (Annotated[str | int, BeforeValidator(_id), WithJsonSchema(_ID)], ...),
        "outcome": (Annotated[_kind(schema), Field(description=f"what {schema.target} turned out to be")], ...),
        "time": (Annotated[(dt.datetime | None, *zone, Field(description="when that was known; else now"))], None),
    }
    row = create_model("Outcome", __base__=Row, __doc__="What came of one prediction.", **fields)
    rows: Any = Annotated[list[row], Field(min_length=1, max_length=MOST)]
    return create_model("Outcomes", __base__=Rows, __doc__="The body of a request.", rows=(rows, ...))


def described(schema: Schema) -> tuple[tuple[type[Rows], type[BaseModel], str], dict[str, Any]]:
    """For the API's documents: the models of question and answer, what it does, and a row that can be pasted."""
    example = {"id": "7590", "outcome": schema.classes[-1] if schema.classes else 12.5}
    return (outcomes(schema), Accepted, "Keep what came of predictions, by the ids of their rows."), example


def _id(value: Any) -> Any:
    if type(value) is int or (isinstance(value, str) and 0 < len(value) <= _LONGEST):
        return value
    raise PydanticCustomError("id_type", f"must be text of at most {_LONGEST} characters, or a whole number")


def _kind(schema: Schema) -> Any:
    column = schema.target_column
    if not schema.classification:
        return float
    labels = getattr(column, "values", None)
    if labels is not None:
        return Literal[tuple(dict.fromkeys([*labels, *(schema.classes or ())]))]
    return {bool: bool, int: int}.get(type((schema.classes or [""])[0]), str)


class Feedback:
    """The outcomes that one process took.

    identify: the id under which the request log keeps a row that was answered under another; None: it keeps no keys.
    """

    def __init__(
        self,
        folder: Path,
        schema: Schema,
        settings: Log,
        identify: Callable[[str], str | None],
        meter: Meter | None = None,
    ) -> None:
        self._folder, self._settings, self._identify = folder / FEEDBACK, settings, identify
        self._body = outcomes(schema)
        self._dtype = schema.target_column.dtype if schema.classification else None
        self._spool: spool.Spool | None = None
        self._lock = threading.Lock()
        self._kept, self._meter = 0, meter

    def accept(self, content: bytes) -> int:
        """Keep the outcomes of a body, and give how many they are.

        Raises Invalid when they break the contract, and OSError when the disk takes nothing.
        """
        rows = self._body.model_validate_json(content).rows
        frame = self._frame(rows, self._ids(rows))
        with self._lock:
            if self._spool is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                request_log.ignored(self._folder.parent)
                self._spool = spool.Spool(self._folder)
                spool.recover(self._folder)
            self._spool.append(frame.height, spool.encoded(frame))
            self._kept += frame.height
            self._spool.counts.put(self._kept, 0)
            if self._spool.rows >= request_log.SEAL_ROWS or self._old(self._spool):
                self._seal(self._spool)
        if self._meter is not None:
            self._meter.outcomes(frame.height)
        return frame.height

    def close(self) -> None:
        """Seal what is open."""
        with self._lock:
            if self._spool is not None:
                self._seal(self._spool)
                self._spool.close()
                self._spool = None

    def _seal(self, opened: spool.Spool) -> None:
        opened.seal(0, 0)
        spool.retain(self._folder, self._settings.keep_days, self._settings.keep_bytes)

    def _old(self, opened: spool.Spool) -> bool:
        return bool(opened.begun) and time.monotonic() - opened.begun > request_log.SEAL_SECONDS

    def _ids(self, rows: Sequence[Any]) -> list[str]:
        found, details = [], []
        for place, row in enumerate(rows):
            kept = self._identify(str(row.id))
            if kept is None and _BY_PLACE.fullmatch(str(row.id)):
                kept = str(row.id)
            if kept is None:
                what = "this service keeps no keys; send X-Request-ID:position of the row"
                details.append(Detail(["rows", place, "id"], "unkept_key", what))
            else:
                found.append(kept)
        if details:
            raise Invalid(details)
        return found

    def _frame(self, rows: Sequence[Any], ids: list[str]) -> pl.DataFrame:
        import polars as pl

        now = dt.datetime.now(dt.UTC)
        moment = pl.Datetime("us", "UTC")
        return pl.DataFrame(
            [
                pl.Series("id", ids, pl.String),
                pl.Series("time", [(row.time or now).astimezone(dt.UTC) for row in rows], moment),
                pl.Series("outcome", [row.outcome for row in rows], self._dtype or pl.Float64()),
                pl.Series("received", [now] * len(rows), moment),
            ]
        )


async def take(feedback: Feedback | None, content: bytes, hidden: frozenset[str] | None) -> JSONResponse:
    """The answer to a body of outcomes. hidden: columns whose values no answer repeats; None: all."""
    if feedback is None:
        return JSONResponse({"error": "this service keeps no answers, so no outcomes"}, status_code=404)
    try:
        accepted = await asyncio.to_thread(feedback.accept, content)
    except Invalid as invalid:
        return JSONResponse(invalid.body(hidden), status_code=400)
    except OSError as error:
        log.error("feedback: outcomes are not being kept: %s", error)
        return JSONResponse({"error": "outcomes cannot be kept now; send them again later"}, status_code=503)
    return JSONResponse({"accepted": accepted})


def read(folder: str | Path) -> pl.DataFrame:
    """Every outcome that was accepted, in the order of time: id, time, outcome, received."""
    import polars as pl

    found = [frame for frame in spool.frames(Path(folder) / FEEDBACK) if "outcome" in frame.columns]
    return pl.concat(found, how="diagonal_relaxed").sort("time", "received") if found else pl.DataFrame()


def joined(folder: str | Path) -> pl.DataFrame:
    """The rows of the request log in the order of time, with `outcome` and `outcome_time` where one is known, else null.

    A prediction gets the first outcome of its id that was known when it was made or later; of outcomes with the same id
    and time, which correct each other, the one received last counts.
    """

    answered, known = request_log.read(folder), read(folder)
    if answered.is_empty() or known.is_empty():
        return answered.with_columns(outcome=None, outcome_time=None) if answered.height else answered
    last = known.unique(["id", "time"], keep="last", maintain_order=True).sort("time")
    right = last.select("id", "outcome", outcome_time="time")
    return answered.join_asof(
        right, left_on="time", right_on="outcome_time", by="id", strategy="forward", check_sortedness=False
    )
