"""Metadata and targets as files: ranges, ETags, and caching for ever where the name carries the hash.

Compression is in the files. Behind a proxy or a content network these two folders can be served by it.
"""

from __future__ import annotations

import re
from os.path import isfile

from flask import Blueprint, Response, request, send_file
from werkzeug.security import safe_join

from pocketshelf_server.http.problems import Problem
from pocketshelf_server.site import Site

__all__ = ["files_blueprint", "is_file"]

# Of The Update Framework's files only timestamp.json changes under its name.
METADATA = re.compile(r"([1-9][0-9]{0,9}\.(root|snapshot|targets)|timestamp)\.json")
TARGET = re.compile(r"([0-9a-f]{64})\.[A-Za-z0-9][A-Za-z0-9._-]*")
FOR_EVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"


def is_file(path: str) -> bool:
    """Whether a device's sync asks for it: in the background, where a second does not matter."""
    return path.startswith(("/v1/metadata/", "/v1/targets/"))


def files_blueprint(site: Site) -> Blueprint:
    """``GET /v1/metadata/<file>`` and ``GET /v1/targets/<shard>/<hash>.<file>``."""
    blueprint = Blueprint("files", __name__)

    @blueprint.get("/v1/metadata/<name>")
    def metadata(name: str) -> Response:
        if not METADATA.fullmatch(name):
            raise Problem(404, "no such metadata; there are timestamp.json and <version>.<role>.json")
        path = site.metadata / name
        if not path.is_file():
            raise Problem(404, "no such metadata version", {"Cache-Control": ASK_EACH_TIME})
        data = path.read_bytes()  # In one piece: the file may be replaced while it is sent.
        response = Response(data, content_type="application/json")
        response.headers["Cache-Control"] = ASK_EACH_TIME if name == "timestamp.json" else FOR_EVER
        response.add_etag()
        response.make_conditional(request)
        return response

    @blueprint.get("/v1/targets/<path:name>")
    def target(name: str) -> Response:
        match = TARGET.fullmatch(name.rpartition("/")[2])
        path = safe_join(str(site.targets), name)
        if match is None or path is None or not isfile(path):  # noqa: PTH113 - never raises
            raise Problem(
                404, "no such target; names are <shard>/<sha256>.<file> as the signed metadata has them"
            )
        response = send_file(
            path, mimetype=_content_type(name), conditional=True, etag=match.group(1), max_age=None
        )
        response.headers["Cache-Control"] = FOR_EVER
        response.headers["Accept-Ranges"] = "bytes"
        return response

    return blueprint


def _content_type(name: str) -> str:
    return "application/json" if name.endswith(".json") else "application/gzip"
