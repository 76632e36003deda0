"""The OpenAPI 3.1 document, from the rows that serve and the types that validate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from services.web.call import Route

PATH_PARAMETER = re.compile(r"\{(\w+)\}")
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """Every call: who may make it, what it takes, what it answers."""
    bodies = [route.body for route in routes if route.body is not None]
    schemas, components = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    named = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route)
        if route.body is not None:
            operation["requestBody"] = {"content": {"application/json": {"schema": next(named)}}}
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Porchlight", "version": version("porchlight"), "license": {"name": "AGPL-3.0-or-later"}},
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": PROBLEM},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "porchlight_session"},
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    problem = {
        "description": "A problem",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    answer: dict[str, Any] = {"description": route.summary}
    if route.status != 204:
        kind = {"/v1/feed": "text/event-stream", "/metrics": "text/plain"}.get(route.path, route.answer)
        answer["content"] = {kind: {}}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PATH_PARAMETER.findall(route.path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in route.query
    ]
    if route.method == "POST":
        schema = {"type": "string", "maxLength": 255}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema})
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _name(route),
        "parameters": parameters,
        "responses": {str(route.status): answer, "default": problem},
    }
    if "anybody" not in route.who:
        operation["security"] = [{"token": list(route.roles)}]
        if "staff" in route.who:
            operation["security"].append({"session": []})
    return operation


def _name(route: Route) -> str:
    words = re.findall(r"[a-z0-9]+", route.path.lower().removeprefix("/v1/"))
    return "_".join([route.method.lower(), *words])
