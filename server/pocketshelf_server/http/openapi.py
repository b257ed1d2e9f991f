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
            "/metrics": _plain("Figures in Prometheus' text format.", "text/plain", {"type": "string"}),
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


HEALTH = {
    "type": "object",
    "required": ["status", "space", "sequence"],
    "properties": {"status": {"const": "ok"}, "space": {"type": "string"}, "sequence": {"type": "integer"}},
}
PROBLEM = {
    "description": "RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
    },
}
HITS = {
    "type": "object",
    "required": ["space", "hits"],
    "properties": {
        "space": {"type": "string"},
        "hits": {
            "description": "Best first, each product once.",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["product_id", "score", "title", "category"],
                "properties": {
                    "product_id": {"type": "string"},
                    "score": {"description": "cosine", "type": "number", "minimum": -1.001, "maximum": 1.001},
                    "title": {"type": "string"},
                    "category": {"type": "string"},
                },
            },
        },
    },
}
CHANGE = {
    "type": "object",
    "required": ["sequence", "product_id", "kind"],
    "properties": {
        "sequence": {"type": "integer"},
        "product_id": {"type": "string"},
        "kind": {"enum": ["upsert", "delete", "rule"]},
    },
}
LOG = {
    "type": "object",
    "required": ["sequence", "oldest", "changes"],
    "properties": {
        "sequence": {"type": "integer"},
        "oldest": {"description": "Changes up to this number may be gone.", "type": "integer"},
        "changes": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
    },
}
APPLIED = {
    "type": "object",
    "required": ["upserted", "deleted", "unchanged", "sequence"],
    "properties": {name: {"type": "integer"} for name in ("upserted", "deleted", "unchanged", "sequence")},
}


def _vector(dimension: int) -> Json:
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": dimension, "maxItems": dimension}
    coded = {"description": f"base64 of {dimension} int8", "type": "string"}
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
    problem = _content("application/problem+json", {"$ref": "#/components/schemas/Problem"})
    texts = {**dict.fromkeys(COMMON_FAULTS, "The request is malformed or too large."), **faults}
    return {
        "200": {"description": success, "content": _content(kind, schema)},
        **{status: {"description": text, "content": problem} for status, text in texts.items()},
    }


def _plain(summary: str, kind: str, schema: Json) -> Json:
    return {"get": {"summary": summary, "responses": _answers(kind, schema, {})}}


def _parameter(name: str, where: str, schema: Json, text: str) -> Json:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, "description": text}


def _metadata() -> Json:
    name = _parameter(
        "name", "path", {"type": "string", "minLength": 1}, "timestamp.json, or <version>.<role>.json"
    )
    answers = _answers("application/json", {"type": "object"}, {"404": "No such file."})
    answers["304"] = {"description": "The ETag still holds."}
    answers["200"]["headers"] = FILE_HEADERS
    summary = "The Update Framework's metadata."
    return {"get": {"summary": summary, "parameters": [name], "responses": answers}}


def _targets() -> Json:
    text = "<shard>/<sha256>.<file>, as the signed metadata names it; the slash is part of the path"
    name = _parameter("name", "path", {"type": "string", "minLength": 1}, text)
    data = {"type": "string", "format": "binary"}
    answers = _answers("application/gzip", data, {"404": "No such file.", "416": "The range lies outside."})
    answers["200"]["content"].update(_content("application/json", {"type": "object"}))
    answers["200"]["headers"] = FILE_HEADERS
    answers["206"] = {
        "description": "A range.",
        "headers": {**FILE_HEADERS, **RANGE_HEADERS},
        "content": _content("application/gzip", data),
    }
    answers["416"]["headers"] = RANGE_HEADERS
    answers["304"] = {"description": "The ETag still holds."}
    summary = "A manifest, snapshot or delta. Ranges are supported; the content of a name never changes."
    return {"get": {"summary": summary, "parameters": [name], "responses": answers}}


def _search(space: Space, config: SiteConfig) -> Json:
    body = {
        "type": "object",
        "required": ["vector", "space"],
        "additionalProperties": False,
        "properties": {
            "vector": {"$ref": "#/components/schemas/Vector"},
            "space": _space(space),
            "categories": {"type": ["array", "null"], "items": {"type": "string"}, "minItems": 1,
                           "maxItems": MAX_CATEGORIES},
            "k": {"type": "integer", "minimum": 1, "maximum": config.max_k, "default": 20},
        },
    }  # fmt: skip
    faults = {"409": "Of another space.", "415": "Not JSON.", "422": "A field is wrong.", "503": "Try again."}
    return {
        "post": {
            "summary": "The nearest products of the full catalogue to a vector.",
            "requestBody": {"required": True, "content": _content("application/json", body)},
            "responses": _answers("application/json", {"$ref": "#/components/schemas/Hits"}, faults),
        }
    }


def _photo(config: SiteConfig) -> Json:
    form = {
        "type": "object",
        "required": ["photo"],
        "additionalProperties": False,
        "properties": {
            "photo": {"type": "string", "format": "binary"},
            "k": {"type": "integer", "minimum": 1, "maximum": config.max_k},
            "categories": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "box": {"description": "x,y,width,height in pixels of the upright photo", "type": "string"},
        },
    }
    faults = {
        "404": "Photos are not taken here.",
        "415": "No form.",
        "422": "No readable photo.",
        "503": "Try again.",
    }
    return {
        "post": {
            "summary": "The same for a photo, for callers who choose to send one.",
            "requestBody": {"required": True, "content": _content("multipart/form-data", form)},
            "responses": _answers("application/json", {"$ref": "#/components/schemas/Hits"}, faults),
        }
    }


def _changes(space: Space) -> Json:
    faults = {"401": "No token, or a wrong one.", "403": "Closed.", "422": "A field is wrong.",
              "429": "Too many calls; see Retry-After.", "503": "Try again."}  # fmt: skip
    since = _parameter(
        "since", "query", {"type": "integer", "minimum": 0, "maximum": 2**62}, "after this number"
    )
    limit = _parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": MAX_CHANGES}, "lines")
    read = _answers("application/json", LOG, faults)
    write = _answers("application/json", APPLIED, {**faults, "409": "Of another space.", "415": "Not JSON."})
    for answers in (read, write):
        answers["401"]["headers"] = {"WWW-Authenticate": _header("Bearer", const="Bearer")}
        answers["429"]["headers"] = {"Retry-After": _header("Seconds.", pattern=r"^\d+$")}
    return {
        "get": {
            "summary": "The change log.",
            "security": [{"admin": []}],
            "parameters": [since, limit],
            "responses": read,
        },
        "post": {
            "summary": "Make changes, all or none.",
            "security": [{"admin": []}],
            "requestBody": {"required": True, "content": _content("application/json", _change_body(space))},
            "responses": write,
        },
    }


def _change_body(space: Space) -> Json:
    text = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    upsert = {
        "type": "object",
        "required": ["op", "product_id", "category", "vectors"],
        "additionalProperties": False,
        "properties": {
            "op": {"const": "upsert"},
            "product_id": text,
            "category": text,
            "title": {"type": "string", "maxLength": MAX_TEXT},
            "image": {"type": ["string", "null"], "maxLength": MAX_TEXT},
            "attributes": {"type": "object"},
            "vectors": {"type": "array", "items": {"$ref": "#/components/schemas/Vector"}, "minItems": 1,
                        "maxItems": MAX_VECTORS},
        },
    }  # fmt: skip
    delete = {
        "type": "object",
        "required": ["op", "product_id"],
        "additionalProperties": False,
        "properties": {"op": {"const": "delete"}, "product_id": text},
    }
    changes = {"type": "array", "items": {"oneOf": [upsert, delete]}, "minItems": 1, "maxItems": MAX_CHANGES}
    return {
        "type": "object",
        "required": ["space", "changes"],
        "additionalProperties": False,
        "properties": {"space": _space(space), "changes": changes},
    }
