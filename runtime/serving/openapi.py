"""The API's documents: OpenAPI 3.1 from the service's own models, and a page to read them on."""

from __future__ import annotations

import html
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = "#/components/schemas/{model}"
_ERROR = {
    "type": "object",
    "description": "what went wrong",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"},
        "detail": {"type": "array", "items": {"$ref": "#/components/schemas/Detail"}},
    },
}
_DETAIL = {
    "type": "object",
    "description": "one value that is not allowed",
    "required": ["loc", "type", "msg"],
    "properties": {
        "loc": {
            "type": "array",
            "items": {"type": ["string", "integer"]},
            "description": "where it stands in the body",
        },
        "type": {"type": "string", "description": "the kind of fault"},
        "msg": {"type": "string", "description": "what was sent and what is expected"},
    },
    "example": {"loc": ["rows", 0, "tenure"], "type": "greater_than_equal", "msg": "-3: must be 0 or more"},
}
_FAILURES = {
    400: "a value breaks the contract; detail names up to a hundred",
    408: "the body did not arrive in time",
    413: "the body is too large",
    415: "the body is no JSON",
    500: "the server failed; its log has the request id",
    504: "the answer took too long",
}


def document(
    name: str,
    description: str,
    calls: Mapping[str, tuple[type[BaseModel], type[BaseModel], str]],
    version: str,
    examples: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """An OpenAPI document.

    calls: for each path the models of question and answer, and what it does. examples: one row for each path.
    """
    asked = [(question, "validation") for question, _, _ in calls.values()]
    answered = [(answer, "serialization") for _, answer, _ in calls.values()]
    references, found = models_json_schema([*asked, *answered], ref_template=_REFERENCE)  # type: ignore[list-item]
    paths: dict[str, Any] = {
        path: {
            "post": _call(
                path,
                references[question, "validation"],
                references[answer, "serialization"],
                does,
                {"rows": [dict(examples[path])]},
            )
        }
        for path, (question, answer, does) in calls.items()
    }
    card = {"description": HTTPStatus.OK.phrase, "content": _content({"type": "object"})}
    paths["/model"] = {
        "get": {"operationId": "model", "summary": "Who answers: run, metrics, contract.", "responses": {"200": card}}
    }
    made = {
        "openapi": "3.1.0",
        "info": {"title": name, "description": description, "version": version},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": {**_tidy(found.get("$defs", {})), "Error": _ERROR, "Detail": _DETAIL}},
    }
    return _renamed(made)


def page(name: str) -> str:
    """A page that shows /docs.json by Swagger UI; every file it loads comes from this server."""
    return _PAGE.replace("TITLE", html.escape(name))


def _call(path: str, question: Any, answer: Any, does: str, example: Any) -> dict[str, Any]:
    failures = {
        str(status): {"description": text, "content": _content({"$ref": "#/components/schemas/Error"})}
        for status, text in _FAILURES.items()
    }
    return {
        "operationId": path.strip("/"),
        "summary": does,
        "requestBody": {"required": True, "content": _content(question, example)},
        "responses": {"200": {"description": HTTPStatus.OK.phrase, "content": _content(answer)}, **failures},
    }


def _content(schema: Any, example: Any = None) -> dict[str, Any]:
    return {"application/json": {"schema": schema, **({"example": example} if example is not None else {})}}


def _tidy(definitions: dict[str, Any]) -> dict[str, Any]:
    """Without the titles that pydantic makes of names and nulls that an answer never holds, and with the bounds of 64 bits."""
    for definition in definitions.values():
        for item in definition.get("properties", {}).values():
            item.pop("title", None)
            if item.get("default", ...) is None:
                del item["default"]
            for kind in (item, *item.get("anyOf", ())):
                if kind.get("type") == "integer":
                    kind.setdefault("minimum", -(2**63))
                    kind.setdefault("maximum", 2**63 - 1)
    return definitions


def _renamed(made: dict[str, Any]) -> dict[str, Any]:
    """With the names that the models give themselves, where pydantic lists every argument of a generic one."""
    schemas = made["components"]["schemas"]
    titles = [schema.get("title", name) for name, schema in schemas.items()]
    names = {
        _REFERENCE.format(model=name): _REFERENCE.format(model=title)
        for name, title in zip(schemas, titles, strict=True)
        if titles.count(title) == 1
    }

    def walked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: names.get(item, item) if key == "$ref" else walked(item) for key, item in value.items()}
        return [walked(item) for item in value] if isinstance(value, list) else value

    found: dict[str, Any] = walked(made)
    found["components"]["schemas"] = {
        names.get(_REFERENCE.format(model=name), name).rpartition("/")[2]: schema
        for name, schema in found["components"]["schemas"].items()
    }
    return found


_PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>TITLE</title>
    <link rel="stylesheet" href="./static_content/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="./static_content/swagger-ui-bundle.js" charset="utf-8"></script>
    <script src="./static_content/swagger-ui-standalone-preset.js" charset="utf-8"></script>
    <script src="./static_content/swagger-initializer.js" charset="utf-8"></script>
  </body>
</html>
"""
