"""Where overture and BentoML meet; the only module that imports what BentoML calls private."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _bentoml_impl.server.app import ServiceAppFactory  # type: ignore[import-untyped]
from _bentoml_sdk import Service
from _bentoml_sdk.method import APIMethod
from bentoml import on_deployment
from bentoml.exceptions import BentoMLException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.staticfiles import StaticFiles

from ..errors import OvertureError
from ..terminal import problem_lines
from .example import example
from .guard import Application, Guard, Scope
from .invalid import Invalid
from .openapi import document, page
from .predictor import Predictor

if TYPE_CHECKING:
    from starlette.requests import Request

log = logging.getLogger("bentoml.serve")


def http_service(*, max_bytes: int) -> type[Service[Any]]:
    """The service class of a generated service.py: BentoML's, with overture's errors, documents and GET /model.

    max_bytes: the largest body that is read.
    """
    return type("HttpService", (HttpService,), {"max_bytes": max_bytes})


class HttpService(Service[Any]):  # type: ignore[misc]
    """A BentoML service whose instance keeps its Predictor as `predictor`."""

    max_bytes = 8 << 20

    def __attrs_post_init__(self) -> None:
        """Have the command that starts the workers try what they will do: they would fail again and again, with tracebacks."""
        super().__attrs_post_init__()
        self.inner.try_once = on_deployment(partial(_try, self))

    def to_asgi(self, is_main: bool = True) -> Application:
        """The application that the server runs."""
        self.inject_config()
        app = _Factory(self, is_main=is_main)()
        seconds = self.config.get("traffic", {}).get("timeout", 60)
        return Guard(app, _methods(app.router.routes), set(self._calls()), self.max_bytes, seconds)

    def document(self, predictor: Predictor) -> dict[str, Any]:
        """The OpenAPI document, with a row that can be pasted."""
        calls = {
            path: (_own(method.input_spec), _own(method.output_spec), (method.doc or "").strip())
            for path, method in self._calls().items()
        }
        return document(self.name, _doc(self.inner), calls, predictor.run.id, example(predictor.model.schema))

    def _calls(self) -> dict[str, APIMethod[..., Any]]:
        written = [name for name in vars(self.inner) if name in self.apis]  # BentoML sorts them
        return {self.apis[name].route: self.apis[name] for name in written}


class _Factory(ServiceAppFactory):  # type: ignore[misc]
    """BentoML's application, with our answers to what went wrong."""

    async def api_endpoint(self, name: str, request: Request) -> Response:
        """Answer one call: validation and prediction by BentoML, errors by us."""
        try:
            found: Response = await super().api_endpoint(name, request)
        except Invalid as invalid:
            return JSONResponse(invalid.body(), status_code=400)
        except BentoMLException as error:
            if error.error_code.value >= 500:
                raise
            return JSONResponse({"error": str(error)}, status_code=error.error_code.value)
        except Exception:
            request_id = request.headers["x-request-id"]
            log.exception("request %s failed", request_id)
            return JSONResponse(
                {"error": f"something went wrong here; the log has it under {request_id}"}, status_code=500
            )
        return found

    @property
    def routes(self) -> list[Any]:
        """BentoML's, and GET /model."""
        return [*super().routes, Route("/model", self.model, methods=["GET"])]

    async def model(self, request: Request) -> Response:
        """Who answers here."""
        return JSONResponse(self._service_instance.predictor.card)

    async def openapi_spec_view(self, req: Request) -> Response:
        """/docs.json, as OpenAPI 3.1."""
        return JSONResponse(self.service.document(self._service_instance.predictor))

    async def index_page(self, _: Request) -> Response:
        """The page a person sees: Swagger, from this server alone."""
        return HTMLResponse(page(self.service.name))


def _try(service: HttpService) -> None:
    try:
        service.inner()
    except OvertureError as error:
        raise SystemExit("\n".join(problem_lines(error.problems))) from None


def _methods(routes: list[BaseRoute]) -> Callable[[Scope], set[str]]:
    """For a request, the methods its path answers. Static files count one by one: their folder matches any name."""
    files = {
        f"{mount.path}/{file.relative_to(mount.app.directory).as_posix()}"
        for mount in routes
        if isinstance(mount, Mount) and isinstance(mount.app, StaticFiles) and mount.app.directory is not None
        for file in Path(mount.app.directory).rglob("*")
        if file.is_file()
    }
    others = [route for route in routes if not (isinstance(route, Mount) and isinstance(route.app, StaticFiles))]

    def methods(scope: Scope) -> set[str]:
        if scope["path"] in files:
            return {"GET", "HEAD"}
        for route in others:
            if route.matches(scope)[0] is not Match.NONE:
                return set(getattr(route, "methods", None) or {scope["method"]})
        return set()

    return methods


def _own(spec: type[Any]) -> type[Any]:
    """The model that service.py names; BentoML wraps it in a subclass of its own."""
    return spec.__bases__[-1] if spec.__name__.endswith("IODescriptor") else spec


def _doc(inner: type[Any]) -> str:
    return inspect.cleandoc(inner.__doc__ or "")
