"""Which calls of a service the fast lane may answer: those that do what was generated and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .answering import Answerer
from .challenge import Divided
from .decoding import Decoder, Unsupported
from .lane import Lane
from .meter import Meter
from .predictor import Predictor
from .request import Rows
from .shadow import Watched
from .trail import Trail


def fast_lanes(service: Any, instance: Any, meter: Meter, trail: Trail, seconds: float) -> dict[str, Lane]:
    """What answers in BentoML's stead, by path.

    Raises Unsupported when service.py was made to do more than is known here.
    """
    method, predictor = service.apis.get("predict"), getattr(instance, "predictor", None)
    if method is None or type(predictor) is not Predictor or not _only_predicts(method.func):
        raise Unsupported("predict does more than the generated one")
    if service.middlewares:
        raise Unsupported("the service has a middleware of its own")
    body, schema = own(method.input_spec), predictor.model.schema
    if not issubclass(body, Rows) or method.batchable or method.ctx_param is not None:
        raise Unsupported("predict takes more than rows")
    decoder = Decoder(body, list(schema.features), schema.key)
    challenge, literals = predictor.challenge, decoder.literals
    answerer: Answerer | Divided
    if challenge is None:
        answerer = Answerer(predictor, literals)
    else:
        answerer = Divided(predictor, challenge) if challenge.share else Watched(predictor, literals)
    return {method.route: Lane(method.route, decoder, answerer, meter, trail, seconds)}


def _only_predicts(func: Callable[..., Any]) -> bool:
    """Is this the generated function? What a person made of it must not be passed by."""

    def predict(self: Any, rows: Any) -> Any:
        return self.predictor.predict(rows)

    code, generated = getattr(func, "__code__", None), predict.__code__
    return code is not None and (code.co_code, code.co_names) == (generated.co_code, generated.co_names)


def own(spec: type[Any]) -> type[Any]:
    """The model that service.py names; BentoML wraps it in a subclass of its own."""
    return spec.__bases__[-1] if spec.__name__.endswith("IODescriptor") else spec
