"""Metadata and targets as files: ranges, ETags, and caching for ever where the name carries the hash.

Compression is in the files. Behind a proxy or a content network these two folders can be served by it.
"""

from __future__ import annotations

import re
from os.path import isfile

from flask import Blueprint, Response, request, send_file
from waitress.buffers import ReadOnlyFileBasedBuffer
from werkzeug.exceptions import RequestedRangeNotSatisfiable
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
        response = _sent(path, _content_type(name), match.group(1))
        response.headers["Cache-Control"] = FOR_EVER
        response.headers["Accept-Ranges"] = "bytes"
        return response

    return blueprint


def _sent(path: str, kind: str, etag: str) -> Response:
    """The file, or the range of it that was asked for, which the web server then sends without a thread.

    Flask's own ranges are read piece by piece, by a thread that waits for the client: a few phones that went
    on with a large download over a slow network kept all others from theirs.
    """
    response = send_file(path, mimetype=kind, conditional=False, etag=etag, max_age=None)
    file = response.response
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=response.content_length)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    if response.status_code == 206 and isinstance(file, ReadOnlyFileBasedBuffer):
        assert response.content_range.start is not None
        file.file.seek(response.content_range.start)
        response.response = file  # As much of it as Content-Length says.
    return response


def _content_type(name: str) -> str:
    return "application/json" if name.endswith(".json") else "application/gzip"
