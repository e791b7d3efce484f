"""Our parts of the OpenAPI document: keys, the one error body, and every status a caller may meet."""

from collections.abc import Set
from typing import Any

from factory_pipelines.edge.errors import ErrorAnswer, code_of
from factory_pipelines.edge.gate import KEY_HEADER

_SCHEMA = {"$ref": "#/components/schemas/ErrorAnswer"}

# status: (code of the example, what it means)
_EVERYWHERE = {
    "400": ("bad_request", "Not readable as HTTP or as JSON."),
    "405": ("method_not_allowed", "The path exists, the method does not; Allow names those that do."),
    "413": ("body_too_large", "The body exceeds FACTORY_API__MAX_BODY_BYTES."),
    "422": ("parameter_invalid", "A parameter is unknown or has no usable value; `field` names it."),
    "429": ("rate_limited", "More requests than FACTORY_API__RATE_LIMIT_PER_MIN; Retry-After says when to come back."),
    "431": ("headers_too_large", "The headers exceed FACTORY_API__MAX_HEADER_BYTES; the connection is closed."),
    "500": ("internal_error", "A defect of the server; its log has the request_id."),
    "503": ("warehouse_unavailable", "The warehouse does not answer; Retry-After says when to come back."),
}
_WITH_BODY = {"415": ("content_type_unsupported", "The body is not said to be JSON: set Content-Type.")}
_WITH_KEY = {"401": ("key_missing", f"No known key in the header {KEY_HEADER}.")}
_WITH_RETRY_AFTER = frozenset({"429", "503"})
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


def complete_document(document: dict[str, Any], public_paths: Set[str]) -> dict[str, Any]:
    """``document`` with security schemes and error answers added to every operation."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for validation_model in ("HTTPValidationError", "ValidationError"):
        schemas.pop(validation_model, None)
    error = ErrorAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(error.pop("$defs"))
    schemas["ErrorAnswer"] = error
    components["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": "The secret of a configured key."},
        "bearer": {"type": "http", "scheme": "bearer", "description": "The same secret, for Prometheus."},
    }
    for path, methods in document["paths"].items():
        for method in _METHODS & methods.keys():
            _complete(methods[method], is_public=path in public_paths)
    return document


def _complete(operation: dict[str, Any], *, is_public: bool) -> None:
    operation["security"] = [] if is_public else [{"key": []}, {"bearer": []}]
    responses = operation["responses"]
    responses.pop("422", None)
    takes_json = "application/json" in operation.get("requestBody", {}).get("content", {})
    met = {**_EVERYWHERE, **({} if is_public else _WITH_KEY), **(_WITH_BODY if takes_json else {})}
    for status, (code, meaning) in met.items():
        responses.setdefault(status, _response(code, meaning, retry_after=status in _WITH_RETRY_AFTER))
    for status, response in responses.items():
        if status >= "400" and "content" not in response:  # a domain's own refusal, given by its meaning alone
            response.update(_response(code_of(int(status)), response["description"]))
    operation["responses"] = dict(sorted(responses.items()))


def _response(code: str, meaning: str, *, retry_after: bool = False) -> dict[str, Any]:
    example = {"ok": False, "error": {"code": code, "detail": meaning, "request_id": "4f1c9a0b7d2e6358"}}
    response: dict[str, Any] = {
        "description": meaning,
        "content": {"application/json": {"schema": _SCHEMA, "example": example}},
    }
    if retry_after:
        response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return response
