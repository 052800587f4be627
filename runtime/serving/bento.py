"""Where overture and BentoML meet; with `insides`, all that imports what BentoML calls private."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from _bentoml_impl.server.app import ServiceAppFactory  # type: ignore[import-untyped]
from _bentoml_sdk import Service
from _bentoml_sdk.method import APIMethod
from bentoml import on_deployment
from bentoml.exceptions import BentoMLException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from .. import deadline
from ..errors import OvertureError
from ..targets import Log
from ..terminal import problem_lines
from .auth import Auth
from .decoding import Unsupported
from .example import example
from .feedback import FEEDBACK, Feedback, described, take
from .guard import Application, Guard, cross_origin
from .insides import counted_apart, end_with_parent, metered, one_access_log, this_machine, trail
from .invalid import Invalid
from .lane import Lane
from .lanes import fast_lanes, own
from .meter import Meter
from .openapi import document, page
from .personal import personal, traced
from .predictor import Predictor
from .reply import PHRASES
from .request_log import RequestLog, Untold, open_log, watch
from .routes import methods
from .shadow import Shadow, shadowing
from .shortcut import Shortcut
from .trail import Trail
from .turns import Turns

if TYPE_CHECKING:
    from starlette.requests import Request

log = logging.getLogger("bentoml.serve")
EXPLAINED = 32
"""Requests for explanations that one worker has inside at once; each may take long."""
RETAINED = 20_000
"""Objects between two looks for garbage: those of some thousand rows that wait for the log are none."""
_COLLECTED = gc.get_threshold()[0]
_CALL: ContextVar[str] = ContextVar("call", default="")


def http_service(
    *,
    max_bytes: int = 8 << 20,
    max_waiting: int = 1000,
    lane: bool = True,
    log: Mapping[str, Any] | None = MappingProxyType({}),
    errors: Literal["verbose", "terse"] = "verbose",
    cors: Sequence[str] = (),
    auth: Auth | None = None,
) -> type[Service[Any]]:
    """The service class of a generated service.py: BentoML's, with overture's errors, documents and GET /model.

    max_bytes: the largest body that is read. max_waiting: requests that one worker has inside at once; more are answered
    429. lane: may requests that keep the contract be answered without passing through BentoML? log: how answered rows are
    kept, as in `serving.http.log`; None: they are not. errors: do answers repeat the values that are wrong? cors: origins
    whose pages may ask. auth: who may ask; None: everyone.
    """
    kept = None if log is None else Log(**log)
    given = {"max_bytes": max_bytes, "max_waiting": max_waiting, "lane": lane, "kept": kept, "errors": errors}
    return type("HttpService", (HttpService,), {**given, "cors": cors, "auth": auth})


class HttpService(Service[Any]):  # type: ignore[misc]
    """A BentoML service whose instance keeps its Predictor as `predictor`."""

    max_bytes = 8 << 20
    max_waiting = 1000
    lane = True
    kept: Log | None = Log()
    errors: Literal["verbose", "terse"] = "verbose"
    cors: Sequence[str] = ()
    auth: Auth | None = None

    def __attrs_post_init__(self) -> None:
        """Have the command that starts the workers try what they will do: they would fail again and again, with tracebacks."""
        super().__attrs_post_init__()
        self.inner.try_once = on_deployment(partial(_try, self))

    def inject_config(self) -> None:
        """Also: from the project folder, unlike from a Bento, only this machine is listened to unless told otherwise."""
        super().inject_config()
        with suppress(Exception):  # BentoML keeps it elsewhere than it did
            counted_apart()
        if self.bento is None:
            with suppress(Exception):  # BentoML keeps it elsewhere than it did
                this_machine()

    def to_asgi(self, is_main: bool = True) -> Application:
        """The application that the server runs."""
        self.inject_config()
        one_access_log()
        meter = self._meter()
        factory = _Factory(self, is_main=is_main)
        factory.measured = meter is not None
        app = factory()
        seconds = self.config.get("traffic", {}).get("timeout", 60)
        calls = {*self._calls(), *([f"/{FEEDBACK}"] if self.kept is not None else [])}
        guard = Guard(app, methods(app.router.routes), calls, self.max_bytes, seconds, self.max_waiting)
        guard.fewer = {"/explain": min(self.max_waiting, EXPLAINED)}
        guard.counts = meter
        if meter is not None:
            meter.others = self.config.get("workers", 1) != 1
        guard.refusal = self.auth.checked() if self.auth is not None else None
        factory.published = meter.publish if meter is not None else None
        factory.started = partial(self._started, factory, guard, meter, seconds)
        return cross_origin(guard, self.cors) if self.cors else guard

    def _started(self, factory: _Factory, guard: Guard, meter: Meter | None, seconds: float, instance: Any) -> None:
        with suppress(Exception):  # BentoML tells it otherwise than it did
            end_with_parent()
        lanes = self._lanes(factory, instance, meter, seconds) if self.lane and meter is not None else {}
        predictor = getattr(instance, "predictor", None)
        if self.kept is not None and isinstance(predictor, Predictor):
            root, schema = predictor.hooks.root, predictor.model.schema
            opened = open_log(self.kept, root, schema, predictor.version, meter or Untold())
            kept = factory.kept = shadowing(predictor, opened, self.kept, meter or Untold())
            factory.feedback = Feedback(root / self.kept.folder, schema, self.kept, opened.identify, meter)
            guard.watched = partial(watch, kept.put)
            for lane in lanes.values():
                lane.keep = kept.put
        guard.fast.update(lanes)
        guard.answered = Shortcut(guard, lanes).take

    def _meter(self) -> Meter | None:
        """None where BentoML keeps its metrics elsewhere than it did."""
        try:
            return metered()
        except Exception as error:  # whatever it is, the plain service can answer
            _plain(f"BentoML's metrics are not where they were: {error!r}")
            return None

    def _lanes(self, factory: _Factory, instance: Any, meter: Meter, seconds: float) -> dict[str, Lane]:
        """By path what answers in BentoML's stead; nothing where service.py was made to do more than it is known for."""
        try:
            factory.trail = trail()
            return fast_lanes(self, instance, meter, factory.trail, seconds)
        except Unsupported as error:
            log.info("the fast lane is off: %s", error)
        except Exception as error:
            _plain(f"BentoML is not as it was: {error!r}")
        return {}

    def document(self, predictor: Predictor) -> dict[str, Any]:
        """The OpenAPI document, with a row that can be pasted."""
        calls = {
            path: (own(method.input_spec), own(method.output_spec), (method.doc or "").strip())
            for path, method in self._calls().items()
        }
        schema = predictor.model.schema
        examples = dict.fromkeys(calls, example(schema))
        if self.kept is not None:
            calls[f"/{FEEDBACK}"], examples[f"/{FEEDBACK}"] = described(schema)
        return document(self.name, inspect.cleandoc(self.inner.__doc__ or ""), calls, predictor.run.id, examples)

    def _calls(self) -> dict[str, APIMethod[..., Any]]:
        written = [name for name in vars(self.inner) if name in self.apis]  # BentoML sorts them
        return {self.apis[name].route: self.apis[name] for name in written}


class _Factory(ServiceAppFactory):  # type: ignore[misc]
    """BentoML's application, with our answers to what went wrong."""

    measured = False
    """Are requests counted before they come here?"""
    started: Callable[[Any], None] | None = None
    """Called with the instance once it is made."""
    kept: RequestLog | Shadow | None = None
    trail: Trail | None = None
    """What is written to the end when the service stops."""
    feedback: Feedback | None = None
    published: Callable[[], None] | None = None
    """Called then, too."""

    async def create_instance(self, app: Any) -> None:
        """Make the instance that answers."""
        await super().create_instance(app)
        if self.started is not None:
            self.started(self._service_instance)
        gc.collect()
        gc.freeze()  # what lives as long as the service is not looked through again and again while rows wait for the log
        gc.set_threshold(RETAINED)

    async def destroy_instance(self, app: Any) -> None:
        """Every request is answered: write what the logs still hold."""
        try:
            await super().destroy_instance(app)
        finally:
            gc.unfreeze()
            gc.set_threshold(_COLLECTED)
            if self.published is not None:
                self.published()
            for kept in (self.kept, self.trail, self.feedback):
                if kept is not None:
                    await asyncio.to_thread(kept.close)

    @property
    def middlewares(self) -> list[Middleware]:
        """BentoML's."""
        found: list[Middleware] = super().middlewares
        return [
            it
            for it in found
            if not (self.measured and getattr(it.cls, "__name__", "") == "RunnerTrafficMetricsMiddleware")
        ]

    async def api_endpoint(self, name: str, request: Request) -> Response:
        """Answer one call: validation and prediction by BentoML, errors by us."""
        _CALL.set(name)
        deadline.within(self.service.config.get("traffic", {}).get("timeout", 60))
        try:
            found: Response = await super().api_endpoint(name, request)
        except TimeoutError:  # nobody waits any more
            return JSONResponse({"error": PHRASES[504]}, status_code=504)
        except Invalid as invalid:
            return JSONResponse(invalid.body(self._hidden), status_code=400)
        except BentoMLException as error:
            if error.error_code.value >= 500:
                raise
            return JSONResponse({"error": str(error)}, status_code=error.error_code.value)
        except Exception as error:
            request_id = request.headers["x-request-id"]
            log.error("request %s failed\n%s", request_id, traced(error, told=self._hidden == frozenset()))
            return JSONResponse(
                {"error": f"something went wrong here; the log has it under {request_id}"}, status_code=500
            )
        return found

    async def _to_thread(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Each call has a thread of its own, so that what takes long holds up only itself."""
        return await self._turns.take(_CALL.get(), partial(func, *args, **kwargs))

    @cached_property
    def _turns(self) -> Turns:
        return Turns(self.service.config.get("threads", 1))

    @cached_property
    def _hidden(self) -> frozenset[str] | None:
        """The columns whose values no answer and no log repeats; None: all."""
        if self.service.errors == "terse":
            return None
        predictor = self._service_instance.predictor
        return personal(predictor.model.schema) if isinstance(predictor, Predictor) else frozenset()

    @property
    def routes(self) -> list[Any]:
        """BentoML's, GET /model, and POST /feedback where answers are kept."""
        feedback = [Route(f"/{FEEDBACK}", self.outcomes, methods=["POST"])] if self.service.kept is not None else []
        return [*super().routes, Route("/model", self.model, methods=["GET"]), *feedback]

    async def model(self, request: Request) -> Response:
        """Who answers here."""
        return JSONResponse(self._service_instance.predictor.card)

    async def outcomes(self, request: Request) -> Response:
        """Keep what came of predictions."""
        return await take(self.feedback, await request.body(), self._hidden)

    async def openapi_spec_view(self, req: Request) -> Response:
        """/docs.json, as OpenAPI 3.1."""
        return JSONResponse(self.service.document(self._service_instance.predictor))

    async def index_page(self, _: Request) -> Response:
        """The page a person sees: Swagger, from this server alone."""
        return HTMLResponse(page(self.service.name))


def _plain(why: str) -> None:
    log.warning("the fast lane is off and BentoML alone answers, more slowly: %s", why)


def _try(service: HttpService) -> None:
    try:
        if service.auth is not None:
            service.auth.checked()
        service.inner()
    except OvertureError as error:
        raise SystemExit("\n".join(problem_lines(error.problems))) from None
