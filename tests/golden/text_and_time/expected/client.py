"""Ask tickets for predictions

This one file can be copied to wherever it is used; it needs Python 3.11 and httpx.

with Client("http://localhost:3000") as client:
    answers = client.predict([TicketsRow(...)])

Written by overture from conf/. Change conf/ first; what you change here is kept
when `overture generate` runs again.
"""

import asyncio
import datetime as dt
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

import httpx

URL = "http://localhost:3000"
TIMEOUT = 15  # seconds for one answer: the service gives up before
RETRIES = 2  # how often a request is sent again that was never worked on
TicketsLabel = bool
Answer = TypeVar("Answer", bound="Prediction")


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketsRow:
    """One row per ticket, when it comes in.

    Tickets that were merged count once.
    """

    installed: dt.datetime
    """when the machine was set up; at least 2000-01-01 00:00:00"""
    serviced: dt.date
    """the last visit"""
    message: str
    """what the customer wrote"""
    channel: Literal["mail", "phone", "web"]
    ticket: int | None = None
    """Comes back as id."""


_COLUMNS: dict[str, str] = {
    "ticket": "ticket",
    "installed": "installed",
    "serviced": "serviced",
    "message": "message",
    "channel": "channel",
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one row."""

    prediction: TicketsLabel
    """The most probable class."""
    probabilities: dict[str, float]
    """By class; they sum to 1."""
    id: str | int | None = None
    """The key of the row, when it was sent."""
    warnings: list[str] = field(default_factory=list)
    """What was done with values never seen in training."""
    model: str | None = None
    """The model that answered this row, where it was another: a canary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Prediction):
    """The answer for one row, and why: base and contributions add up to the raw score."""

    base: float
    """The raw score before any column is looked at."""
    contributions: dict[str, float]
    """What each column added."""


@dataclass(frozen=True, slots=True)
class Answers(Generic[Answer]):
    """One answer a row, in the order of the rows, and the model that gave them."""

    model: str
    predictions: list[Answer]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one prediction."""

    id: str | int
    """The key of the row; without one, X-Request-ID:position."""
    outcome: TicketsLabel
    time: dt.datetime | None = None
    """When it was known, with its zone; None: now."""


class ServiceError(Exception):
    """The service gave no answer."""

    def __init__(self, error: str, status: int | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        """The HTTP status; None when no answer came."""


class Refused(ServiceError):  # noqa: N818
    """The request has to be changed before it is sent again; `detail` says where and why."""

    def __init__(self, error: str, status: int, detail: list[dict[str, Any]]) -> None:
        super().__init__("\n".join([error, *(_told(fault) for fault in detail)]), status)
        self.error = error
        self.detail = detail
        """Each fault: {"loc": ["rows", 3, "a column"], "type": "…", "msg": "…"}."""


class Unavailable(ServiceError):  # noqa: N818
    """The service cannot be reached, is busy or took too long; it may answer later."""


class Client:
    """Asks the service; threads may share one. Use it in a `with` block, or close it."""

    def __init__(
        self,
        url: str = URL,
        *,
        key: str | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """Take the address, the API key or token if one is wanted, and options of httpx."""
        self._http = httpx.Client(
            base_url=url, timeout=timeout, headers=_headers(key, headers), **options
        )
        self._retries = retries

    def predict(self, rows: Sequence[TicketsRow]) -> Answers[Prediction]:
        """Ask for the prediction of each row; raises Refused, Unavailable or ServiceError."""
        return _answers(self._ask("POST", "/predict", _body(rows)), Prediction)

    def explain(self, rows: Sequence[TicketsRow]) -> Answers[Explanation]:
        """Ask for predictions, and what each column added to them; raises as `predict` does."""
        return _answers(self._ask("POST", "/explain", _body(rows)), Explanation)

    def feedback(self, outcomes: Sequence[Outcome]) -> int:
        """Say what came of predictions; give how many outcomes were kept; raises as `predict`."""
        return int(self._ask("POST", "/feedback", _outcomes(outcomes))["accepted"])

    def model(self) -> dict[str, Any]:
        """Ask which model answers, and how good it is."""
        return self._ask("GET", "/model")

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        """Begin a block; the connections are given back at its end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the connections back."""
        self.close()

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        call = _Call(self._retries)
        while True:
            try:
                response = self._http.request(method, path, json=body, headers=call.headers)
                found = call.read(response)
            except httpx.TransportError as error:
                call.failed(error)
            else:
                if found is not None:
                    return found
            time.sleep(call.pause)


class AsyncClient:
    """Asks the service from coroutines, which may share one.

    Use it in an `async with` block, or close it.
    """

    def __init__(
        self,
        url: str = URL,
        *,
        key: str | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """Take the address, the API key or token if one is wanted, and options of httpx."""
        self._http = httpx.AsyncClient(
            base_url=url, timeout=timeout, headers=_headers(key, headers), **options
        )
        self._retries = retries

    async def predict(self, rows: Sequence[TicketsRow]) -> Answers[Prediction]:
        """Ask for the prediction of each row; raises Refused, Unavailable or ServiceError."""
        return _answers(await self._ask("POST", "/predict", _body(rows)), Prediction)

    async def explain(self, rows: Sequence[TicketsRow]) -> Answers[Explanation]:
        """Ask for predictions, and what each column added to them; raises as `predict` does."""
        return _answers(await self._ask("POST", "/explain", _body(rows)), Explanation)

    async def feedback(self, outcomes: Sequence[Outcome]) -> int:
        """Say what came of predictions; give how many outcomes were kept; raises as `predict`."""
        return int((await self._ask("POST", "/feedback", _outcomes(outcomes)))["accepted"])

    async def model(self) -> dict[str, Any]:
        """Ask which model answers, and how good it is."""
        return await self._ask("GET", "/model")

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Begin a block; the connections are given back at its end."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the connections back."""
        await self.close()

    async def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        call = _Call(self._retries)
        while True:
            try:
                response = await self._http.request(method, path, json=body, headers=call.headers)
                found = call.read(response)
            except httpx.TransportError as error:
                call.failed(error)
            else:
                if found is not None:
                    return found
            await asyncio.sleep(call.pause)


class _Call:
    """One request and its repetitions, which carry the same id."""

    def __init__(self, retries: int) -> None:
        self.headers = {"X-Request-ID": uuid.uuid4().hex}
        self.pause = 0.0
        self._left = retries
        self._next = 0.2

    def read(self, response: httpx.Response) -> dict[str, Any] | None:
        """Give what was answered, or None when it is worth another try after `pause`."""
        try:
            found = response.json()
        except ValueError:
            found = None
        if response.is_success and isinstance(found, dict):
            return found
        told = found if isinstance(found, dict) else {}
        error = str(told.get("error") or f"an answer that is no JSON (HTTP {response.status_code})")
        busy = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
        if response.status_code in busy and self._again(response.headers.get("retry-after", "")):
            return None
        if response.status_code in (*busy, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT):
            raise Unavailable(error, response.status_code)
        if response.is_client_error:
            raise Refused(error, response.status_code, told.get("detail") or [])
        raise ServiceError(error, response.status_code)

    def failed(self, error: httpx.TransportError) -> None:
        """Try again what never reached the service; an answer may still be on its way."""
        never_sent = isinstance(
            error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
        )
        if not (never_sent and self._again("")):
            text = f"{type(error).__name__}: {error}".rstrip(": ")
            raise Unavailable(text) from error

    def _again(self, after: str) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        self.pause = min(float(after), 10.0) if after.isdecimal() else self._next
        self._next *= 2
        return True


def _headers(key: str | None, more: Mapping[str, str] | None) -> dict[str, str]:
    return {**({} if key is None else {"Authorization": f"Bearer {key}"}), **(more or {})}


def _outcomes(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "rows": [
            {
                "id": item.id,
                "outcome": item.outcome,
                "time": item.time.isoformat() if item.time else None,
            }
            for item in outcomes
        ]
    }


def _body(rows: Sequence[TicketsRow]) -> dict[str, Any]:
    return {"rows": [_row(row) for row in rows]}


def _row(row: TicketsRow) -> dict[str, Any]:
    values = ((_COLUMNS[item.name], getattr(row, item.name)) for item in fields(row))
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in values
        if value is not None or name != "ticket"
    }


def _answers(body: dict[str, Any], kind: type[Answer]) -> Answers[Answer]:
    known = {item.name for item in fields(kind)}
    rows = [
        {name: value for name, value in row.items() if name in known} for row in body["predictions"]
    ]
    return Answers(body["model"], [kind(**row) for row in rows])


def _told(fault: dict[str, Any]) -> str:
    return f"{'.'.join(str(part) for part in fault.get('loc', []))}: {fault.get('msg', '')}"
