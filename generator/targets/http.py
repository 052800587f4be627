"""Predictions over HTTP: the BentoML service, a request to try it with, and its tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from overture.runtime.serving.example import example

from .. import breaking
from ..client import client
from ..literals import Code, call, name
from ..names import class_name
from ..row_type import IMPORTED, fields, label_type, used_names
from ..target import Target, Template

if TYPE_CHECKING:
    from overture.runtime.schema import Schema
    from overture.runtime.spec import Spec
    from overture.runtime.targets import Auth

_ANSWERS = {
    "binary": ("Prediction", "BinaryExplanation"),
    "multiclass": ("Prediction", "MulticlassExplanation"),
    "regression": ("Estimate", "EstimateExplanation"),
}
_ALWAYS = ("Answers", "Predictor", "Row", "Rows")
_OURS = frozenset({*_ALWAYS, "Auth", "Jwt", "http_service", *(word for pair in _ANSWERS.values() for word in pair)})


def service_class(project: str) -> str:
    """The name of the service class of a project.

    assert service_class("my-churn") == "MyChurn"
    """
    return class_name(project, reserved=IMPORTED | _OURS)


class Http(Target):
    """service.py, client.py, tests/request.json and tests/test_service.py."""

    def files(self, spec: Spec) -> dict[str, Template | str]:
        """The service, a client for others, a request that is accepted, and tests made from the contract."""
        schema = spec.contract
        good = {"rows": [example(schema)]}
        tested = {
            "service": name(service_class(spec.name)),
            "broken": breaking.broken(schema),
            "column": next(iter(schema.features)),
            "unknown": breaking.unknown_column(schema),
        }
        return {
            "service.py": Template("service.py.jinja", _values(spec, schema)),
            "client.py": client(spec, service_class(spec.name)),
            "tests/request.json": json.dumps(good, indent=1, ensure_ascii=False) + "\n",
            "tests/test_service.py": Template("tests/test_service.py.jinja", tested),
        }


def _values(spec: Spec, schema: Schema) -> dict[str, Any]:
    """What service.py says, every value either data or Code."""
    assert spec.serving.http is not None
    row_fields = fields(schema)
    types = [field.annotation for field in row_fields] + ([label_type(schema)] if schema.classification else [])
    used = used_names(types)
    answer, explanation = _ANSWERS[schema.task]
    auth, challenger = spec.serving.http.auth, spec.serving.http.challenger
    callers = [] if auth is None else ["Auth"] if auth.jwt is None else ["Auth", "Jwt"]
    zone = ["Zone"] if "Zone" in used else []
    stem = service_class(spec.name)
    return {
        "http": spec.serving.http.model_dump(),
        "log": None if (log := spec.serving.http.log) is None else log.model_dump(exclude_defaults=True),
        "auth": _auth(auth),
        "shadow": challenger is not None and challenger.mode == "shadow",
        "canary": challenger.share if challenger is not None else None,
        "description": spec.description or f"Predicts {spec.target_name}.",
        "row_description": spec.data.description or "One row.",
        "service": name(stem),
        "row": name(f"{stem}Row"),
        "body": name(f"{stem}Rows"),
        "label": name(f"{stem}Label") if schema.classification else None,
        "label_type": label_type(schema) if schema.classification else None,
        "answer": name(answer),
        "explanation": name(explanation),
        "fields": row_fields,
        "dates": "dt" in used,
        "typing": [name(word) for word in ("Annotated", "Literal") if word == "Annotated" or word in used],
        "imports": [name(word) for word in [*sorted({*_ALWAYS, answer, explanation, *zone, *callers}), "http_service"]],
    }


def _auth(auth: Auth | None) -> Code | None:
    """`Auth(…)`, without what is as it would be anyway."""
    if auth is None:
        return None
    given: dict[str, Any] = {word: value for word in ("keys_env", "open") if (value := getattr(auth, word))}
    if auth.jwt is not None:
        given["jwt"] = call("Jwt", **auth.jwt.model_dump(exclude_none=True))
    return call("Auth", **given)
