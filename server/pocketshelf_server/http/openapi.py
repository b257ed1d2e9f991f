"""The OpenAPI document (3.1) of a site. A test holds it to the routes, another fuzzes the server by it."""

from __future__ import annotations

from typing import Any

from pocketshelf import __version__
from pocketshelf.formats import Space
from pocketshelf.formats.product_rules import MAX_TEXT, MAX_VECTORS
from pocketshelf_server.http.bodies import MAX_CATEGORIES
from pocketshelf_server.http.changes import MAX_CHANGES
from pocketshelf_server.site import SiteConfig

__all__ = ["openapi_document"]

Json = dict[str, Any]
# Any request may be malformed for HTTP itself, or larger than is read.
COMMON_FAULTS = ("400", "413")


def openapi_document(space: Space, config: SiteConfig) -> Json:
    """Describe every endpoint, with this site's dimension and bounds."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pocketshelf sync server",
            "version": __version__,
            "description": "Signed files that devices sync, and search over the full catalogue.",
        },
        "paths": {
            "/v1/metadata/{name}": _metadata(),
            "/v1/targets/{name}": _targets(),
            "/v1/search": _search(space, config),
            "/v1/search/photo": _photo(config),
            "/v1/changes": _changes(space),
            "/v1/openapi.json": _plain("This document.", "application/json", {"type": "object"}),
            "/healthz": _plain("Whether the server answers.", "application/json", HEALTH),
            "/metrics": _plain("Figures in Prometheus' text format.", "text/plain", TEXT),
        },
        "components": {
            "schemas": {
                "Vector": _vector(space.dimension),
                "Hits": HITS,
                "Problem": PROBLEM,
                "Change": CHANGE,
            },
            "securitySchemes": {"admin": {"type": "http", "scheme": "bearer"}},
        },
    }


def _object(required: Json, optional: Json | None = None) -> Json:
    """An object with these fields; with ``optional`` ones (maybe none of them), with no others."""
    schema: Json = {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }
    return schema if optional is None else {**schema, "additionalProperties": False}


def _list(items: Json, least: int | None = None, most: int | None = None) -> Json:
    bounds = {"minItems": least, "maxItems": most}
    return {"type": "array", "items": items, **{key: n for key, n in bounds.items() if n is not None}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


TEXT, INTEGER, BYTES = {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "binary"}
HEALTH = _object({"status": {"const": "ok"}, "space": TEXT, "sequence": INTEGER})
PROBLEM = {
    "description": "RFC 9457",
    **_object({"type": TEXT, "title": TEXT, "status": INTEGER, "detail": TEXT, "instance": TEXT}),
}
SCORE = {"description": "cosine", "type": "number", "minimum": -1.001, "maximum": 1.001}
HIT = _object({"product_id": TEXT, "score": SCORE, "title": TEXT, "category": TEXT})
HITS = _object({"space": TEXT, "hits": {"description": "Best first, each product once.", **_list(HIT)}})
CHANGE = _object({"sequence": INTEGER, "product_id": TEXT, "kind": {"enum": ["upsert", "delete", "rule"]}})
OLDEST = {"description": "Changes up to this number may be gone.", **INTEGER}
LOG = _object({"sequence": INTEGER, "oldest": OLDEST, "changes": _list(_ref("Change"))})
APPLIED = _object(dict.fromkeys(("upserted", "deleted", "unchanged", "sequence"), INTEGER))


def _vector(dimension: int) -> Json:
    numbers = _list({"type": "number"}, dimension, dimension)
    coded = {"description": f"base64 of {dimension} int8", **TEXT}
    return {"description": "Not all zero; any length, the cosine counts.", "oneOf": [numbers, coded]}


def _space(space: Space) -> Json:
    return {"description": "Id of the vectors' embedding space; another is refused.", "const": space.name}


def _header(text: str, **schema: Any) -> Json:
    return {"description": text, "required": True, "schema": {"type": "string", **schema}}


# Whole or not, files say so, and how long they may be kept.
FILE_HEADERS = {
    "ETag": _header("Of the file.", pattern='^".+"$'),
    "Cache-Control": _header("For ever where the name carries a version or a hash.", minLength=1),
}
RANGE_HEADERS = {"Content-Range": _header("The part, and the length of all.", pattern=r"^bytes .+/\d+$")}


def _content(kind: str, schema: Json) -> Json:
    return {kind: {"schema": schema}}


def _answers(kind: str, schema: Json, faults: dict[str, str], success: str = "Done.") -> Json:
    problem = _content("application/problem+json", _ref("Problem"))
    texts = {**dict.fromkeys(COMMON_FAULTS, "The request is malformed or too large."), **faults}
    return {
        "200": {"description": success, "content": _content(kind, schema)},
        **{status: {"description": text, "content": problem} for status, text in texts.items()},
    }


def _plain(summary: str, kind: str, schema: Json) -> Json:
    return {"get": {"summary": summary, "responses": _answers(kind, schema, {})}}


def _post(summary: str, kind: str, body: Json, answers: Json) -> Json:
    request = {"required": True, "content": _content(kind, body)}
    return {"post": {"summary": summary, "requestBody": request, "responses": answers}}


def _parameter(name: str, where: str, schema: Json, text: str) -> Json:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, "description": text}


def _file(summary: str, name: str, answers: Json) -> Json:
    """A file by its name, which may be kept and asked for again."""
    answers["304"] = {"description": "The ETag still holds."}
    answers["200"]["headers"] = FILE_HEADERS
    parameter = _parameter("name", "path", {"type": "string", "minLength": 1}, name)
    return {"get": {"summary": summary, "parameters": [parameter], "responses": answers}}


def _metadata() -> Json:
    answers = _answers("application/json", {"type": "object"}, {"404": "No such file."})
    name = "timestamp.json, or <version>.<role>.json"
    return _file("The Update Framework's metadata.", name, answers)


def _targets() -> Json:
    faults = {"404": "No such file.", "416": "The range lies outside."}
    answers = _answers("application/gzip", BYTES, faults)
    answers["200"]["content"].update(_content("application/json", {"type": "object"}))
    answers["206"] = {
        "description": "A range.",
        "headers": {**FILE_HEADERS, **RANGE_HEADERS},
        "content": _content("application/gzip", BYTES),
    }
    answers["416"]["headers"] = RANGE_HEADERS
    summary = "A manifest, snapshot or delta. Ranges are supported; the content of a name never changes."
    name = "<shard>/<sha256>.<file>, as the signed metadata names it; the slash is part of the path"
    return _file(summary, name, answers)


def _search(space: Space, config: SiteConfig) -> Json:
    categories = {**_list(TEXT, 1, MAX_CATEGORIES), "type": ["array", "null"]}
    k = {**INTEGER, "minimum": 1, "maximum": config.max_k, "default": 20}
    required = {"vector": _ref("Vector"), "space": _space(space)}
    body = _object(required, {"categories": categories, "k": k})
    faults = {"409": "Of another space.", "415": "Not JSON.", "422": "A field is wrong.", "503": "Try again."}
    answers = _answers("application/json", _ref("Hits"), faults)
    summary = "The nearest products of the full catalogue to a vector."
    return _post(summary, "application/json", body, answers)


def _photo(config: SiteConfig) -> Json:
    optional = {
        "k": {**INTEGER, "minimum": 1, "maximum": config.max_k},
        "categories": _list(TEXT, 1),
        "box": {"description": "x,y,width,height in pixels of the upright photo", **TEXT},
    }
    faults = {
        "404": "Photos are not taken here.",
        "415": "No form.",
        "422": "No readable photo.",
        "503": "Try again.",
    }
    answers = _answers("application/json", _ref("Hits"), faults)
    summary = "The same for a photo, for callers who choose to send one."
    return _post(summary, "multipart/form-data", _object({"photo": BYTES}, optional), answers)


def _changes(space: Space) -> Json:
    faults = {"401": "No token, or a wrong one.", "403": "Closed.", "422": "A field is wrong.",
              "429": "Too many calls; see Retry-After.", "503": "Try again."}  # fmt: skip
    since = _parameter("since", "query", {**INTEGER, "minimum": 0, "maximum": 2**62}, "after this number")
    limit = _parameter("limit", "query", {**INTEGER, "minimum": 1, "maximum": MAX_CHANGES}, "lines")
    read = _answers("application/json", LOG, faults)
    write = _answers("application/json", APPLIED, {**faults, "409": "Of another space.", "415": "Not JSON."})
    for answers in (read, write):
        answers["401"]["headers"] = {"WWW-Authenticate": _header("Bearer", const="Bearer")}
        answers["429"]["headers"] = {"Retry-After": _header("Seconds.", pattern=r"^\d+$")}
    both = {
        "get": {"summary": "The change log.", "parameters": [since, limit], "responses": read},
        **_post("Make changes, all or none.", "application/json", _change_body(space), write),
    }
    return {method: {**operation, "security": [{"admin": []}]} for method, operation in both.items()}


def _change_body(space: Space) -> Json:
    name = {**TEXT, "minLength": 1, "maxLength": MAX_TEXT}
    optional = {
        "title": {**TEXT, "maxLength": MAX_TEXT},
        "image": {"type": ["string", "null"], "maxLength": MAX_TEXT},
        "attributes": {"type": "object"},
    }
    vectors = _list(_ref("Vector"), 1, MAX_VECTORS)
    required = {"op": {"const": "upsert"}, "product_id": name, "category": name, "vectors": vectors}
    delete = _object({"op": {"const": "delete"}, "product_id": name}, {})
    changes = _list({"oneOf": [_object(required, optional), delete]}, 1, MAX_CHANGES)
    return _object({"space": _space(space), "changes": changes}, {})
