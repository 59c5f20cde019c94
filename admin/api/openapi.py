"""OpenAPI 3.1 from the endpoints' own declarations. `python -m admin.api.openapi` prints it; serves nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from admin.api.endpoints import Endpoint
from admin.api.problems import CONTENT_TYPE, Problem
from admin.api.versions import Versioned
from admin.sessions.cookie import NAME

_REFERENCE = "#/components/schemas/{model}"
_SECURITY_SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": NAME, "description": "Given at sign-in."},
    "own_page": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Requested-With",
        "description": "Always `parley`: proves that no foreign page sent the command.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "Of a source of events."},
    "api_token": {"type": "http", "scheme": "bearer", "description": "Of a user's program (`/api/v1/api-tokens`)."},
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[0-9]{1,18}"$'},
    "description": "The ETag of what is edited.",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "description": "A key of your own: with the same key the command is carried out once within 24 hours.",
}
_NOT_JSON = "Not said to be JSON: send Content-Type application/json"
Mode = Literal["validation", "serialization"]


def create_document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    endpoints = list(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley admin API", "version": "1"},
        "paths": paths,
        "components": {"schemas": _schemas(endpoints), "securitySchemes": _SECURITY_SCHEMES},
    }


def _schemas(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    models: dict[type[BaseModel], Mode] = {Problem: "validation"}
    for endpoint in endpoints:
        if endpoint.body is not None:
            models[endpoint.body] = "validation"
        if endpoint.answer is not None:
            models[endpoint.answer] = "serialization"
    _, definitions = models_json_schema(list(models.items()), ref_template=_REFERENCE)
    # Two models of one name have keys of their own, and must have such titles, too: generators name classes by them.
    return {name: {**_closed(one), "title": name} for name, one in sorted(definitions["$defs"].items())}


def _closed(schema: Any) -> Any:
    """A schema in which names of a pattern are all there may be: so pydantic reads them, and JSON Schema does not."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {"additionalProperties": False} if "patternProperties" in schema else {}
    return {**rest, **{name: _closed(one) for name, one in schema.items()}}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": endpoint.operation_id, "summary": endpoint.summary}
    parameters = [*_path_parameters(endpoint.path), *_query_parameters(endpoint.query)]
    if endpoint.edits:
        parameters.append(_IF_MATCH)
    if _takes_key(endpoint):
        parameters.append(_IDEMPOTENCY_KEY)
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True, "content": _content("application/json", endpoint.body)}
    if endpoint.takes:
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(endpoint.takes, _BINARY)}
    operation["responses"] = _responses(endpoint)
    operation["security"] = _security(endpoint)
    operation["x-permission"] = endpoint.permission
    return operation


def _takes_key(endpoint: Endpoint) -> bool:
    is_plain = not endpoint.takes and not endpoint.gives
    return endpoint.is_unsafe and is_plain and endpoint.permission not in ("public", "token")


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    """The ways to show who asks; of each, all that stands in it is needed."""
    if endpoint.permission == "token":
        return [{"token": []}]
    own_page: dict[str, list[str]] = {"own_page": []} if endpoint.is_unsafe else {}
    if endpoint.permission == "public":
        return [own_page] if own_page else []
    by_browser = {"session": [], **own_page}
    return [by_browser] if endpoint.permission == "own" else [by_browser, {"api_token": []}]


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    if endpoint.answer is not None:
        answer["content"] = _content("application/json", endpoint.answer)
    if endpoint.answer is not None and issubclass(endpoint.answer, Versioned):
        answer["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "The version, for If-Match."}}
    if endpoint.gives:
        answer["content"] = dict.fromkeys(endpoint.gives, _BINARY)
    problems = {
        status: {"description": description, "content": _content(CONTENT_TYPE, Problem)}
        for status, description in sorted(_problems(endpoint).items())
    }
    return {str(status): response for status, response in {endpoint.status: answer, **problems}.items()}


def _problems(endpoint: Endpoint) -> Mapping[int, str]:
    """What the endpoint says itself and what follows from what it takes."""
    problems = _refusals(endpoint)
    if endpoint.is_unsafe:
        problems |= {415: "Not a file that is taken" if endpoint.takes else _NOT_JSON}
        if endpoint.permission != "token":
            problems |= {403: "A foreign page, or not permitted"}
    if endpoint.edits:
        problems |= {412: "Somebody else changed it: load it again", 428: "If-Match is missing"}
    if _takes_key(endpoint):
        problems |= {
            400: "The Idempotency-Key is not valid",
            409: "A command with this Idempotency-Key is under way, or its answer is not kept",
            422: "This Idempotency-Key was another command's",
        }
    if "{" in endpoint.path:
        problems |= {404: "There is no such thing"}
    if endpoint.query is not None or endpoint.body is not None:
        problems |= {422: "Fields not valid"}
    if endpoint.body is not None:
        problems |= {400: "Not readable as JSON", 413: f"Larger than {endpoint.max_body // 1024} kB"}
    return {**problems, **endpoint.problems}


def _refusals(endpoint: Endpoint) -> dict[int, str]:
    """What is said to whoever may not."""
    if endpoint.permission == "public":
        return {}
    if endpoint.permission == "token" or endpoint.owing:
        return {401: "Not signed in"}
    refused = "A second step is to be set up first" if endpoint.permission == "own" else "Not permitted"
    return {401: "Not signed in", 403: refused}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template=_REFERENCE)
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _without_null(field)}
        for name, field in schema["properties"].items()
    ]


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: a parameter that may be absent is just not required."""
    kinds = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    rest = {name: value for name, value in field.items() if name not in ("anyOf", "title", "default")}
    default = {"default": field["default"]} if field.get("default") is not None else {}
    return {**rest, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}), **default}


def _content(content_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {content_type: {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}


def main() -> None:
    """Prints the document of all endpoints."""
    from admin.app import ENDPOINTS

    print(json.dumps(create_document(ENDPOINTS), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
